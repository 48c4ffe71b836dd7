"""Where and how an artifact runs: here, by what its tuning table says of the machine it was packed on, or remotely."""

import logging
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Protocol

from inference_core.bundle import Artifact, Bundle, Manifest
from inference_core.cpu import available_cpus, instruction_sets
from inference_core.engines import EngineOptions
from inference_core.errors import SettingsError
from inference_core.observer import Observer, Silent
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Predictor
from inference_core.settings import Settings

_log = logging.getLogger("satchel")


class PlacedPredictor(Predictor, Protocol):
    """A predictor that knows which artifact's tensors its model has, wherever that runs."""

    @property
    def artifact(self) -> Artifact:
        """The one whose names, dtypes and shapes hold."""


def engine_options(
    manifest: Manifest, artifact: Artifact, *, threads: int | None = None, device: str = "cpu", alone: bool = False
) -> EngineOptions:
    """The threads asked for; else those that were quickest in tuning, if as many CPUs are there; else the quota.

    Args:
        manifest: of the bundle.
        artifact: the one that is to run.
        threads: intra-op threads of one inference; None leaves the choice open.
        device: `cpu`, `cuda` or `cuda:N`.
        alone: whether no other model shares the CPUs, so that idle threads may spin, if that was quicker.
    """
    cpus = available_cpus()
    tuning = manifest.tuning
    row = tuning.row(artifact.engine, artifact.precision) if tuning and tuning.machine.cpus == cpus else None
    if threads is None and row is not None:
        spin = row.spin and alone
        return EngineOptions(threads=row.threads, instances=row.instances, device=device, spin=spin)
    return EngineOptions(threads=threads or cpus, device=device)


def lane_options(options: EngineOptions, goal: str) -> tuple[EngineOptions, EngineOptions | None]:
    """How a lone picture runs, and how each of a crowd does; None where that is alike.

    Args:
        options: as tuned or asked for.
        goal: `latency` takes them as they are, `throughput` a thread for each picture, `auto` all threads for a lone
            one and a thread for each of a crowd.
    """
    cpus = options.threads * options.instances
    if goal == "latency" or options.device != "cpu" or cpus == 1:
        return options, None
    narrow = replace(options, threads=1, instances=cpus, spin=False)
    if goal == "throughput":
        return narrow, None
    return (replace(options, threads=cpus, instances=1) if options.threads == 1 else options), narrow


def is_on_board(settings: Settings) -> bool:
    """Whether models run in this process, always or at times, so that their files must be there."""
    return "embedded" in (settings.mode, settings.overflow)


def open_predictors(
    bundle: Bundle, settings: Settings, observer: Observer, *, alone: bool = False
) -> list[PlacedPredictor]:
    """The predictor of the mode, and behind it that of the overflow, if there is to be one.

    Args:
        bundle: an opened one.
        settings: of this process.
        observer: is told of calls of endpoints.
        alone: see `engine_options`.

    Raises:
        SettingsError: mode and overflow are the same.
        NotFoundError, EngineError, MissingDependencyError: see `open_predictor`.
    """
    if settings.overflow == settings.mode:
        raise SettingsError(
            f"SATCHEL_OVERFLOW is {settings.overflow}, as SATCHEL_MODE is",
            expected="off, or the other place",
            remedy="unset SATCHEL_OVERFLOW, or change SATCHEL_MODE",
        )
    with ExitStack() as undo:
        opened = []
        for mode in (settings.mode, settings.overflow):
            if mode != "off":
                placed = replace(settings, mode=mode)
                opened.append(
                    undo.enter_context(closing(open_predictor(bundle, placed, observer=observer, alone=alone)))
                )
        undo.pop_all()
    return opened


def open_predictor(
    bundle: Bundle,
    settings: Settings,
    *,
    engine: str | None = None,
    alone: bool = False,
    observer: Observer | None = None,
) -> PlacedPredictor:
    """The predictor of a bundle, as the settings want it: here, for one picture at a time, for many, or for both; or at
    the remote service.

    Args:
        bundle: an opened one.
        settings: of this process.
        engine: engine, or `engine:precision`, to take instead of the settings'.
        alone: see `engine_options`.
        observer: is told of calls of endpoints.

    Raises:
        NotFoundError, EngineError, MissingDependencyError: see `LocalPredictor.load`.
        SettingsError: the settings for the remote service do not go together.
    """
    name = engine or settings.engine
    if settings.mode == "remote":
        from inference_core.remote.opening import open_remote

        return open_remote(bundle, bundle.artifact(name), settings, observer or Silent())
    warn_elsewhere(bundle.manifest)
    options = engine_options(
        bundle.manifest, bundle.artifact(name), threads=settings.threads, device=settings.device, alone=alone
    )
    alone_options, crowd = lane_options(options, settings.goal)
    return LocalPredictor.load(bundle, engine=name, options=alone_options, crowd=crowd, max_pixels=settings.max_pixels)


def warn_elsewhere(manifest: Manifest) -> None:
    """Says in the log what this CPU lacks of the one the bundle was tuned on: another choice may be quicker here."""
    wanted = manifest.tuning.machine.instruction_sets if manifest.tuning else ()
    here = instruction_sets()
    missing = [name for name in wanted if name not in here]
    if missing:
        _log.warning(
            "%s was tuned for a CPU with %s, which this one lacks: answers stay right, another choice may be quicker",
            manifest.name,
            ", ".join(missing),
        )
