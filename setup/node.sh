#!/usr/bin/env bash
# Installs a folder's npm packages from its lock file, when that has changed: setup/node.sh FOLDER.
set -euo pipefail

folder=${1:?say which folder: setup/node.sh FOLDER}
if ! command -v npm >/dev/null; then
  echo "node: npm is missing: please install Node 20 or newer" >&2
  exit 1
fi
if (($(node --print 'process.versions.node.split(".")[0]') < 20)); then
  echo "node: $(node --version) is too old: please install Node 20 or newer" >&2
  exit 1
fi
cd "$folder"
stamp=node_modules/.parlor-lock
if cmp -s package-lock.json "$stamp"; then
  echo "node: $folder has its npm packages already"
  exit 0
fi
echo "node: installing the npm packages of $folder"
# No install script runs: no package here needs one, and none could then do harm.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp package-lock.json "$stamp"
