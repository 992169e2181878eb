#!/usr/bin/env bash
# Makes sure that the named Debian packages are installed: installs the missing ones where root,
# otherwise says exactly what to run.
set -euo pipefail
missing=()
for package in "$@"; do
  case "$package" in
    fonts-*) fc-list 2>/dev/null | grep -qi "${package#fonts-}" || dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package") ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=("$package") ;;
    *) command -v "$package" >/dev/null || missing+=("$package") ;;
  esac
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi
echo "Missing programs: ${missing[*]}. Install them and run the command again, for example:" >&2
echo "  sudo apt-get install ${missing[*]}" >&2
exit 1
