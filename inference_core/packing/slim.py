"""`satchel slim`: a bundle with fewer artifacts, or without their files."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from inference_core.bundle import Artifact, Bundle, Manifest, write_bundle
from inference_core.bundle.archive import SUFFIX
from inference_core.bundle.manifest import MANIFEST_NAME
from inference_core.bundle.writer import atomically, check_target
from inference_core.errors import BundleError, PackError


def slim_bundle(bundle: Bundle, keep: Sequence[str], target: Path, *, force: bool = False) -> Manifest:
    """Writes a copy that holds the kept artifacts only, in their order; the first of them is the default.

    Args:
        bundle: an opened one.
        keep: engines, or `engine:precision`.
        target: where to write.
        force: whether an existing target is replaced.

    Raises:
        NotFoundError: the bundle has no such artifact.
        PackError: nothing is to be kept.
        BundleError: see `write_bundle`.
    """
    if not keep:
        raise PackError("nothing is to be kept", expected="at least one engine", remedy="name one with --keep")
    wanted = [bundle.artifact(name) for name in keep]
    kept = [artifact for artifact in bundle.manifest.artifacts if artifact in wanted]
    facts = bundle.manifest.model_dump(mode="json", exclude_none=True, exclude={"files"})
    facts["artifacts"] = [artifact.model_dump(mode="json", exclude_none=True) for artifact in kept]
    dropped = [artifact for artifact in bundle.manifest.artifacts if artifact not in wanted]
    unused = {name for name in bundle.manifest.files if _holds(dropped, name) and not _holds(kept, name)}
    files = {name: bundle.directory / name for name in bundle.manifest.files if name not in unused}
    return write_bundle(facts, files, target, force=force)


def thin_bundle(bundle: Bundle, target: Path, *, force: bool = False) -> None:
    """Writes a directory with everything but the models' files, which remote mode has no use for.

    The manifest stays as it is, to the byte: it goes on to name what the service is to run, and its digest.

    Args:
        bundle: an opened one.
        target: the directory to write.
        force: whether an existing target is replaced.

    Raises:
        BundleError: the target exists, or is to be one file, which could not be whole.
    """
    if target.suffix == SUFFIX:
        raise BundleError(
            f"{target} would not be whole", expected="a directory", remedy=f"name an output without {SUFFIX}"
        )
    check_target(target, force)
    kept = [name for name in bundle.manifest.files if not _holds(bundle.manifest.artifacts, name)]
    with atomically(target) as built:
        for name in (MANIFEST_NAME, *kept):
            (built / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.directory / name, built / name)


def _holds(artifacts: Sequence[Artifact], name: str) -> bool:
    """Whether a file belongs to one of these artifacts."""
    return any(artifact.owns(name) for artifact in artifacts)
