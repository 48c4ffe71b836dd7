"""What is to be asked, where and how: settings of this process over what the bundle says."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from inference_core.bundle import Manifest, Remote
from inference_core.errors import SettingsError
from inference_core.settings import Settings

_SCHEMES = {
    "oip-http": ("http", "https"),
    "tfs-http": ("http", "https"),
    "oip-grpc": ("grpc", "grpcs"),
    "tfs-grpc": ("grpc", "grpcs"),
}
_IMAGE_PROTOCOLS = ("oip-http", "oip-grpc")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What shows the endpoints who asks. At most one of `token` and `identity` is there."""

    header: tuple[str, str] | None = field(default=None, repr=False)
    """Name and value of a header of its own, such as an API key."""
    token: str | None = field(default=None, repr=False)
    """A bearer token."""
    identity: str | None = None
    """The scope for which the machine's managed identity gets bearer tokens, such as `api://satchel/.default`."""
    ca: Path | None = None
    """A PEM file of the authorities that endpoints' certificates must come from, in place of the system's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the service is asked for one model. Times are seconds."""

    urls: tuple[str, ...]
    """Of the endpoints, without a slash at the end. HTTP ones may have a path, which stands before all others."""
    protocol: str
    split: str
    model: str
    """Its name there."""
    version: str | None
    signature: str
    """TF Serving's name for one way to call a model."""
    concurrency: int
    connect: float
    read: float
    retries: int
    credentials: Credentials

    @classmethod
    def of(cls, settings: Settings, manifest: Manifest) -> "Plan":
        """What the settings say, else the manifest, else the default.

        Raises:
            SettingsError: no endpoint is named, or what is said does not go together.
        """
        remote = manifest.remote or Remote()
        plan = cls(
            urls=tuple(url.rstrip("/") for url in settings.remote_url),
            protocol=settings.remote_protocol or remote.protocol or "oip-http",
            split=settings.remote_split or remote.split or "tensors",
            model=(settings.remote_model or remote.model or "{name}").replace("{name}", manifest.name),
            version=settings.remote_version or remote.version,
            signature=remote.signature or "serving_default",
            concurrency=settings.remote_concurrency,
            connect=settings.remote_connect_ms / 1e3,
            read=settings.remote_read_ms / 1e3,
            retries=settings.remote_retries,
            credentials=_credentials(settings),
        )
        plan._check()
        return plan

    def _check(self) -> None:
        if not self.urls:
            raise SettingsError(
                "no endpoint is named for the remote service",
                expected="SATCHEL_REMOTE_URL, such as http://triton:8000",
                remedy="set it, or run the model here with SATCHEL_MODE=embedded",
            )
        schemes = _SCHEMES[self.protocol]
        for url in self.urls:
            if urlsplit(url).scheme not in schemes:
                raise SettingsError(
                    "SATCHEL_REMOTE_URL does not go with the protocol",
                    got=url,
                    expected=f"{' or '.join(f'{scheme}://' for scheme in schemes)} for {self.protocol}",
                    remedy="correct it, or set SATCHEL_REMOTE_PROTOCOL",
                )
        if self.split == "image" and self.protocol not in _IMAGE_PROTOCOLS:
            raise SettingsError(
                f"{self.protocol} carries no encoded pictures",
                got="SATCHEL_REMOTE_SPLIT=image",
                expected=f"tensors, or one of {', '.join(_IMAGE_PROTOCOLS)}",
            )


def _credentials(settings: Settings) -> Credentials:
    if settings.remote_token and settings.remote_identity:
        raise SettingsError(
            "SATCHEL_REMOTE_TOKEN and SATCHEL_REMOTE_IDENTITY are both set",
            expected="one bearer token",
            remedy="unset one of them",
        )
    header = None
    if settings.remote_header:
        name, _, value = settings.remote_header.partition(":")
        header = name.strip(), value.strip()
    return Credentials(header, settings.remote_token, settings.remote_identity, settings.remote_ca)
