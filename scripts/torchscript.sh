#!/usr/bin/env bash
# Builds the TorchScript runtime as a wheel in dist/ and installs it into an environment: scripts/torchscript.sh .venv
# Where the machine lacks a compiler or libtorch cannot be fetched, one line says so, and TorchScript bundles are not
# served. With NATIVE=required, as in CI, that is an error.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
python=$venv/bin/python
log=$venv/torchscript.log
export PATH="$PWD/$venv/bin:$PATH" # its cmake, where it has one

skip() {
    printf 'the TorchScript runtime is not built: %s.\n' "$1" >&2
    "$python" -m pip --disable-pip-version-check -qq uninstall --yes satchel-torchscript >/dev/null 2>&1 || true
    [[ ${NATIVE:-} == required ]] && exit 1
    exit 0
}

command -v "${CXX:-c++}" >/dev/null || skip "no C++ compiler (Debian: apt-get install g++)"
LIBTORCH=$(bash scripts/libtorch.sh "$venv" 2>"$log") || skip "libtorch cannot be fetched (see $log)"
export LIBTORCH
rm -f dist/satchel_torchscript-*.whl
"$python" -m pip --disable-pip-version-check wheel --no-deps --wheel-dir dist ./cpp_ext/python/satchel_torchscript \
    >"$log" 2>&1 || skip "the build failed (see $log)"
"$python" -m pip --disable-pip-version-check install --root-user-action=ignore --force-reinstall --no-deps \
    dist/satchel_torchscript-*.whl >>"$log" 2>&1 || skip "the wheel cannot be installed (see $log)"
touch "$venv/.torchscript"
