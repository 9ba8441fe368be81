# shellcheck shell=bash
# Installs Debian packages that are missing, as root or with sudo; sourced by the scripts beside it.

# missing_packages NAME…: prints those that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
  done
}

# install_packages WHY NAME…: installs what is missing, and fails with a plain sentence when it cannot.
install_packages() {
  local why=$1 as_root=()
  shift
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "$why: please install $* by hand: this machine has no apt-get." >&2
    return 1
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "$why: please run as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "$why: installing ${missing[*]}"
  # The package lists of a fresh machine are often empty or old; refreshing them costs seconds.
  # --no-remove: nothing that stands on this machine is taken away for Parlor.
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-remove --no-install-recommends "${missing[@]}" >/dev/null; }; then
    echo "$why: apt-get could not install ${missing[*]}; its message stands above." >&2
    return 1
  fi
}
