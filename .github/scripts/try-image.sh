#!/usr/bin/env bash
# Runs an image as it is to be run in earnest, asks it about the sample card and stops it: try-image.sh TARGET
# TARGET is one of docker/docker-bake.hcl: embedded-onnx, or embedded-onnx-functions for the one on the Functions host.
# IMAGE names another image than satchel:TARGET; REMOTE_IMAGE another than satchel:embedded-onnx, which `thin` asks.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=$1
image=${IMAGE:-satchel:$target}
remote=${REMOTE_IMAGE:-satchel:embedded-onnx}
azurite=mcr.microsoft.com/azure-storage/azurite:3.35.0
name=satchel-try
url=http://127.0.0.1:8080
predict=$url/models/card_elements/predict
sample=models/samples/booking.png
folder=$(mktemp -d)

hardened=(--cap-drop ALL --security-opt no-new-privileges --memory 2g)
sealed=("${hardened[@]}" --read-only --tmpfs /tmp)
network=(--network "container:$name-network")
settings=()

finish() {
    local code=$?
    if ((code)); then
        for part in remote storage app; do
            echo "== $part" >&2
            docker logs --tail 100 "$name-$part" >&2 2>/dev/null || true
        done
    fi
    docker rm --force "$name-app" "$name-remote" "$name-storage" "$name-network" >/dev/null 2>&1 || true
    rm -rf "$folder" 2>/dev/null || sudo rm -rf "$folder" # the host may have written there as another user
    exit "$code"
}
trap finish EXIT

wait_for() { # URL SECONDS
    for _ in $(seq "$2"); do
        curl --silent --fail --output /dev/null "$1" && return
        sleep 1
    done
    echo "$target: $1 does not answer 200 within $2 s" >&2
    return 1
}

status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }

ask() { # CURL-ARGUMENT ... : the answer has one of each kind that the sample shows
    curl --silent --show-error --fail-with-body --header 'Content-Type: image/png' --data-binary "@$sample" "$@" "$predict" |
        tee "$folder/answer.json"
    echo
    jq --exit-status '["button", "checkbox", "dropdown", "image", "radiobutton"] - [.predictions[].label] == []' \
        "$folder/answer.json" >/dev/null
}

# All containers share one network, so that they meet at 127.0.0.1 and one port is published.
docker run --detach --name "$name-network" --no-healthcheck --publish 127.0.0.1:8080:8080 --publish 127.0.0.1:9000:9000 \
    --entrypoint sleep "$image" infinity >/dev/null

if [[ $target == gpu ]]; then
    if docker run --rm "${sealed[@]}" --entrypoint satchel "$image" serve >"$folder/refusal" 2>&1; then
        echo "$target: it started without a GPU" >&2
        exit 1
    fi
    cat "$folder/refusal"
    grep -q SATCHEL_DEVICE "$folder/refusal" # the sentence names the way out
fi
[[ $target != gpu* ]] || settings+=(--env SATCHEL_DEVICE=cpu)
if [[ $target == thin* ]]; then
    docker run --detach --name "$name-remote" "${network[@]}" "${sealed[@]}" --env SATCHEL_PORT=9000 "$remote" >/dev/null
    wait_for http://127.0.0.1:9000/health/ready 60
    settings+=(--env SATCHEL_REMOTE_URL=http://127.0.0.1:9000)
fi

docker run --rm "${network[@]}" "${sealed[@]}" "${settings[@]}" --volume "$PWD/models/samples:/samples:ro" \
    --entrypoint satchel "$image" check --image "/samples/$(basename "$sample")"

if [[ $target == *-functions ]]; then
    # A key of our own in the file that the host would make; its storage is an emulator on the same network.
    # https://github.com/Azure/azure-functions-host: FUNCTIONS_SECRETS_PATH, AzureWebJobsSecretStorageType
    secrets=$folder/secrets
    mkdir "$secrets"
    chmod a+x "$folder"
    key=$(openssl rand -hex 24)
    jq --null-input --arg key "$key" '{name: "default", value: $key, encrypted: false}
        | {masterKey: (. + {name: "master"}), functionKeys: [.], systemKeys: []}' >"$secrets/host.json"
    chmod -R a+rwX "$secrets"
    docker run --detach --name "$name-storage" "${network[@]}" "$azurite" azurite --location /data --skipApiVersionCheck >/dev/null
    # Not read-only: the .NET host keeps keys and logs under /home.
    docker run --detach --name "$name-app" "${network[@]}" "${hardened[@]}" "${settings[@]}" --volume "$secrets:/secrets" \
        --env AzureWebJobsStorage=UseDevelopmentStorage=true --env AzureWebJobsSecretStorageType=Files \
        --env FUNCTIONS_SECRETS_PATH=/secrets --env AzureFunctionsJobHost__Logging__Console__IsEnabled=true "$image" >/dev/null
    wait_for "$url/health/live" 120
    wait_for "$url/health/ready" 120
    code=$(status --data-binary "@$sample" "$predict")
    [[ $code == 401 ]] || { echo "$target: without a key the host answered $code, not 401" >&2; exit 1; }
    ask --header "x-functions-key: $key"
else
    docker run --detach --name "$name-app" "${network[@]}" "${sealed[@]}" "${settings[@]}" "$image" >/dev/null
    wait_for "$url/health/ready" 60
    ask
    docker stop -t 45 "$name-app" >/dev/null
    code=$(docker inspect --format '{{.State.ExitCode}}' "$name-app")
    [[ $code == 0 || $code == 143 ]] || { echo "$target: SIGTERM ended it with $code" >&2; exit 1; }
fi
echo "$target: right"
