"""Threads of a bundle that was tuned, and the word about a CPU that lacks what it was tuned for."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from inference_core import placement
from inference_core.bundle import Bundle, open_bundle
from inference_core.engines import EngineOptions
from inference_core.placement import engine_options, lane_options, warn_elsewhere
from tests.models import pack_classifier

ROW = {"engine": "onnxruntime", "precision": "fp32", "threads": 2, "instances": 3, "outcome": "picked"}
TUNING = {
    **{"goal": "latency", "metric": "top-1", "source_score": 1.0, "dataset": "d", "images": 1, "max_drop": 0.0},
    **{"machine": {"cpu": "x", "cpus": 6, "instruction_sets": ["avx2", "amx_int8"]}, "rows": [ROW]},
}


@pytest.fixture(autouse=True)
def six_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "available_cpus", lambda: 6)
    monkeypatch.setattr(placement, "instruction_sets", lambda: ("avx2", "avx512f"))


def tuned(folder: Path, **changes: Any) -> Bundle:
    """The tiny classifier with a tuning table."""
    path = pack_classifier(folder)
    manifest = path / "bundle.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"tuning": TUNING | changes}))
    return open_bundle(path)


def layout(bundle: Bundle, threads: int | None = None) -> tuple[int, int]:
    options = engine_options(bundle.manifest, bundle.artifact(), threads=threads)
    return options.threads, options.instances


def test_a_tuned_bundle_runs_as_it_was_quickest(tmp_path: Path) -> None:
    assert layout(tuned(tmp_path)) == (2, 3)


@pytest.mark.parametrize("alone", [True, False])
def test_threads_spin_where_that_was_quicker_and_nothing_shares_the_cpus(tmp_path: Path, alone: bool) -> None:
    bundle = tuned(tmp_path, rows=[ROW | {"spin": True}])
    assert engine_options(bundle.manifest, bundle.artifact(), alone=alone).spin is alone
    assert not engine_options(bundle.manifest, bundle.artifact(), alone=alone, threads=2).spin


def test_threads_that_are_asked_for_win(tmp_path: Path) -> None:
    assert layout(tuned(tmp_path), threads=5) == (5, 1)


def test_where_other_cpus_are_the_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "available_cpus", lambda: 4)
    assert layout(tuned(tmp_path)) == (4, 1)


@pytest.mark.parametrize("change", [{"precision": "int8"}, {"engine": "openvino"}])
def test_the_row_of_another_artifact_says_nothing(tmp_path: Path, change: dict[str, str]) -> None:
    assert layout(tuned(tmp_path, rows=[ROW | change])) == (6, 1)


def test_a_bundle_without_a_table_takes_the_quota(tmp_path: Path) -> None:
    with open_bundle(pack_classifier(tmp_path)) as bundle:
        assert layout(bundle) == (6, 1)


def test_a_cpu_that_lacks_what_was_tuned_for_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_elsewhere(tuned(tmp_path).manifest)
    [record] = caplog.records
    assert "tiny_classifier was tuned for a CPU with amx_int8, which this one lacks" in record.getMessage()


def test_the_same_cpu_is_not_spoken_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    machine = {"cpu": "x", "cpus": 6, "instruction_sets": ["avx512f"]}
    warn_elsewhere(tuned(tmp_path, machine=machine).manifest)
    assert not caplog.records


def test_a_table_names_one_pick(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="exactly one row has to be the picked one"):
        tuned(tmp_path, rows=[ROW, ROW])


WIDE, NARROW = EngineOptions(threads=4, spin=True), EngineOptions(threads=1, instances=4)


@pytest.mark.parametrize(
    ("options", "goal", "expected"),
    [
        (WIDE, "latency", (WIDE, None)),
        (WIDE, "throughput", (NARROW, None)),
        (WIDE, "auto", (WIDE, NARROW)),
        (NARROW, "latency", (NARROW, None)),
        (NARROW, "throughput", (NARROW, None)),
        (NARROW, "auto", (EngineOptions(threads=4), NARROW)),
        (EngineOptions(threads=2, instances=2), "auto", (EngineOptions(threads=2, instances=2), NARROW)),
        (EngineOptions(threads=1), "auto", (EngineOptions(threads=1), None)),
        (EngineOptions(threads=4, device="cuda"), "auto", (EngineOptions(threads=4, device="cuda"), None)),
    ],
)
def test_a_lone_picture_runs_wide_and_a_crowd_narrow(
    options: EngineOptions, goal: str, expected: tuple[EngineOptions, EngineOptions | None]
) -> None:
    assert lane_options(options, goal) == expected
