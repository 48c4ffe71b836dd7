#!/usr/bin/env bash
# Gives images their names, and says which digest each names: tag-images.sh FROM TO VERSION DIGESTS
# DIGESTS is a folder with a file for each target; FROM holds those digests, TO gets VERSION-TARGET (it may be FROM).
set -Eeuo pipefail

from=$1 to=$2 version=$3 digests=$4

for file in "$digests"/*; do
    digest=$(<"$file")
    tag=$to:$version-$(basename "$file")
    docker buildx imagetools create --tag "$tag" "$from@$digest" >&2
    [[ $(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$tag") == "$digest" ]] ||
        { echo "$tag does not name $digest" >&2; exit 1; }
    echo "$tag $to@$digest"
done
