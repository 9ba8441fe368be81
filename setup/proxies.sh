#!/usr/bin/env bash
# Makes sure that nginx, Caddy and openssl (for a certificate) are there: a test runs the examples of docs/deploy.md.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=setup/apt.sh
source ./apt.sh

missing=()
command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]] || missing+=(nginx)
command -v caddy >/dev/null || missing+=(caddy)
command -v openssl >/dev/null || missing+=(openssl)
if ((${#missing[@]} == 0)); then
  echo "proxies: nginx, caddy and openssl are there already"
  exit 0
fi
# Debian starts a service it installs. The tests start their own on ports of their own; a service on port 80 is not wanted.
policy=/usr/sbin/policy-rc.d
if ((EUID == 0)) && [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
install_packages proxies "${missing[@]}"
