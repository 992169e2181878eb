#!/usr/bin/env bash
# Makes virtual environments with releases of the public client, each with hf_xet and (-plain) without.
# Usage: client_venvs.sh FOLDER PYTHON RELEASE... ("newest" is what the package index has today)
set -euo pipefail
folder=$1 python=$2
shift 2
for release in "$@"; do
  wanted="huggingface_hub==$release"
  [ "$release" = newest ] && wanted=huggingface_hub
  for name in "$release" "$release-plain"; do
    home="$folder/$name"
    if [ ! -e "$home/.ready" ]; then
      "$python" -m venv "$home"
      "$home/bin/pip" install -q "$wanted" hf_xet
      case "$name" in *-plain) "$home/bin/pip" uninstall -q -y hf_xet ;; esac
      touch "$home/.ready"
    fi
  done
done
