#!/bin/sh
# Writes what a target can run of every bundle in bundles/ to /models: bundles.sh OPTIONS-OF-SATCHEL-SLIM
# bundles/ is a bundle itself, or holds bundles, as directories, with versions below them, or as .satchel files.
set -eu

if [ -f bundles/bundle.json ]; then
    satchel slim bundles "$@" -o /models
    exit
fi
find bundles -name bundle.json -o -name '*.satchel' | while read -r found; do
    bundle=${found%/bundle.json}
    mkdir -p "$(dirname "/models/${bundle#bundles/}")"
    satchel slim "$bundle" "$@" -o "/models/${bundle#bundles/}"
done
[ -d /models ] || { echo "BUNDLE holds no bundle: name a directory with a bundle.json, or with such directories" >&2 && exit 1; }
