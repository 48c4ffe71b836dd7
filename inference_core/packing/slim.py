"""`satchel slim`: a bundle with fewer artifacts."""

from collections.abc import Sequence
from pathlib import Path

from inference_core.bundle import Artifact, Bundle, Manifest, write_bundle
from inference_core.errors import PackError


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


def _holds(artifacts: Sequence[Artifact], name: str) -> bool:
    """Whether a file belongs to one of these artifacts."""
    parts = [path for artifact in artifacts for path in (artifact.file, *artifact.companions)]
    return any(name == part or name.startswith(f"{part}/") for part in parts)
