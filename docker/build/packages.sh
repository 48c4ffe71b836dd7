#!/bin/sh
# Installs what a target needs under /install, and takes away what no server uses: packages.sh "EXTRAS" LIST...
# The wheels of our own that it needs lie in /wheels and below.
set -eu
extras=$1
shift
for extra in $extras; do set -- "$@" "requirements-$extra.txt"; done

lists=
for list in "$@"; do lists="$lists --requirement $list"; done
install() { pip install --root=/install --ignore-installed --no-deps --no-warn-script-location "$@"; }
# shellcheck disable=SC2086 # several words
install $lists
# shellcheck disable=SC2046 # several words
install $(find /wheels* -name '*.whl')

library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
packages=/install$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cd "$packages"

# Headers, typing stubs, the libraries' own tests, and tools that make models rather than run them.
find . -type d \( -name tests -o -name include \) -path './*/*' ! -path './*.dist-info/*' -prune -exec rm -rf {} +
find . \( -name '*.pyi' -o -name '*.pxd' -o -name '*.a' \) -type f -delete
rm -rf numpy/f2py numpy/distutils onnxruntime/transformers onnxruntime/quantization onnxruntime/tools onnxruntime/datasets \
    openvino/tools openvino/libs/libopenvino_intel_[gn]pu_plugin.so
find . -path './openvino/libs/libopenvino_*_frontend.so*' ! -name '*_ir_*' ! -name '*_onnx_*' -delete
# onnxruntime's library for programs in C, which the Python module holds a second time; AVIF, which is not accepted; the colours of
# program text; symbols for debuggers, but for the libraries that auditwheel has changed, which strip might break.
rm -rf onnxruntime/capi/libonnxruntime.so.* PIL/_avif*.so pillow.libs/libavif* pygments
find . -name '*.so*' -type f ! -path '*.libs/*' ! -path './nvidia/*' -exec strip --strip-unneeded {} +

# Python's images come without the compiled standard library, and on a read-only root it would be compiled at every start.
PYTHONPATH=$packages python3 -c 'import asyncio, fastapi, httptools, multipart, numpy, PIL.Image, prometheus_client, rich.console, typer, uvicorn'
find "$library" -name '*.pyc' ! -path '*/site-packages/*' | tar -c --files-from=- | tar -x -C /install
