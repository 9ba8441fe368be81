#!/usr/bin/env bash
# Formatting, clippy for the server's side and for both bundles, and cargo-deny. Runs everything, then tells what failed.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()

# check NAME COMMAND…: runs one check.
check() {
  echo "lint: $1"
  "${@:2}" || failed+=("$1")
}

check "formatting" cargo fmt --all --check
check "clippy, server's side" cargo clippy --workspace --exclude parlor-frontend --all-targets -- --deny warnings

# The browser's side is checked for its own target where the library is there; clippy belongs to the current toolchain.
target=()
if compgen -G "$(rustc --print target-libdir --target wasm32-unknown-unknown)/libstd-*" >/dev/null; then
  target=(--target wasm32-unknown-unknown)
fi
for bundle in widget inbox; do
  check "clippy, $bundle bundle" cargo clippy --package parlor-frontend --package parlor-app --lib "${target[@]}" \
    --no-default-features --features "parlor-frontend/$bundle,parlor-app/$bundle" -- --deny warnings
done

if cargo deny --version >/dev/null 2>&1; then
  # Advisories are fetched from a git host that may be out of reach; CI for a public host can add them.
  check "cargo deny" cargo deny --workspace check bans licenses sources
else
  echo "lint: cargo-deny is not installed: bans, licences and sources of the dependencies were not checked"
fi

if ((${#failed[@]} > 0)); then
  printf 'lint: failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "lint: all is well"
