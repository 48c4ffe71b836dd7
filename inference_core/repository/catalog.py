"""Which entries there are, by name and version."""

from collections.abc import Iterable

from inference_core.errors import BundleError, NotFoundError
from inference_core.repository.entry import Entry, Key, version_order


class Catalog:
    """The entries of a repository. A look-up needs no lock; whoever changes it holds the repository's."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[Key, Entry] = {entry.key: entry for entry in entries}

    def entries(self) -> list[Entry]:
        """Every version of every model, in the order of their paths."""
        return list(self._entries.values())

    def versions(self, name: str) -> list[Entry]:
        """The versions of one model, the newest first.

        Raises:
            NotFoundError: there is no such model.
        """
        found = [entry for entry in self.entries() if entry.name == name]
        if not found:
            names = dict.fromkeys(entry.name for entry in self.entries())
            raise NotFoundError(
                f"there is no model {name}",
                expected=f"one of {', '.join(names)}",
                remedy="ask GET /models for the list",
            )
        return sorted(found, key=lambda entry: version_order(entry.version), reverse=True)

    def find(self, name: str, version: str | None = None) -> Entry:
        """One version of a model; without `version` the newest that is not unloaded on purpose.

        Raises:
            NotFoundError: there is no such model, or no such version of it.
        """
        found = self.versions(name)
        if version is None:
            return next((entry for entry in found if not entry.kept_out), found[0])
        for entry in found:
            if entry.version == version:
                return entry
        raise NotFoundError(
            f"model {name} has no version {version}",
            expected=f"one of {', '.join(entry.version for entry in found)}",
            remedy=f"ask GET /models/{name}/status for the versions",
        )

    def add(self, entry: Entry) -> None:
        """Adds a bundle.

        Raises:
            BundleError: there is one of this name and version.
        """
        self.check_free(entry, entry.key)
        self._entries[entry.key] = entry

    def check_free(self, entry: Entry, key: Key) -> None:
        """Raises BundleError where the name and version that `entry` is to have are those of another one."""
        if self._entries.get(key, entry) is not entry:
            raise BundleError(
                f"two bundles are called {key[0]}, version {key[1]}",
                got=str(entry.path),
                expected="one bundle for each name and version",
                remedy="remove one of them, or give it another name or version",
            )

    def renamed(self) -> None:
        """Looks at the entries' names and versions again: loading one has changed them."""
        self._entries = {entry.key: entry for entry in self.entries()}
