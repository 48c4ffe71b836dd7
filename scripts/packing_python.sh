#!/usr/bin/env bash
# Makes an environment with every framework that models are packed from, and what the tests need, and prints its
# interpreter: scripts/packing_python.sh .venv
# PACKING_PYTHON may name an interpreter to take instead.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
# shellcheck disable=SC2100 # a name, no sum
requirements=requirements-packing.txt
folder=$PWD/build/packing-$(sha256sum "$requirements" | cut -c1-12)

if [[ -n ${PACKING_PYTHON:-} ]]; then
    printf '%s\n' "$PACKING_PYTHON"
    exit
fi
if [[ ! -e $folder/.made ]]; then
    "$venv/bin/python" -m venv --clear "$folder"
    # The file names all that is needed, so that nothing is resolved again.
    install() { "$folder/bin/python" -m pip --disable-pip-version-check -q install --root-user-action=ignore --no-deps "$@" >&2; }
    torch=torch==$(sed -n 's/^torch==//p' "$requirements")
    # The public index has builds for GPUs only; PyTorch's own has the others. Either is what the file asks for.
    install "$torch+cpu" 2>/dev/null || install "$torch" --index-url https://download.pytorch.org/whl/cpu
    # The same TensorFlow without what GPUs need is half the size. uv is the quicker, but knows nothing of pip's settings.
    others=$(mktemp)
    sed -e 's/^tensorflow==/tensorflow-cpu==/' -e '/^torch==/d' "$requirements" >"$others"
    "$venv/bin/uv" pip install --quiet --python "$folder/bin/python" --no-deps --requirement "$others" >&2 ||
        install --requirement "$others"
    rm "$others"
    install --editable .
    touch "$folder/.made"
fi

# The native modules are those of the first environment, where it has them.
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))'; }
from=$(site "$venv")
to=$(site "$folder")
rm -rf "$to"/satchel_{imaging,torchscript}*
for path in "$from"/satchel_{imaging,torchscript}*; do
    [[ ! -e $path ]] || ln -s "$path" "$to/"
done
printf '%s\n' "$folder/bin/python"
