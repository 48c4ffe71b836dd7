"""Optional packages: present, or named with the command that installs them."""

from importlib.util import find_spec

from inference_core.errors import MissingDependencyError


def require(package: str, *, extra: str, purpose: str) -> None:
    """Raises MissingDependencyError unless `package` can be imported.

    Args:
        package: import name.
        extra: the extra of the distribution that brings it.
        purpose: who needs it, as the subject of the sentence.
    """
    if find_spec(package) is None:
        raise MissingDependencyError(
            f"{purpose} needs the package {package}, which is not installed",
            remedy=f"pip install 'satchel[{extra}]'",
        )
