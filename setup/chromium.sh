#!/usr/bin/env bash
# Makes sure that Debian's Chromium is there, in which the browser tests run.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=setup/apt.sh
source ./apt.sh

if [[ -x /usr/bin/chromium ]]; then
  echo "chromium: /usr/bin/chromium is there already"
  exit 0
fi
# Without a font Chromium lays out empty boxes, and a minimal machine has none.
install_packages chromium chromium fonts-dejavu-core
