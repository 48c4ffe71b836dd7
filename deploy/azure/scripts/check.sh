#!/bin/sh
# Ends with a sentence if what azd's environment asks for cannot work; infra/main.bicep refuses the same.
set -eu

refuse() {
    echo "$*" >&2
    exit 1
}

plan=${DEPLOY_PLAN:-container-apps}
case $plan in
    container-apps | container-apps-gpu | premium | dedicated) ;;
    flex-consumption | consumption)
        refuse "The plan $plan cannot run an image that holds the Functions host, as ours does." \
            "Choose one that can: azd env set DEPLOY_PLAN container-apps (or container-apps-gpu, premium, dedicated)."
        ;;
    *) refuse "There is no plan $plan. DEPLOY_PLAN is container-apps, container-apps-gpu, premium or dedicated." ;;
esac

case ${DEPLOY_IMAGE:-} in
    '' | *@sha256:*) ;;
    *) refuse "DEPLOY_IMAGE is $DEPLOY_IMAGE, which is not a digest. A tag may move under a running app: use name@sha256:..." ;;
esac

if [ "$plan" = container-apps-gpu ] && [ -z "${SATCHEL_API_KEYS:-}" ]; then
    refuse "On container-apps-gpu there are no function keys. Make a key with 'satchel key'," \
        "and give its digest: azd env set SATCHEL_API_KEYS DIGEST."
fi

if [ "${SATCHEL_MODE:-embedded}" = remote ] && [ -z "${SATCHEL_REMOTE_URL:-}" ]; then
    refuse "Remote mode needs the endpoint of the service that runs the models: azd env set SATCHEL_REMOTE_URL https://..."
fi
