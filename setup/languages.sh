#!/usr/bin/env bash
# Brings PHP and Ruby where they can be installed: a test runs the examples of docs/identity.md. Where they cannot, it leaves those
# examples out and says so; nothing else needs them.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
# shellcheck source=setup/apt.sh
source ./apt.sh

missing=()
command -v php >/dev/null || missing+=(php-cli)
command -v ruby >/dev/null || missing+=(ruby)
command -v python3 >/dev/null || missing+=(python3)
if ((${#missing[@]} == 0)); then
  echo "languages: php, ruby and python3 are there already"
  exit 0
fi
install_packages languages "${missing[@]}" || echo "languages: the examples in ${missing[*]} will not be run"
