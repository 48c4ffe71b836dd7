"""Opening a bundle without its model, which another service runs."""

import hashlib
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle, write_bundle
from inference_core.bundle.archive import write_archive
from inference_core.errors import IntegrityError
from tests.bundle.documents import WEIGHTS, document


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A bundle whose artifact is a directory with a companion beside it; a report and a likely name are not its own."""
    artifact = document()["artifacts"][0] | {"file": "saved", "companions": ["extra.data"]}
    (source := tmp_path / "weights.bin").write_bytes(WEIGHTS)
    names = ("saved/graph.pb", "saved/variables/index", "extra.data", "saved.md", "tuning.md")
    facts = {key: value for key, value in document().items() if key != "files"} | {"artifacts": [artifact]}
    write_bundle(facts, dict.fromkeys(names, source), tmp_path / "several")
    return tmp_path / "several"


@pytest.mark.parametrize("kind", ["directory", "archive"])
def test_where_the_model_runs_elsewhere_its_files_may_be_absent(several: Path, kind: str) -> None:
    for name in ("saved/graph.pb", "saved/variables/index", "extra.data"):
        (several / name).unlink()
    thin = several
    if kind == "archive":
        thin = several.with_suffix(".satchel")
        write_archive(several, thin)
    with open_bundle(thin, artifacts=False) as opened:
        assert opened.digest == hashlib.sha256((several / "bundle.json").read_bytes()).hexdigest()
        assert opened.manifest.artifacts[0].file == "saved"
    with pytest.raises(IntegrityError, match=r"^extra\.data is missing from"):
        open_bundle(thin)


@pytest.mark.parametrize("name", ["saved.md", "tuning.md"])
def test_other_files_must_be_there_wherever_the_model_runs(several: Path, name: str) -> None:
    (several / name).unlink()
    with pytest.raises(IntegrityError, match=f"^{name} is missing from"):
        open_bundle(several, artifacts=False)


def test_what_is_there_of_the_model_is_verified_wherever_it_runs(several: Path) -> None:
    (several / "extra.data").unlink()
    (several / "saved" / "variables" / "index").write_bytes(b"Weights")
    with pytest.raises(IntegrityError, match=r"^saved/variables/index in .* is not the file that was packed"):
        open_bundle(several, artifacts=False)
    (several / "saved" / "variables" / "index").rename(several / "saved" / "more")
    with pytest.raises(IntegrityError, match="holds saved/more, which its manifest does not list"):
        open_bundle(several, artifacts=False)
