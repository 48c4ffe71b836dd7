#!/usr/bin/env bash
# Builds images and tries them as they are deployed: scripts/containers.sh .venv slim|full
# slim: the targets for CPUs on a plain host. full: on the Functions base too, and the image for GPUs; takes some 30 GB of disk while it builds.
# With a container engine that runs, that one is used. Else, where container-engine.sh lies beside the checkout, it starts one for the
# while. Where there is neither, one line says so.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
which=$2
engine=../shared/ci/container-engine.sh
targets=(thin embedded-onnx embedded-openvino embedded-torchscript embedded-tf)
built=()

is_running() { docker info >/dev/null 2>&1; }

build() { # build TARGET BASE TAG
    printf -- '-- %s\n' "$3"
    # Quiet, unless it fails. The network of this machine, since not every engine has one of its own.
    docker build --progress plain --network host --file docker/Dockerfile --target "$1" --build-arg BASE="$2" \
        --build-arg GIT_SHA="$(git rev-parse HEAD 2>/dev/null || echo unknown)" --tag "satchel:$3" . >"$log" 2>&1 ||
        { tail -n 60 "$log" >&2 && exit 1; }
    built+=("$3")
}

log=$(mktemp)
clean=(rm -f "$log")
trap '"${clean[@]}"' EXIT
if ! is_running; then
    if [[ $EUID != 0 || ! -e $engine ]]; then
        echo 'No container engine: images are neither built nor tried.' >&2
        exit
    fi
    leave() { rm -f "$log" && bash "$engine" stop; }
    clean=(leave)
    eval "$(bash "$engine" start)"
fi

for target in "${targets[@]}"; do build "$target" slim "$target"; done
if [[ $which == full ]]; then
    for target in "${targets[@]}"; do build "$target" functions "$target-functions"; done
    build gpu slim gpu
fi

export CONTAINERS="${built[*]}"
if docker network create satchel-trial >/dev/null 2>&1; then
    docker network rm satchel-trial >/dev/null
    export CONTAINERS_COMPOSE=1
fi
"$venv/bin/python" -m pytest tests/containers
"$venv/bin/python" -m benchmarks --images thin embedded-onnx embedded-torchscript --quick --budgets docker/budgets.toml
