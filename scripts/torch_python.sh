#!/usr/bin/env bash
# Makes an environment with Python torch and torchvision and prints its interpreter: scripts/torch_python.sh .venv
# Some tests and benchmarks compare with them, in processes of their own: beside the TorchScript runtime they cannot be.
# TORCH_PYTHON may name an interpreter to take instead.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
folder=$PWD/build/torch-2.13.0

if [[ -z ${TORCH_PYTHON:-} && ! -e $folder/.made ]]; then
    "$venv/bin/python" -m venv --clear "$folder"
    install() { "$folder/bin/python" -m pip --disable-pip-version-check -q install --root-user-action=ignore "$@" >&2; }
    # The public index has builds for GPUs only; PyTorch's own has the others.
    install torch==2.13.0+cpu 2>/dev/null || install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
    install --no-deps torchvision==0.28.0
    install numpy pillow onnx
    touch "$folder/.made"
fi
printf '%s\n' "${TORCH_PYTHON:-$folder/bin/python}"
