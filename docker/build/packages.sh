#!/bin/sh
# Installs what a target needs under /install, and takes away what no server uses: packages.sh BASE "EXTRAS" LIST...
# The wheels of our own that it needs lie in /wheels.
set -eu
base=$1
extras=$2
shift 2
for extra in $extras; do set -- "$@" "requirements-$extra.txt"; done

lists=
for list in "$@"; do lists="$lists --requirement $list"; done
install() { pip install --root=/install --ignore-installed --no-deps --no-warn-script-location "$@"; }
# shellcheck disable=SC2086 # several words
install $lists
install /wheels/*.whl

library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
packages=/install$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cd "$packages"

# Headers, typing stubs, Cython's sources, the libraries' own tests, and tools that make models rather than run them.
find . -type d \( -name tests -o -name include \) -path './*/*' ! -path './*.dist-info/*' -prune -exec rm -rf {} +
find . \( -name '*.pyi' -o -name '*.px[di]' -o -name '*.pyx' -o -name '*.a' \) -type f -delete
rm -rf numpy/f2py numpy/distutils onnxruntime/transformers onnxruntime/quantization onnxruntime/tools onnxruntime/datasets \
    openvino/tools openvino/libs/libopenvino_intel_[gn]pu_plugin.so
find . -path './openvino/libs/libopenvino_*_frontend.so*' ! -name '*_ir_*' ! -name '*_onnx_*' -delete
# onnxruntime's library for programs in C, which the Python module holds a second time; AVIF, which is not accepted, and colour profiles;
# what rich draws program text and Markdown with; another viewer of the documentation; gRPC's old interface; symbols for debuggers.
rm -rf onnxruntime/capi/libonnxruntime.so.* PIL/_avif*.so pillow.libs/libavif* PIL/_imagingcms*.so pillow.libs/liblcms2* \
    grpc/beta grpc/framework pygments markdown_it mdurl fastapi_offline/static/redoc* \
    numpy/_core/_simd*.so numpy/_core/*_tests*.so
# Not of those that auditwheel has changed: they would not load any more.
find . -name '*.so*' -type f ! -path '*.libs/*' ! -path './nvidia/*' -exec strip --strip-unneeded {} +
# Who serves on a plain host needs nothing of Azure Functions.
[ "$base" = functions ] || rm -rf azure/functions werkzeug markupsafe

# Python's images come without the compiled standard library, and on a read-only root it would be compiled at every start.
modules='asyncio, fastapi, httptools, multipart, numpy, PIL.Image, PIL._imagingft, PIL._webp, prometheus_client, rich.console, typer, uvicorn'
PYTHONPATH=$packages python3 -c "import $modules"
find "$library" -name '*.pyc' ! -path '*/site-packages/*' | tar -c --files-from=- | tar -x -C /install
