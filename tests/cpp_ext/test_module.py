"""The module itself: what it says of itself, what it refuses, and how it behaves among threads and processes."""

import os
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import inference_core
from inference_core.bundle.preprocess import Crop, Decode, PreprocessStep, Resize, ToTensor
from inference_core.errors import BadRequestError, UnsupportedMediaError
from inference_core.imaging import Preprocessor, imaging_paths
from inference_core.imaging.decode import FORMATS
from tests.cpp_ext.compare import PIXELS, assert_equal, by_reference, natively, usable_levels
from tests.pictures import encode, noise

CHAIN: list[PreprocessStep] = [Decode(), Resize(width=64, height=48), ToTensor()]
RECORDS = [step.model_dump() for step in CHAIN]


def test_it_names_its_formats_and_version() -> None:
    import satchel_imaging

    assert satchel_imaging.__version__ == inference_core.__version__
    formats = satchel_imaging.formats()
    assert formats | {"WebP": True} == dict.fromkeys(FORMATS, True)  # WebP needs a library that may be missing
    assert imaging_paths() == {name: "native" if here else "reference" for name, here in formats.items()}
    assert int(satchel_imaging.libjpeg_version().split(".")[0]) >= 2
    assert satchel_imaging.cpu_level() in usable_levels()


def test_another_version_of_it_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import satchel_imaging

    imaging_paths.cache_clear()
    monkeypatch.setattr(satchel_imaging, "__version__", "0.0.9")
    try:
        assert imaging_paths() == dict.fromkeys(FORMATS, "reference")
    finally:
        imaging_paths.cache_clear()


def test_every_format_gives_the_same_tensor_on_its_path() -> None:
    preprocess = Preprocessor(CHAIN)
    reference = Preprocessor(CHAIN, native=False)
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        data = encode(noise(70, 50), kind)
        got, expected = preprocess.run(data), reference.run(data)
        np.testing.assert_array_equal(got.tensor, expected.tensor)
        assert got.geometry == expected.geometry
        assert got.decode_ms > 0
        assert got.preprocess_ms > 0


@pytest.mark.parametrize(("data", "kind"), [(b"", BadRequestError), (b"nonsense", UnsupportedMediaError)])
def test_what_is_no_picture_is_refused_as_by_the_reference(data: bytes, kind: type[Exception]) -> None:
    expected, got = by_reference(data), natively(data)
    assert expected.error is not None
    assert got.error is not None
    assert type(got.error) is type(expected.error) is kind
    assert got.error.body() == expected.error.body()


@pytest.mark.parametrize(
    "records",
    [
        [],
        RECORDS[:1],
        RECORDS[1:],
        [*RECORDS, RECORDS[1]],
        [RECORDS[0], RECORDS[0], RECORDS[2]],
        [RECORDS[0], RECORDS[1] | {"resample": "hamming"}, RECORDS[2]],
        [RECORDS[0], RECORDS[1] | {"gamma": 2.2}, RECORDS[2]],
        [RECORDS[0], {"op": "resize"}, RECORDS[2]],
        [RECORDS[0], RECORDS[1] | {"width": "64"}, RECORDS[2]],
        [RECORDS[0], {"op": "rotate"}, RECORDS[2]],
        [RECORDS[0], RECORDS[2] | {"mean": (1.0, 2.0)}],
    ],
)
def test_steps_it_does_not_know_are_refused(records: list[dict[str, object]]) -> None:
    import satchel_imaging

    with pytest.raises(satchel_imaging.ImagingError) as caught:
        satchel_imaging.Pipeline(records, max_pixels=1000)
    assert caught.value.code == "bad_argument"


def test_an_unknown_level_is_refused() -> None:
    import satchel_imaging

    with pytest.raises(satchel_imaging.ImagingError, match="no such level"):
        satchel_imaging.Pipeline(RECORDS, max_pixels=1000, level="sse9")


def test_only_bytes_are_taken() -> None:
    import satchel_imaging

    pipeline = satchel_imaging.Pipeline(RECORDS, max_pixels=10**6)
    for other in (bytearray(encode(noise(4, 4))), "text", None, np.zeros(4)):
        with pytest.raises(TypeError):
            pipeline.run(other)  # type: ignore[arg-type]


def test_the_tensor_is_the_callers_own() -> None:
    data = encode(noise(40, 30))
    first, second = natively(data, CHAIN), natively(data, CHAIN)
    assert first.prepared is not None
    assert second.prepared is not None
    assert first.prepared.tensor.flags.writeable
    first.prepared.tensor.fill(0)
    assert_equal(by_reference(data, CHAIN), second)


def test_many_threads_share_one_pipeline() -> None:
    import satchel_imaging

    pipeline = satchel_imaging.Pipeline(RECORDS, max_pixels=10**6, threads=3)
    files = [encode(noise(90 + i, 70 + i, seed=i), kind) for i in range(6) for kind in ("JPEG", "PNG", "BMP")]
    expected = [by_reference(data, CHAIN) for data in files]
    failures: list[int] = []

    def work(start: int) -> None:
        for i in range(40):
            which = (start + i) % len(files)
            reference = expected[which].prepared
            assert reference is not None
            if not np.array_equal(pipeline.run(files[which]).tensor, reference.tensor):
                failures.append(which)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_python_runs_while_a_picture_is_decoded() -> None:
    import satchel_imaging

    pipeline = satchel_imaging.Pipeline([step.model_dump() for step in PIXELS], max_pixels=10**8)
    data = encode(noise(3000, 2000), "JPEG", quality=95)
    counted = 0
    done = threading.Event()

    def decode() -> None:
        pipeline.run(data)
        done.set()

    thread = threading.Thread(target=decode)
    thread.start()
    while not done.is_set():
        counted += 1
        time.sleep(0.001)
    thread.join()
    assert counted > 3  # with the lock held there would be one turn before and one after


def in_a_child(work: Callable[[], bool]) -> bool:
    """Whether `work` returns True in a forked process."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_can_use_its_parents_pipeline() -> None:
    """Its pool's threads do not exist there: the caller does the work."""
    import satchel_imaging

    pipeline = satchel_imaging.Pipeline(RECORDS, max_pixels=10**6, threads=4)
    data = encode(noise(300, 300), "JPEG")
    expected = pipeline.run(data).tensor
    assert in_a_child(lambda: np.array_equal(pipeline.run(data).tensor, expected))


def test_a_crop_outside_the_picture_is_all_fill() -> None:
    data = encode(noise(3, 3))
    steps: list[PreprocessStep] = [Decode(), Crop(width=9, height=9, fill=7), Crop(width=1, height=1), ToTensor()]
    assert_equal(by_reference(data, steps), natively(data, steps))
