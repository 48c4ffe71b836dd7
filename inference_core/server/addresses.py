"""Addresses that a name may lead to: the public ones, and those of the operator's own network that are listed."""

import ipaddress
from collections.abc import Sequence

_V4_SPECIAL = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' own, and the metadata of one cloud
            "127.0.0.0/8",
            "168.63.129.16/32",  # public by number, but the host beneath every Azure machine
            "169.254.0.0/16",  # link-local, and the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_V6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_V6_SPECIAL = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # Teredo and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)


def is_public(address: str) -> bool:
    """Whether `address` is a unicast address of the public internet.

    Follows IANA's registries of special-purpose addresses (RFC 6890), written out here because what the standard
    library calls global changes with its version. IPv6 outside 2000::/3 is refused as a whole, and with it every form
    that holds an IPv4 address: mapped, compatible and NAT64; 6to4 and Teredo are refused by name.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv4Address):
        return not any(known in network for network in _V4_SPECIAL)
    return known in _V6_GLOBAL and not any(known in network for network in _V6_SPECIAL)


def may_connect(address: str, port: int, listed: Sequence[str]) -> bool:
    """Whether a connection may go there: to a public address, or to one that `listed` names as `IP:port`."""
    return is_public(address) or f"{address}:{port}" in listed
