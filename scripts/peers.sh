#!/usr/bin/env bash
# Makes an environment for each server that `python -m benchmarks --serving` compares with, or that remote mode is
# tested against, and prints their folder: scripts/peers.sh [DIR [NAME ...]]. Without names it makes them all.
# PYTHON names the Python 3.11 to make them with.
# Triton comes from NVIDIA's wheel: the server, its Python backend, and a stub for this Python.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

known=(fastapi litserve bentoml mlserver triton)
folder=${1:-build/peers}
names=("${@:2}")
[[ ${#names[@]} -gt 0 ]] || names=("${known[@]}")
python=${PYTHON:-python3.11}
stamp=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-12)
# The same for all, so that servers are compared and nothing else.
common=(onnxruntime==1.31.1 pillow==13.0.0)
numpy=numpy==2.4.6

for name in "${names[@]}"; do
    [[ " ${known[*]} " == *" $name "* ]] || { echo "there is no peer $name: choose of ${known[*]}" >&2; exit 2; }
done

quietly() { "$@" --disable-pip-version-check -q >&2; }

is_wanted() { [[ " ${names[*]} " == *" $1 "* ]]; }

peer() { # NAME REQUIREMENT ...
    is_wanted "$1" || return 0
    local place=$folder/$1
    shift
    [[ ! -e $place/.made-$stamp ]] || return 0
    "$python" -m venv --clear "$place"
    quietly "$place/bin/python" -m pip install --root-user-action=ignore "${common[@]}" "$@"
    touch "$place/.made-$stamp"
}

triton() { # beside its environment: the server and the wheel's libraries, and one folder for the backend
    is_wanted triton || return 0
    local place=$folder/triton/server wheels
    [[ ! -e $place/.made-$stamp ]] || return 0
    rm -rf "$place"
    wheels=$(mktemp -d)
    trap 'rm -rf "$wheels"' RETURN
    quietly "$folder/triton/bin/python" -m pip download --no-deps --dest "$wheels" nvidia-pytriton==0.7.0
    mkdir -p "$place"
    "$folder/triton/bin/python" -m zipfile -e "$wheels"/nvidia_pytriton-*.whl "$place"
    local server=$place/pytriton/tritonserver
    cp "$server/python_backend_stubs/3.11/triton_python_backend_stub" "$server/backends/python/"
    chmod +x "$server/bin/tritonserver" "$server/backends/python/triton_python_backend_stub"
    touch "$place/.made-$stamp"
}

peer fastapi "$numpy" fastapi==0.165.0 uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0
peer litserve "$numpy" litserve==0.2.19 fastapi==0.165.0 uvicorn==0.54.0 python-multipart==0.0.34 pyzmq==27.3.0
peer bentoml "$numpy" bentoml==1.4.40 uvicorn==0.54.0
peer mlserver "$numpy" mlserver==1.7.1 uvloop==0.21.0 uvicorn==0.54.0 # it asks for the loop in a way that newer ones refuse
# Its stub was built before NumPy 2, and reads later arrays wrongly without a word. The rest is what Satchel itself needs
# there, for models that take pictures.
peer triton numpy==1.26.4 orjson==3.13.0 pydantic==2.14.3
triton
printf '%s\n' "$folder"
