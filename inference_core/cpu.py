"""Which CPU this is, and how much of it this process may use: the smaller of its affinity mask and its cgroup quota.

The affinity mask alone is not enough: a container limited with `--cpus=2` on a 64-core host still sees 64 CPUs there,
because the limit is a CFS quota (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`). Threads beyond it are throttled.
"""

import os
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_CPU_INFO = Path("/proc/cpuinfo")
_TELLING = (
    *("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_bf16", "amx_int8", "amx_fp16", "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2"),
)


def available_cpus(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int:
    """Whole CPUs this process may keep busy: rounded down, at least 1.

    Args:
        root: where the cgroup file system is mounted.
        membership: the file that names this process's cgroups.
    """
    affinity = len(os.sched_getaffinity(0))
    quota = cgroup_quota(root, membership)
    return max(1, affinity if quota is None else min(affinity, int(quota)))


def cgroup_quota(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> float | None:
    """The tightest CPU quota from this process's cgroup up to the root, in CPUs; None where there is none."""
    quotas = []
    for controllers, path in _memberships(membership):
        if controllers == "":
            read, base = _quota_v2, root
        elif "cpu" in controllers.split(","):
            read, base = _quota_v1, root / "cpu"
        else:
            continue
        # Inside a container the named path may not exist below the mount: the root then is our own cgroup.
        for level in [path, *path.parents]:
            quota = read(base / level)
            if quota is not None:
                quotas.append(quota)
    return min(quotas, default=None)


def instruction_sets(cpu_info: Path = _CPU_INFO) -> tuple[str, ...]:
    """Those of this CPU's instruction sets that decide which kernels engines choose, by the kernel's names for them."""
    flags = _cpu_fields(cpu_info, "flags", "Features")
    return tuple(name for name in _TELLING if name in flags.split())


def cpu_name(cpu_info: Path = _CPU_INFO) -> str:
    """The model name of this CPU; its architecture where the kernel tells none, as on many ARM machines."""
    return _cpu_fields(cpu_info, "model name") or os.uname().machine


def _cpu_fields(path: Path, *names: str) -> str:
    """The value of the first line of `/proc/cpuinfo` with one of these names; empty where there is none."""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() in names), "")


def _memberships(path: Path) -> list[tuple[str, Path]]:
    """Controllers and relative path of each line of `/proc/self/cgroup`; cgroup v2 has no controllers there."""
    if not path.exists():
        return []
    lines = (line.split(":", 2) for line in path.read_text().splitlines())
    return [(controllers, Path(cgroup.lstrip("/"))) for _, controllers, cgroup in lines]


def _quota_v2(directory: Path) -> float | None:
    file = directory / "cpu.max"
    if not file.is_file():
        return None
    limit, period = file.read_text().split()
    return None if limit == "max" else int(limit) / int(period)


def _quota_v1(directory: Path) -> float | None:
    file = directory / "cpu.cfs_quota_us"
    if not file.is_file():
        return None
    limit = int(file.read_text())
    return None if limit <= 0 else limit / int((directory / "cpu.cfs_period_us").read_text())
