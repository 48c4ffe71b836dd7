#!/usr/bin/env bash
# Builds and runs the C++ tests, warnings being errors: scripts/cpp.sh .venv plain|torchscript|address|thread
# `torchscript` builds all libraries, on libtorch, and with them the example program that runs bundles. `address` adds
# ASan and UBSan and mutates small files for FUZZ_SECONDS (60), by libFuzzer where clang has it; `thread` is TSan.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
kind=$2
build=build/cpp-$kind
export PATH="$PWD/$venv/bin:$PATH"
mkdir -p build

case $kind in
    plain | torchscript) sanitize='' ;;
    address) sanitize=address,undefined ;;
    thread) sanitize=thread ;;
    *) echo "unknown kind: $kind" >&2 && exit 2 ;;
esac

configure() { # BUILD SANITIZERS [OPTION...]
    cmake -S cpp_ext -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSATCHEL_TESTS=ON -DSATCHEL_WERROR=ON \
        "-DSATCHEL_SANITIZE=$2" "${@:3}" >"$1.log" 2>&1 || { cat "$1.log" >&2 && exit 1; }
}

# A clang++ that comes with libFuzzer, if there is one.
find_fuzzer() {
    local compiler target='extern "C" int LLVMFuzzerTestOneInput(const char *, unsigned long) { return 0; }'
    for compiler in clang++ clang++-{22..14}; do
        command -v "$compiler" >/dev/null || continue
        "$compiler" -x c++ -fsanitize=fuzzer,address,undefined - -o "$build/has-fuzzer" <<<"$target" 2>/dev/null || continue
        echo "$compiler" && return
    done
    return 1
}

fuzz() { # SECONDS SEED
    local compiler fuzzer=build/cpp-fuzz
    "$venv/bin/python" -m tests.cpp_ext.corpus "$build/corpus"
    if ! compiler=$(find_fuzzer); then
        "$build/tests/fuzz_pipeline" "$build/corpus" "$1" "$2"
        return
    fi
    configure "$fuzzer" "$sanitize,fuzzer-no-link" "-DCMAKE_CXX_COMPILER=$compiler"
    cmake --build "$fuzzer" --target fuzz_pipeline
    mkdir -p "$fuzzer/found" # inputs that reach new code; the next run starts from them too
    "$fuzzer/tests/fuzz_pipeline" -max_total_time="$1" -seed="$2" -max_len=8192 -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$fuzzer/" "$fuzzer/found" "$build/corpus" >"$fuzzer/fuzz.log" 2>&1 ||
        { tail -n 60 "$fuzzer/fuzz.log" >&2 && exit 1; }
    grep -E '^(Done|stat::new_units)' "$fuzzer/fuzz.log"
}

options=()
if [[ $kind == torchscript ]]; then
    libtorch=$(bash scripts/libtorch.sh "$venv")
    # The headers of nlohmann_json lie in a Python package of the development environment.
    json=$(python -c 'from importlib.util import find_spec; print(*find_spec("nlohmann_json").submodule_search_locations)')
    options=(-DSATCHEL_TORCHSCRIPT=ON -DSATCHEL_BUNDLE=ON "-DSATCHEL_LIBTORCH=$libtorch" "-DCMAKE_PREFIX_PATH=$json")
fi
configure "$build" "$sanitize" "${options[@]}"
cmake --build "$build"
ctest --test-dir "$build" --output-on-failure

if [[ $kind == address ]]; then
    fuzz "${FUZZ_SECONDS:-60}" "${FUZZ_SEED:-$RANDOM}"
fi
if [[ $kind == plain ]]; then # what find_package(satchel) finds is enough to build a program
    cmake --install "$build" --prefix "$build/installed" >/dev/null
    cmake -S cpp_ext/tests/installed -B "$build/user" -G Ninja "-DCMAKE_PREFIX_PATH=$PWD/$build/installed" >/dev/null
    cmake --build "$build/user"
    "$build/user/uses_satchel"
fi
if [[ $kind == torchscript ]]; then
    cmake --install "$build" --prefix "$build/installed" >/dev/null
    cmake -S cpp_ext/examples/predict -B "$build/example" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        "-DCMAKE_PREFIX_PATH=$PWD/$build/installed" "-DSATCHEL_LIBTORCH=$libtorch" >/dev/null
    cmake --build "$build/example"
fi
