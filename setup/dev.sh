#!/usr/bin/env bash
# Runs `cargo leptos watch` with the built-in HubSpot sandbox: the page reloads when a source changes.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${XDG_CACHE_HOME:-$HOME/.cache}/parlor/tools
export PATH=$tools/bin:$PWD/xtask/node_modules/.bin:$PATH
# cargo-leptos compiles both sides with one toolchain, which must be the one that knows WASM.
if [[ -z ${RUSTUP_TOOLCHAIN:-} ]] && ! compgen -G "$(rustc --print target-libdir --target wasm32-unknown-unknown)/libstd-*" >/dev/null; then
  export RUSTUP_TOOLCHAIN=debian
fi
echo "dev: cargo leptos watch -- serve --sandbox${RUSTUP_TOOLCHAIN:+ (toolchain $RUSTUP_TOOLCHAIN)}"
exec cargo leptos watch -- serve --sandbox
