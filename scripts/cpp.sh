#!/usr/bin/env bash
# Builds and runs the C++ tests, warnings being errors: scripts/cpp.sh .venv plain|address|thread
# `address` adds ASan and UBSan and mutates small files for FUZZ_SECONDS (60); `thread` is TSan.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
kind=$2
build=build/cpp-$kind
export PATH="$PWD/$venv/bin:$PATH"

case $kind in
    plain) sanitize='' ;;
    address) sanitize=address,undefined ;;
    thread) sanitize=thread ;;
    *) echo "unknown kind: $kind" >&2 && exit 2 ;;
esac

cmake -S cpp_ext -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSATCHEL_TESTS=ON -DSATCHEL_WERROR=ON \
    "-DSATCHEL_SANITIZE=$sanitize" >"$build.log" 2>&1 || { cat "$build.log" >&2 && exit 1; }
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure

if [[ $kind == address ]]; then
    "$venv/bin/python" -m tests.cpp_ext.corpus "$build/corpus"
    "$build/tests/fuzz_pipeline" "$build/corpus" "${FUZZ_SECONDS:-60}" "${FUZZ_SEED:-$RANDOM}"
fi
if [[ $kind == plain ]]; then # what find_package(satchel) finds is enough to build a program
    cmake --install "$build" --prefix "$build/installed" >/dev/null
    cmake -S cpp_ext/tests/installed -B "$build/user" -G Ninja "-DCMAKE_PREFIX_PATH=$PWD/$build/installed" >/dev/null
    cmake --build "$build/user"
    "$build/user/uses_satchel"
fi
