"""Reading what bundles there are, without loading any."""

from pathlib import Path

from inference_core.bundle import open_bundle, read_manifest
from inference_core.errors import NotFoundError
from inference_core.repository.catalog import Catalog
from inference_core.repository.entry import Entry
from inference_core.repository.finding import find_bundles, stamp
from inference_core.settings import Settings


def choose(settings: Settings) -> list[Entry]:
    """An entry for each bundle that the settings name, in the order of their paths.

    Raises:
        BundleError: there is none, one has no readable manifest, or two have one name and version.
        NotFoundError: a name that was chosen is not there.
    """
    found = Catalog([])
    for path in find_bundles(settings.models):
        found.add(read_entry(path))
    names = dict.fromkeys(entry.name for entry in found.entries())
    for name in settings.only:
        if name not in names:
            raise NotFoundError(
                f"there is no model {name} in {settings.models}",
                expected=f"some of {', '.join(names)}",
                remedy="correct SATCHEL_ONLY, or --only",
            )
    return [entry for entry in found.entries() if not settings.only or entry.name in settings.only]


def read_entry(path: Path) -> Entry:
    """The entry of the bundle at `path`, not loaded.

    Raises:
        BundleError: it has no readable manifest.
    """
    seen = stamp(path)
    if path.is_dir():
        return Entry(path, read_manifest(path), seen)
    with open_bundle(path, artifacts=False) as bundle:  # whether a model must be in it shows when it is loaded
        return Entry(path, bundle.manifest, seen)
