#!/usr/bin/env bash
# Checks the C++ code with clang-tidy, findings being errors: scripts/tidy.sh .venv
# What it looks for, and what it leaves out and why, is written in cpp_ext/.clang-tidy.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
build=build/cpp-tidy
mkdir -p build
export PATH="$PWD/$venv/bin:$PATH"

# A build of everything that is never made: the commands are what is wanted.
libtorch=$(bash scripts/libtorch.sh "$venv")
json=$(python -c 'from importlib.util import find_spec; print(*find_spec("nlohmann_json").submodule_search_locations)')
cmake -S cpp_ext -B "$build" -G Ninja -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DSATCHEL_TESTS=ON -DSATCHEL_PYTHON=ON \
    -DSATCHEL_TORCHSCRIPT=ON -DSATCHEL_BUNDLE=ON "-DSATCHEL_LIBTORCH=$libtorch" "-DCMAKE_PREFIX_PATH=$json" \
    "-DPython_EXECUTABLE=$PWD/$venv/bin/python" "-Dpybind11_DIR=$(python -m pybind11 --cmakedir)" \
    >"$build.log" 2>&1 || { cat "$build.log" >&2 && exit 1; }

# libtorch's headers want omp.h, which clang-tidy does not bring.
openmp=$(dirname "$("${CXX:-c++}" -print-file-name=include/omp.h)")
python -c 'import json, sys; print("\0".join(entry["file"] for entry in json.load(sys.stdin)), end="")' \
    <"$build/compile_commands.json" |
    xargs -0 -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet --extra-arg="-idirafter$openmp" 2>"$build.log" || { grep -v ' generated\.$' "$build.log" >&2; exit 1; }
