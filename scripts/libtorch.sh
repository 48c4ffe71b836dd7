#!/usr/bin/env bash
# Fetches the libtorch that cpp_ext is built against and prints its folder: scripts/libtorch.sh .venv
# It is taken out of PyTorch's wheel for CPUs, which is the same for every Python: only its name says CPython 3.11.
# TORCH_INDEX_URL may name another index than PyTorch's own. LIBTORCH may name a folder with include/ and lib/ to take instead.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=$1/bin/python
version=2.13.0
folder=$PWD/build/libtorch-$version

if [[ -n ${LIBTORCH:-} || -d $folder ]]; then
    printf '%s\n' "${LIBTORCH:-$folder}"
    exit
fi

download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
fetch() {
    "$python" -m pip --disable-pip-version-check -q download --no-deps --only-binary=:all: --python-version 3.11 \
        --dest "$download" "torch==$version+cpu" "$@" >"$download/log" 2>&1
}
# The public index has builds for GPUs only; PyTorch's own has the others.
fetch || fetch --index-url "${TORCH_INDEX_URL:-https://download.pytorch.org/whl/cpu}" || { cat "$download/log" >&2 && exit 1; }
"$python" -m zipfile -e "$download"/torch-*.whl "$download/unpacked"
mkdir -p "$download/libtorch" build
mv "$download"/unpacked/torch/{include,lib} "$download/libtorch"
mv "$download/libtorch" "$folder"
printf '%s\n' "$folder"
