#!/usr/bin/env bash
# Makes sure that some Rust toolchain here can compile to WASM: the current one, else rustup's download, else Debian's.
#
# There is no rust-toolchain.toml that names the target: where rustup cannot reach its server, such a file makes every
# plain `cargo` fail, because rustup tries to download what is missing first (unless RUSTUP_AUTO_INSTALL=0 is set).
# `cargo xtask web` looks for a fitting toolchain itself.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=setup/apt.sh
source ./apt.sh

target=wasm32-unknown-unknown
# The least version of Rust that compiles the project, as Cargo.toml says.
least=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' ../Cargo.toml)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/parlor

# compiles RUSTC [ARGUMENT…]: whether this compiler can compile and link a library for the browser.
compiles() {
  local scratch status=0
  scratch=$(mktemp -d)
  echo 'pub fn answer() -> String { String::from("42") }' |
    "$@" --target "$target" --crate-type cdylib --crate-name probe -o "$scratch/probe.wasm" - >/dev/null 2>&1 || status=1
  rm -rf "$scratch"
  return "$status"
}

# version_of RUSTC [ARGUMENT…]: its version; nothing for a compiler that does not answer.
version_of() {
  "$@" --version 2>/dev/null | cut -d' ' -f2
}

# is_new_enough VERSION: whether that is the least version or a later one.
is_new_enough() {
  [[ $(printf '%s\n%s\n' "$least" "$1" | sort -V | head -n 1) == "$least" ]]
}

# A compiler that is too old for the server is of no use to the browser's side either, whatever it can compile to.
version=$(version_of rustc || true)
if [[ -n $version ]] && ! is_new_enough "$version"; then
  echo "wasm: rustc $version is too old: Parlor needs Rust $least or newer; run rustup update, or install Rust from https://rustup.rs." >&2
  exit 1
fi
if command -v rustc >/dev/null && compiles rustc; then
  echo "wasm: $(rustc --version) compiles to WASM already"
  exit 0
fi
has_rustup=false
if command -v rustup >/dev/null; then
  has_rustup=true
  if is_new_enough "$(version_of rustup run debian rustc || true)" && compiles rustup run debian rustc; then
    echo "wasm: the toolchain \"debian\" ($(rustup run debian rustc --version)) compiles to WASM already"
    exit 0
  fi
  echo "wasm: asking rustup for the target $target"
  if timeout 120 rustup target add "$target" >/dev/null 2>&1 && compiles rustc; then
    echo "wasm: rustup has added the target"
    exit 0
  fi
  echo "wasm: rustup cannot download it here; building WASM's standard library from Debian's sources instead (about a minute)"
fi

# Debian's current compiler, its cargo and the library's sources move together; the linker's name carries LLVM's version.
install_packages wasm rustc-web cargo-web rust-web-src rust-web-llvm
if ! command -v rust-lld >/dev/null; then
  # /usr/bin/rust-lld is a link to the name of the linker that this compiler goes with, which no package depends on.
  install_packages wasm "$(basename "$(readlink /usr/bin/rust-lld)")"
fi

version=$(version_of /usr/bin/rustc)
if ! is_new_enough "$version"; then
  echo "wasm: Debian's rustc-web is $version and too old: Parlor needs Rust $least or newer; run rustup target add $target where rustup can download it." >&2
  exit 1
fi
if ! compiles /usr/bin/rustc; then
  sources=/usr/src/rustc-$version/library
  if [[ ! -d $sources ]]; then
    echo "wasm: $sources is missing: rust-web-src and rustc-web are of different versions; run apt-get upgrade." >&2
    exit 1
  fi
  work=$cache/wasm-std-$version
  rm -rf "$work"
  mkdir -p "$work"
  cp -r "$sources" "$work/library"
  # Debian's copy of the vendored crates lacks dev-dependencies, which cargo wants to see; the lock file pins them all.
  rm -rf "$work/library/vendor"
  echo "wasm: building the standard library of Rust $version for $target"
  if ! (
    cd "$work/library"
    # A toolchain or flags chosen for the project are not meant for the standard library.
    unset CARGO_BUILD_TARGET CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER RUSTUP_TOOLCHAIN
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_PROFILE_RELEASE_DEBUG=0 __CARGO_DEFAULT_LIB_METADATA=stablestd
    export RUSTFLAGS="-Cembed-bitcode=yes -Zforce-unstable-if-unmarked -Cpanic=abort"
    /usr/bin/cargo build --release --locked --target "$target" -p sysroot \
      --features "panic-unwind compiler-builtins-mem" --target-dir "$work/out"
  ) >"$work/build.log" 2>&1; then
    tail -n 30 "$work/build.log" >&2
    echo "wasm: the standard library did not build; the whole log is $work/build.log" >&2
    exit 1
  fi
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "wasm: please run setup/wasm.sh as root once: the library goes to /usr/lib/rustlib." >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  library=/usr/lib/rustlib/$target/lib
  # Libraries of an earlier compiler version would be found beside the new ones and refused.
  "${as_root[@]}" rm -rf "$library"
  "${as_root[@]}" mkdir -p "$library"
  "${as_root[@]}" cp "$work/out/$target"/release/deps/*.rlib "$library/"
  rm -rf "$work"
  if ! compiles /usr/bin/rustc; then
    echo "wasm: the library was built and copied to $library, yet a small program does not link:" >&2
    echo 'pub fn answer() {}' | /usr/bin/rustc --target "$target" --crate-type cdylib --crate-name probe -o /dev/null - >&2 || true
    exit 1
  fi
fi
if $has_rustup; then
  rustup toolchain link debian /usr
  echo "wasm: done; the toolchain \"debian\" ($version) compiles to WASM"
else
  echo "wasm: done; /usr/bin/rustc ($version) compiles to WASM"
fi
