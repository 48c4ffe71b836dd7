"""The models of one process: which bundles there are, loaded, warm, each behind its queue."""

from contextlib import ExitStack
from pathlib import Path

from inference_core.bundle import MANIFEST_NAME, Artifact, Bundle, open_bundle
from inference_core.bundle.archive import SUFFIX
from inference_core.engines import EngineDescription
from inference_core.errors import BundleError, NotFoundError
from inference_core.placement import open_predictor, warn_elsewhere
from inference_core.scheduler import Scheduler
from inference_core.settings import Settings


class Model:
    """One loaded bundle."""

    def __init__(self, bundle: Bundle, artifact: Artifact, scheduler: Scheduler, engine: EngineDescription) -> None:
        self.bundle = bundle
        self.artifact = artifact
        self.manifest = bundle.manifest
        self.scheduler = scheduler
        self.engine = engine

    def close(self) -> None:
        """Stops its queue and frees the engine and any unpacked files."""
        self.scheduler.close()
        self.bundle.close()


class Repository:
    """Loaded models by name."""

    def __init__(self, models: dict[str, Model]) -> None:
        self._models = models

    @classmethod
    def load(cls, settings: Settings) -> "Repository":
        """Opens, verifies, loads and warms every bundle that the settings name.

        Raises:
            BundleError: there is none, one is unusable, or two have one name.
            EngineError, MissingDependencyError: an engine cannot run one.
        """
        models: dict[str, Model] = {}
        try:
            paths = find_bundles(settings.models)
            for path in paths:
                model = _load(path, settings, alone=len(paths) == 1)
                other = models.setdefault(model.manifest.name, model)
                if other is not model:
                    model.close()
                    raise BundleError(
                        f"two bundles are called {model.manifest.name}",
                        got=str(path),
                        expected="one bundle for each name",
                        remedy="remove one of them, or give it another name",
                    )
        except BaseException:
            cls(models).close()
            raise
        return cls(models)

    def get(self, name: str) -> Model:
        """The model `name`.

        Raises:
            NotFoundError: there is no such model.
        """
        if name not in self._models:
            raise NotFoundError(
                f"there is no model {name}",
                expected=f"one of {', '.join(self._models)}",
                remedy="ask GET /models for the list",
            )
        return self._models[name]

    def all(self) -> list[Model]:
        """Every model, in the order of their paths."""
        return list(self._models.values())

    def close(self) -> None:
        """Closes every model."""
        for model in self._models.values():
            model.close()


def find_bundles(path: Path) -> list[Path]:
    """`path` itself when it is a bundle, else the bundles directly below it, in the order of their names.

    Raises:
        BundleError: there is none.
    """
    if _is_bundle(path):
        return [path]
    found = sorted(entry for entry in path.iterdir() if _is_bundle(entry)) if path.is_dir() else []
    if not found:
        raise BundleError(
            f"there is no bundle at {path}",
            got="a directory without bundles" if path.is_dir() else "no such directory",
            expected=f"a bundle, or a directory of bundles (each with {MANIFEST_NAME}, or a {SUFFIX} file)",
            remedy="make one with `satchel pack`, or correct the path",
        )
    return found


def _is_bundle(path: Path) -> bool:
    return (path / MANIFEST_NAME).is_file() or (path.suffix == SUFFIX and path.is_file())


def _load(path: Path, settings: Settings, *, alone: bool) -> Model:
    with ExitStack() as undo:
        bundle = undo.enter_context(open_bundle(path))
        warn_elsewhere(bundle.manifest)
        predictor = undo.enter_context(open_predictor(bundle, settings, alone=alone))
        predictor.warm_up()
        undo.pop_all()
    engine = predictor.describe()
    # One request decodes while another is in the engine: as many workers as threads keep both busy.
    workers = engine.threads * engine.instances
    scheduler = Scheduler(predictor, workers=workers, queue_size=settings.queue_size, timeout=settings.timeout_ms / 1e3)
    return Model(bundle, predictor.artifact, scheduler, engine)
