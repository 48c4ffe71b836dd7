"""How many CPUs: affinity and cgroup quotas, on made-up cgroup trees."""

import os
from pathlib import Path

import pytest

from inference_core.cpu import available_cpus, cgroup_quota, cpu_name, instruction_sets


@pytest.fixture(autouse=True)
def sixty_four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    affinity(monkeypatch, 64)


def affinity(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(count)))


def machine(folder: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    """A cgroup mount with `files`, and the file that names this process's cgroups."""
    root = folder / "cgroup"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    (folder / "self").write_text(membership)
    return root, folder / "self"


V2 = "0::/\n"
V1 = "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"


@pytest.mark.parametrize(
    ("limit", "quota", "cpus"),
    [
        ("765000 100000", 7.65, 7),
        ("50000 100000", 0.5, 1),
        ("1000 100000", 0.01, 1),
        ("400000 200000", 2.0, 2),
        ("199999 100000", 1.99999, 1),
        ("9999900000 100000", 99999.0, 64),
        ("max 100000", None, 64),
    ],
)
def test_a_v2_quota_is_rounded_down_to_whole_cpus_but_never_below_one(
    tmp_path: Path, limit: str, quota: float | None, cpus: int
) -> None:
    where = machine(tmp_path, V2, {"cpu.max": limit})
    assert cgroup_quota(*where) == quota
    assert available_cpus(*where) == cpus


@pytest.mark.parametrize(
    ("limit", "period", "cpus"), [("765000", "100000", 7), ("25000", "50000", 1), ("-1", "100000", 64), ("0", "1", 64)]
)
def test_a_v1_quota_is_read_from_its_own_files(tmp_path: Path, limit: str, period: str, cpus: int) -> None:
    folder = "cpu/docker/abc/"
    files = {folder + "cpu.cfs_quota_us": limit, folder + "cpu.cfs_period_us": period}
    assert available_cpus(*machine(tmp_path, V1, files)) == cpus


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"pod/cpu.max": "300000 100000", "pod/box/cpu.max": "max 100000"}, 3.0),
        ({"pod/cpu.max": "150000 100000", "pod/box/cpu.max": "400000 100000"}, 1.5),
        ({"pod/cpu.max": "400000 100000", "pod/box/cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "100000 100000", "pod/box/cpu.max": "400000 100000"}, 1.0),
        ({"pod/box/inner/cpu.max": "100000 100000", "other/cpu.max": "100000 100000"}, None),
    ],
)
def test_the_tightest_group_up_to_the_root_counts_and_no_other(
    tmp_path: Path, files: dict[str, str], quota: float | None
) -> None:
    assert cgroup_quota(*machine(tmp_path, "0::/pod/box\n", files)) == quota


def test_a_parent_counts_in_v1_too(tmp_path: Path) -> None:
    files = {"cpu/docker/cpu.cfs_quota_us": "250000", "cpu/docker/cpu.cfs_period_us": "100000"}
    files |= {"cpu/docker/abc/cpu.cfs_quota_us": "-1", "cpu/docker/abc/cpu.cfs_period_us": "100000"}
    assert cgroup_quota(*machine(tmp_path, V1, files)) == 2.5


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        ("0::/kubepods/pod1/box\n", {"cpu.max": "200000 100000"}),
        (V1, {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}),
    ],
)
def test_inside_a_container_the_root_of_the_mount_is_our_own_group(
    tmp_path: Path, membership: str, files: dict[str, str]
) -> None:
    assert cgroup_quota(*machine(tmp_path, membership, files)) == 2.0


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
def test_the_v1_line_with_the_cpu_controller_is_the_one(tmp_path: Path, controllers: str) -> None:
    membership = f"5:cpuset:/wrong\n6:cpuacct:/wrong\n7:{controllers}:/right\n"
    files = {f"cpu/{name}/cpu.cfs_period_us": "100000" for name in ("wrong", "right")}
    files |= {"cpu/wrong/cpu.cfs_quota_us": "100000", "cpu/right/cpu.cfs_quota_us": "300000"}
    assert cgroup_quota(*machine(tmp_path, membership, files)) == 3.0


def test_on_a_hybrid_host_both_kinds_of_line_are_read(tmp_path: Path) -> None:
    files = {"cpu.max": "500000 100000", "cpu/a/cpu.cfs_quota_us": "400000", "cpu/a/cpu.cfs_period_us": "100000"}
    assert cgroup_quota(*machine(tmp_path, "3:cpu:/a\n0::/\n", files)) == 4.0


def test_a_colon_in_the_name_of_a_group_belongs_to_the_name(tmp_path: Path) -> None:
    assert cgroup_quota(*machine(tmp_path, "0::/a:b\n", {"a:b/cpu.max": "200000 100000"})) == 2.0


def test_without_any_cgroup_the_affinity_mask_decides(tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path / "none", tmp_path / "none") is None
    assert available_cpus(tmp_path / "none", tmp_path / "none") == 64


@pytest.mark.parametrize(("mask", "cpus"), [(1, 1), (3, 3), (64, 7)])
def test_a_mask_smaller_than_the_quota_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mask: int, cpus: int
) -> None:
    affinity(monkeypatch, mask)
    assert available_cpus(*machine(tmp_path, V2, {"cpu.max": "765000 100000"})) == cpus


X86 = "processor\t: 0\nmodel name\t: Some CPU @ 2\nflags\t\t: fpu avx2 fma avx512f amx_int8\n\nmodel name\t: B\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU part\t: 0xd40\n"


@pytest.mark.parametrize(
    ("text", "expected"), [(X86, ("avx2", "fma", "avx512f", "amx_int8")), (ARM, ("asimddp", "i8mm")), ("", ())]
)
def test_instruction_sets_are_those_that_decide_kernels(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert instruction_sets(tmp_path / "cpuinfo") == expected


@pytest.mark.parametrize(("text", "expected"), [(X86, "Some CPU @ 2"), (ARM, os.uname().machine)])
def test_a_cpu_is_called_by_its_model_or_its_kind(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert cpu_name(tmp_path / "cpuinfo") == expected
