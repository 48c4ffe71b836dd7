#!/usr/bin/env bash
# Writes the pinned requirement files from pyproject.toml, for every supported Python at once.
# `make lock` keeps the pins that still fit; `make lock ARGS=--upgrade` takes the newest versions.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=${UV:-.venv/bin/uv}

# Only the public index decides: no setting of this machine may reach the files.
unset "${!UV_@}"

lock() { # lock FILE OPTION...
    local file=$1
    shift
    echo "$file"
    "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 \
        --custom-compile-command "make lock" --output-file "$file" "$@"
}

lock requirements.txt --extra onnx --extra serve --extra functions --generate-hashes "$@"
lock requirements-thin.txt --extra remote --extra functions --constraints requirements.txt --generate-hashes "$@"
lock requirements-grpc.txt --extra grpc --constraints requirements.txt --generate-hashes "$@"
lock requirements-identity.txt --extra identity --constraints requirements.txt --generate-hashes "$@"
lock requirements-otel-azure.txt --extra otel-azure --constraints requirements.txt --generate-hashes "$@"
lock requirements-dev.txt --extra dev --constraints requirements.txt --generate-hashes "$@"
lock requirements-openvino.txt --extra openvino --constraints requirements.txt --generate-hashes "$@"
# Without the project's settings for uv, which leave CUDA's libraries out.
lock requirements-gpu.txt --no-config --extra gpu --constraints requirements.txt --generate-hashes "$@"
# An image has the packages for gRPC, too.
lock requirements-tf.txt --extra tf --constraints requirements.txt --constraints requirements-grpc.txt --generate-hashes "$@"
# No hashes: a CPU and a CUDA build of torch share one version number.
lock requirements-torch.txt --extra torch --constraints requirements.txt "$@"
# What scripts/packing_python.sh installs. No constraints: NNCF takes an older NumPy. No hashes: CPU builds of torch.
lock requirements-packing.txt --extra dev --extra pack-tf --extra pack-torch --extra nncf "$@"
