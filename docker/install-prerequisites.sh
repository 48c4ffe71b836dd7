#!/usr/bin/env bash
# Makes an Ubuntu or Debian host ready for Satchel's images: Docker Engine with compose and buildx, out of Docker's apt repository,
# and NVIDIA's container toolkit where it is asked for.
#
#   docker/install-prerequisites.sh [--gpu] [--check | --dry-run]
#
#   --check    only says what is there and what is not; exits with 1 where something is not
#   --dry-run  prints the commands instead of running them
#   --gpu      NVIDIA's container toolkit, too; the driver must be there already
#
# What is there already is left as it is, so that it may be called again. OS_RELEASE names another file than /etc/os-release.
set -Eeuo pipefail

OS_RELEASE=${OS_RELEASE:-/etc/os-release}
DOCKER_SOURCE=/etc/apt/sources.list.d/docker.sources
DOCKER_KEY=/etc/apt/keyrings/docker.asc
NVIDIA_SOURCE=/etc/apt/sources.list.d/nvidia-container-toolkit.sources
NVIDIA_KEY=/etc/apt/keyrings/nvidia-container-toolkit.asc
NVIDIA_URL=https://nvidia.github.io/libnvidia-container
# Health checks have had a start interval since Engine 25; compose knows since 2.24 all that docker/compose.yaml says.
ENGINE_LEAST=25.0
COMPOSE_LEAST=2.24

gpu=no
mode=install
for argument in "$@"; do
    case $argument in
    --gpu) gpu=yes ;;
    --check) mode=check ;;
    --dry-run) mode=dry-run ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) echo "unknown argument $argument; --help lists those there are" >&2 && exit 2 ;;
    esac
done

fail() { echo "$1" >&2 && exit 1; }
has() { command -v "$1" >/dev/null; }
field() { sed -n "s/^$1=//p" "$OS_RELEASE" | tr -d "\"'"; }
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; } # at_least VERSION LEAST

# --- Which system it is.
[[ -r $OS_RELEASE ]] || fail "There is no $OS_RELEASE: this installs on Ubuntu and Debian only."
id=$(field ID)
codename=$(field VERSION_CODENAME)
case $id in
ubuntu | debian) ;;
*) fail "This installs on Ubuntu and Debian only, and this is $(field PRETTY_NAME): see https://docs.docker.com/engine/install/ for it." ;;
esac
[[ -n $codename ]] || fail "$OS_RELEASE names no VERSION_CODENAME, without which there is no apt repository to take from."
architecture=$(dpkg --print-architecture)
case $architecture in
amd64 | arm64) ;;
*) fail "Satchel's images are for amd64 and arm64, and this is $architecture." ;;
esac

# --- What is there. `missing` becomes a list of what is not.
missing=()
report() { # report NAME VERSION LEAST
    if [[ -z $2 ]]; then
        missing+=("$1") && echo "missing  $1"
    elif at_least "$2" "$3"; then
        echo "ok       $1 $2"
    else
        missing+=("$1") && echo "too old  $1 $2, of which $3 is wanted"
    fi
}
version() { "$@" 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; } # the first in what a command says

echo "ok       $id $codename, $architecture"
report engine "$(version docker --version)" "$ENGINE_LEAST"
report compose "$(version docker compose version --short)" "$COMPOSE_LEAST"
report buildx "$(version docker buildx version)" 0.8
if [[ $gpu == yes ]]; then
    report driver "$(version nvidia-smi --query-gpu=driver_version --format=csv,noheader)" 1.0
    report toolkit "$(version nvidia-ctk --version)" 1.14
fi
needs() { [[ " ${missing[*]-} " == *" $1 "* ]]; }

if ! needs engine; then
    if ! runtimes=$(docker info --format '{{json .Runtimes}}' 2>/dev/null); then
        # Said, not mended: it may be stopped on purpose, or this user kept out of it.
        echo "note     the engine does not answer $(id -un): is it running, and is that user in the group docker?"
    elif [[ $gpu == yes && $runtimes != *'"nvidia"'* ]]; then
        missing+=(runtime) && echo "missing  runtime nvidia in the engine's configuration"
    fi
fi

if ((${#missing[@]} == 0)); then
    echo "All that is needed is there."
    exit
fi
[[ $mode != check ]] || exit 1

# --- What stands in the way.
if needs driver; then
    fail "There is no NVIDIA driver that answers: install it first (Ubuntu: sudo ubuntu-drivers install), start the host anew, and come back."
fi
foreign=()
for package in docker.io docker-compose docker-compose-v2 docker-buildx docker-doc podman-docker; do
    if dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then foreign+=("$package"); fi
done
if needs engine || needs compose || needs buildx; then
    ((${#foreign[@]} == 0)) || fail "Packages of $id stand in the way of Docker's own: sudo apt-get remove ${foreign[*]} (containers stop, images and volumes stay), and come back."
fi

# --- Doing it.
sudo=()
if [[ $EUID != 0 ]]; then
    has sudo || [[ $mode == dry-run ]] || fail "This must run as root, or where there is sudo."
    sudo=(sudo)
fi
run() {
    if [[ $mode == dry-run ]]; then
        echo "${sudo[*]}${sudo[*]:+ }$*"
    else
        "${sudo[@]}" "$@"
    fi
}
write() { # write FILE: what comes in
    if [[ $mode == dry-run ]]; then
        echo "${sudo[*]}${sudo[*]:+ }tee $1 <<END"
        cat
        echo END
    else
        "${sudo[@]}" tee "$1" >/dev/null
    fi
}
repository() { # repository KEY-URL KEY SOURCE: the source's text comes in
    run install -m 0755 -d /etc/apt/keyrings
    run curl --fail --silent --show-error --location "$1" --output "$2"
    run chmod a+r "$2"
    write "$3"
}
install_packages() { run env DEBIAN_FRONTEND=noninteractive apt-get install --yes "$@"; }

run apt-get update
install_packages ca-certificates curl
if needs engine || needs compose || needs buildx; then
    repository "https://download.docker.com/linux/$id/gpg" "$DOCKER_KEY" "$DOCKER_SOURCE" <<END
Types: deb
URIs: https://download.docker.com/linux/$id
Suites: $codename
Components: stable
Architectures: $architecture
Signed-By: $DOCKER_KEY
END
    run apt-get update
    install_packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
    if has systemctl; then run systemctl enable --now docker; fi
fi
if needs toolkit; then
    repository "$NVIDIA_URL/gpgkey" "$NVIDIA_KEY" "$NVIDIA_SOURCE" <<END
Types: deb
URIs: $NVIDIA_URL/stable/deb/$architecture
Suites: /
Signed-By: $NVIDIA_KEY
END
    run apt-get update
    install_packages nvidia-container-toolkit
fi
if [[ $gpu == yes ]] && { needs engine || needs toolkit || needs runtime; }; then
    run nvidia-ctk runtime configure --runtime=docker
    if has systemctl; then run systemctl restart docker; else echo "Restart the Docker engine, so that it takes the runtime up."; fi
fi
[[ $mode == dry-run ]] || echo "Done. Members of the group docker may use it without sudo, and are thereby as good as root: sudo usermod -aG docker $(id -un)"
