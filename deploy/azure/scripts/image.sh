#!/bin/sh
# Puts an image into the registry that `azd provision` made, and notes its digest in azd's environment as DEPLOY_IMAGE.
#
#   DEPLOY_SOURCE=ghcr.io/OWNER/satchel@sha256:...   takes that one, with its digest
#   DEPLOY_TARGET=embedded-onnx                      builds that target of docker/Dockerfile, and pushes it
set -eu

if [ -n "${DEPLOY_IMAGE:-}" ]; then
    echo "The app runs $DEPLOY_IMAGE at ${APP_URL:-an address that azd env get-value APP_URL shows}."
    exit 0
fi

registry=$AZURE_CONTAINER_REGISTRY_NAME
server=$AZURE_CONTAINER_REGISTRY_ENDPOINT
here=$(cd "$(dirname "$0")" && pwd)

if [ -n "${DEPLOY_SOURCE:-}" ]; then
    case $DEPLOY_SOURCE in
        *@sha256:*) digest=${DEPLOY_SOURCE##*@} ;;
        *)
            echo "DEPLOY_SOURCE is $DEPLOY_SOURCE, which is not a digest: use name@sha256:..." >&2
            exit 1
            ;;
    esac
    az acr import --name "$registry" --source "$DEPLOY_SOURCE" --image "satchel:sha256-${digest#sha256:}" --force
else
    target=${DEPLOY_TARGET:-embedded-onnx}
    case ${DEPLOY_PLAN:-container-apps} in
        container-apps-gpu) base=slim target=gpu tag=$target ;;
        *) base=functions tag=$target-functions ;;
    esac
    notes=$(mktemp)
    trap 'rm -f "$notes"' EXIT
    az acr login --name "$registry"
    docker buildx build "$here/../../.." --file "$here/../../../docker/Dockerfile" --platform linux/amd64 \
        --target "$target" --build-arg BASE="$base" --tag "$server/satchel:$tag" --push --provenance=false --metadata-file "$notes"
    digest=$(sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' "$notes")
    if [ -z "$digest" ]; then
        echo "The image was pushed, but docker did not say its digest. Set it by hand: azd env set DEPLOY_IMAGE $server/satchel@sha256:..." >&2
        exit 1
    fi
fi

azd env set DEPLOY_IMAGE "$server/satchel@$digest"
echo "The image is $server/satchel@$digest. Run 'azd provision' once more: it starts the app."
