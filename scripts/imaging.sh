#!/usr/bin/env bash
# Builds the native imaging module and installs it into an environment: scripts/imaging.sh .venv
# Where the machine lacks a compiler or headers, one line says what to install, and pictures take the reference path
# (/version shows which). With NATIVE=required, as in CI, that is an error.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$1
python=$venv/bin/python
package=cpp_ext/python/satchel_imaging
log=$venv/imaging.log
export PATH="$PWD/$venv/bin:$PATH" # its cmake, where it has one

skip() {
    printf 'native imaging is not built: %s. All pictures take the reference path in Python.\n' "$1" >&2
    "$python" -m pip --disable-pip-version-check -qq uninstall --yes satchel-imaging >/dev/null 2>&1 || true
    [[ ${NATIVE:-} == required ]] && exit 1
    exit 0
}

compiler=${CXX:-c++}
command -v "$compiler" >/dev/null || skip "no C++ compiler (Debian: apt-get install g++)"

include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
has_header() { # jpeglib.h needs FILE and size_t declared before it.
    printf '#include <cstdio>\n#include <%s>\n' "$1" | "$compiler" -x c++ -I "$include" -E - >/dev/null 2>&1
}
for header in jpeglib.h:libjpeg62-turbo-dev zlib.h:zlib1g-dev Python.h:python3-dev; do
    has_header "${header%:*}" || skip "no ${header%:*} (Debian: apt-get install ${header#*:})"
done
has_header webp/demux.h ||
    echo 'WebP takes the reference path in Python: no webp/demux.h (Debian: apt-get install libwebp-dev).' >&2

"$python" -m pip --disable-pip-version-check install --root-user-action=ignore --force-reinstall --no-deps "./$package" \
    >"$log" 2>&1 || skip "the build failed (see $log)"
touch "$venv/.imaging"
