#!/usr/bin/env bash
# Installs cargo-leptos and the wasm-bindgen command that fits Cargo.lock; only `make dev` needs them.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=setup/apt.sh
source ./apt.sh

leptos_version=0.3.11
# cargo-leptos runs the first wasm-bindgen on PATH, and it must be of the very version the code was compiled with.
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' ../Cargo.lock)
tools=${XDG_CACHE_HOME:-$HOME/.cache}/parlor/tools
mkdir -p "$tools"
export PATH=$tools/bin:$PATH

# has COMMAND… VERSION: whether the command answers with this version.
has() {
  local version=${*: -1}
  "${@:1:$#-1}" --version 2>/dev/null | grep -qwF "$version"
}

missing=()
if has cargo leptos "$leptos_version"; then
  echo "cargo-leptos: $leptos_version is there already"
else
  missing+=("cargo-leptos@$leptos_version")
fi
if has wasm-bindgen "$bindgen_version"; then
  echo "cargo-leptos: wasm-bindgen $bindgen_version is there already"
else
  missing+=("wasm-bindgen-cli@$bindgen_version")
fi
if ((${#missing[@]} == 0)); then
  exit 0
fi

if command -v cargo-binstall >/dev/null; then
  echo "cargo-leptos: downloading ${missing[*]} into $tools"
  cargo binstall --no-confirm --root "$tools" "${missing[@]}"
  exit 0
fi

# cargo-leptos needs Rust 1.96; Debian's current compiler will do where the usual one is older.
cargo=(cargo)
minor=$(rustc --version | cut -d. -f2)
if ((minor < 96)); then
  install_packages cargo-leptos rustc-web cargo-web
  cargo=(env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc /usr/bin/cargo)
fi
# As published both are compiled with full optimisation, which takes four times as long and makes no difference in use.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0
export CARGO_PROFILE_RELEASE_DEBUG=false CARGO_TARGET_DIR=$tools/target
# A folder of its own keeps the settings of this checkout out of the build.
cd "$tools"
for package in "${missing[@]}"; do
  echo "cargo-leptos: compiling $package into $tools (about ten minutes on two cores)"
  case $package in
    cargo-leptos@*) "${cargo[@]}" install --root "$tools" --locked --features no_downloads "$package" ;;
    *) "${cargo[@]}" install --root "$tools" "$package" ;;
  esac
done
rm -rf "$CARGO_TARGET_DIR"
