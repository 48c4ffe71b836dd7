"""Keeps this package and Python torch out of one process."""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_WHY = "two copies of libtorch in one process abort it: run the other one in a process of its own"


class _Refusal(Loader, MetaPathFinder):
    """Makes `import torch` fail before any library is loaded; whoever only asks whether torch is there learns it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torch" or PathFinder.find_spec(fullname, path, target) is None:
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        raise ImportError(f"torch cannot be imported beside satchel_torchscript: {_WHY}", name=module.__name__)


def exclude_torch() -> None:
    """From now on `import torch` fails.

    Raises:
        ImportError: torch has been imported already.
    """
    if "torch" in sys.modules:
        raise ImportError(f"satchel_torchscript cannot be imported beside torch: {_WHY}", name="satchel_torchscript")
    sys.meta_path.insert(0, _Refusal())
