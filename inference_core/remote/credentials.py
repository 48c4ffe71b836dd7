"""What each call shows of who asks: a header of its own, a bearer token, or one of the machine's managed identity."""

import os
import threading
import time
from itertools import accumulate
from typing import TYPE_CHECKING

from inference_core.dependencies import require
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.plan import Credentials

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_EARLY = 300.0
"""Seconds before it expires from which a token is not used: an endpoint's clock may be ahead, and calls take time."""


class CallHeaders:
    """Headers of HTTP, or metadata of gRPC, for every call. Threads may share it.

    Args:
        credentials: whose they are.

    Raises:
        MissingDependencyError: a managed identity is asked for without azure-identity.
    """

    def __init__(self, credentials: Credentials) -> None:
        fixed = dict([credentials.header] if credentials.header else [])
        if credentials.token:
            fixed["Authorization"] = f"Bearer {credentials.token}"
        self._fixed = fixed
        self._identity = ManagedIdentity(credentials.identity) if credentials.identity else None

    def current(self) -> dict[str, str]:
        """Those for a call that begins now.

        Raises:
            CallError: the managed identity got no token.
        """
        if self._identity is None:
            return self._fixed
        return {**self._fixed, "Authorization": f"Bearer {self._identity.token()}"}


class ManagedIdentity:
    """Bearer tokens of the identity that Azure gave the machine.

    Args:
        scope: what the tokens are for, such as `api://satchel/.default`.

    The environment variable AZURE_CLIENT_ID says which of several identities it is.
    """

    def __init__(self, scope: str) -> None:
        for package in accumulate(["azure", "identity"], "{}.{}".format):  # the parent may be missing too
            require(package, extra="identity", purpose="a managed identity")
        from azure.identity import ManagedIdentityCredential

        # A machine may have several identities; the package reads this variable elsewhere, though not here.
        client_id = os.environ.get("AZURE_CLIENT_ID")
        self._source: TokenCredential = ManagedIdentityCredential(client_id=client_id)
        self._scope = scope
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """A token with minutes left. Callers side by side wait for one that is on its way.

        Raises:
            CallError: there is none.
        """
        with self._lock:
            if time.time() >= self._until - _EARLY:
                try:
                    got = self._source.get_token(self._scope)
                except Exception as error:  # of azure-core, of MSAL below it, or of what they stand on
                    # Their words may quote what the token service answered.
                    said = f"the managed identity got no token: {type(error).__name__}"
                    raise CallError(Failure.DENIED, said) from error
                self._token, self._until = got.token, float(got.expires_on)
            return self._token
