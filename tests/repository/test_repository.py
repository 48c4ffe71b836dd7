"""The models of a process: which bundles are found, and that a failure leaves nothing open."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from inference_core.bundle import Bundle
from inference_core.bundle.archive import write_archive
from inference_core.engines.onnx_runtime import OnnxRuntimeEngine
from inference_core.errors import BundleError, EngineError, IntegrityError, ManifestError, NotFoundError, SatchelError
from inference_core.pipeline import LocalPredictor
from inference_core.repository import Repository, find_bundles
from inference_core.settings import Settings

NAMES = ["tiny_classifier", "tiny_detector"]


class Opened:
    """Which bundles and engines are open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loaded = self.closed = 0
        self.folders: list[Path] = []
        self.closed_bundles = 0
        load, close, close_bundle = LocalPredictor.load, LocalPredictor.close, Bundle.close

        def counted_load(bundle: Bundle, **options: object) -> LocalPredictor:
            self.folders.append(bundle.directory)
            predictor = load(bundle, **options)  # type: ignore[arg-type]
            self.loaded += 1
            return predictor

        def counted_close(predictor: LocalPredictor) -> None:
            self.closed += 1
            close(predictor)

        def counted_close_bundle(bundle: Bundle) -> None:
            self.closed_bundles += 1
            close_bundle(bundle)

        monkeypatch.setattr(LocalPredictor, "load", counted_load)
        monkeypatch.setattr(LocalPredictor, "close", counted_close)
        monkeypatch.setattr(Bundle, "close", counted_close_bundle)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    return Opened(monkeypatch)


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(tiny_models, tmp_path / "models"))


def names(repository: Repository) -> list[str]:
    return [model.manifest.name for model in repository.all()]


def test_bundles_are_found_beside_other_things(models: Path) -> None:
    (models / "samples" / "deep").mkdir(parents=True)
    (models / "samples" / "card.png").write_bytes(b"picture")
    shutil.copytree(models / "tiny_detector", models / "samples" / "deep" / "tiny_detector")
    (models / "README.md").write_text("words")
    (models / "bundle.json.d").mkdir()
    (models / "folder.satchel").mkdir()
    assert find_bundles(models) == [models / name for name in NAMES]
    assert find_bundles(models / "tiny_detector") == [models / "tiny_detector"]


def test_directories_and_files_load_alike_and_close(models: Path, opened: Opened) -> None:
    write_archive(models / "tiny_classifier", models / "z.satchel")
    shutil.rmtree(models / "tiny_classifier")
    repository = Repository.load(Settings(models=models, threads=1))
    assert names(repository) == ["tiny_detector", "tiny_classifier"]  # in the order of the paths
    assert [model.engine.threads for model in repository.all()] == [1, 1]
    kept, unpacked = opened.folders
    assert (kept, unpacked.parent == models, (unpacked / "bundle.json").is_file()) == (
        models / "tiny_detector",
        False,
        True,
    )
    repository.close()
    assert (kept.is_dir(), unpacked.exists()) == (True, False)
    assert (opened.loaded, opened.closed, opened.closed_bundles) == (2, 2, 3)  # an archive is opened once to read it


def test_one_bundle_is_a_repository_of_one(tiny_models: Path, tmp_path: Path) -> None:
    write_archive(tiny_models / "tiny_detector", tmp_path / "one.satchel")
    for path in (tiny_models / "tiny_detector", tmp_path / "one.satchel"):
        repository = Repository.load(Settings(models=path))
        assert names(repository) == ["tiny_detector"]
        repository.close()


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (lambda path: None, "no such directory"),
        (lambda path: path.mkdir(), "a directory without bundles"),
        (lambda path: path.write_text("not a directory"), "no such directory"),
    ],
)
def test_no_bundle_is_an_error_with_the_place(tmp_path: Path, make: Callable[[Path], object], got: str) -> None:
    make(tmp_path / "place")
    with pytest.raises(BundleError) as caught:
        Repository.load(Settings(models=tmp_path / "place"))
    error = caught.value
    assert (error.message, error.got, error.code) == (
        f"there is no bundle at {tmp_path / 'place'}",
        got,
        "invalid_bundle",
    )


def duplicate(models: Path) -> None:
    write_archive(models / "tiny_classifier", models / "zz.satchel")


def tamper(models: Path) -> None:
    with (models / "tiny_detector" / "model.onnx").open("ab") as stream:
        stream.write(b"x")


def spoil_manifest(models: Path) -> None:
    (models / "tiny_detector" / "bundle.json").write_text("{}")


def spoil_archive(models: Path) -> None:
    (models / "zz.satchel").write_bytes(b"no zip")


@pytest.mark.parametrize(
    ("spoil", "kind", "message", "loaded"),
    [
        (duplicate, BundleError, "two bundles are called tiny_classifier, version 1", 0),
        (tamper, IntegrityError, "is not the file that was packed", 1),
        (spoil_manifest, ManifestError, "tiny_detector/bundle.json", 0),
        (spoil_archive, IntegrityError, "zz.satchel is not a usable .satchel file", 0),
    ],
)
def test_a_bad_bundle_names_itself_and_leaves_nothing_open(
    models: Path,
    opened: Opened,
    spoil: Callable[[Path], None],
    kind: type[SatchelError],
    message: str,
    loaded: int,
) -> None:
    spoil(models)
    with pytest.raises(BundleError) as caught:
        Repository.load(Settings(models=models))
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert (opened.loaded, opened.closed) == (loaded, loaded)
    assert opened.closed_bundles >= loaded
    assert [folder.exists() for folder in opened.folders] == [folder.parent == models for folder in opened.folders]


def test_the_second_of_two_names_is_the_one_reported(models: Path) -> None:
    duplicate(models)
    with pytest.raises(BundleError) as caught:
        Repository.load(Settings(models=models))
    assert caught.value.got == str(models / "zz.satchel")


def test_a_model_that_fails_to_warm_up_is_closed_again(
    models: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(engine: OnnxRuntimeEngine) -> None:
        raise EngineError("too cold")

    monkeypatch.setattr(OnnxRuntimeEngine, "warm_up", fail)
    write_archive(models / "tiny_classifier", models / "a.satchel")
    shutil.rmtree(models / "tiny_classifier")
    with pytest.raises(EngineError, match="too cold"):
        Repository.load(Settings(models=models))
    assert (opened.loaded, opened.closed, opened.closed_bundles) == (1, 1, 2)
    assert not opened.folders[0].exists()


def test_every_model_is_warm_when_it_is_loaded(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    infer = OnnxRuntimeEngine.infer

    def counted(engine: OnnxRuntimeEngine, inputs: dict[str, object], **options: object) -> object:
        shapes.append(inputs["images"].shape)  # type: ignore[attr-defined]
        return infer(engine, inputs, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxRuntimeEngine, "infer", counted)
    Repository.load(Settings(models=tiny_models, threads=2)).close()
    # Twice for each lane alone, once with a picture.
    assert shapes == [(1, 3, 8, 8)] * 5 + [(1, 3, 32, 32)] * 5


@pytest.mark.parametrize("max_pixels", [1, 641, 640 * 480 - 1])
def test_a_cap_below_the_picture_of_the_warm_up_is_no_obstacle(tiny_models: Path, max_pixels: int) -> None:
    repository = Repository.load(Settings(models=tiny_models, max_pixels=max_pixels))
    assert names(repository) == NAMES
    repository.close()


def test_an_unknown_name_lists_the_known_ones(tiny_models: Path) -> None:
    repository = Repository.load(Settings(models=tiny_models))
    assert [repository.entry(name).name for name in NAMES] == NAMES
    with pytest.raises(NotFoundError) as caught:
        repository.entry("tiny")
    repository.close()
    assert caught.value.message == "there is no model tiny"
    assert caught.value.expected == "one of tiny_classifier, tiny_detector"


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [("engine", "nonesuch", NotFoundError), ("device", "cuda", SatchelError)],
)
def test_settings_reach_the_engine(tiny_models: Path, setting: str, value: str, kind: type[SatchelError]) -> None:
    with pytest.raises(kind, match=f"(engine|device) {value}"):
        Repository.load(Settings(models=tiny_models, **{setting: value}))  # type: ignore[arg-type]
