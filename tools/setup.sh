#!/usr/bin/env bash
# Installs what omma needs on Debian 12 or Ubuntu 24.04, once: system packages (as root or with sudo), then a Python virtual
# environment in .venv with LibTorch and the tools. Running it again does nothing. OMMA_TORCH_DIR=/path/to/libtorch skips the
# wheel's LibTorch for the build (the tools still use their own).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m[setup]\033[0m %s\n' "$*"; }

install_packages() {
  local missing=() name
  for name in $(grep -v '^#' tools/packages.txt); do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# PyTorch's CPU build is 200 MB, PyPI's default build several GB. pip prefers the local version "+cpu" where it can see one: a
# wheel folder that pip is set up with, or PyTorch's own index when that answers within seconds.
torch_index() {
  local index=https://download.pytorch.org/whl/cpu
  if python3 - "$index/torch/" <<'PY' 2>/dev/null; then echo "--extra-index-url=$index"; fi
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5).read(64)
PY
}

# make_environment DIR REQUIREMENTS [PIP'S OPTION]...
make_environment() {
  local dir=$1 requirements=$2 stamp index=""
  shift 2
  stamp="$dir/.installed-$(sha256sum < "$requirements" | cut -c1-16)"
  [ -f "$stamp" ] && return
  say "creating the Python environment $dir from $requirements"
  python3 -m venv "$dir"
  grep -q '^torch==' "$requirements" && index=$(torch_index)
  # shellcheck disable=SC2086
  "$dir/bin/pip" install --quiet --disable-pip-version-check $index "$@" -r "$requirements"
  touch "$stamp"
}

install_packages
make_environment .venv tools/requirements.txt
make_environment .venv-transformers4 tools/requirements-transformers4.txt
make_environment .venv-mobilesam tools/requirements-mobilesam.txt --no-deps
make_environment .venv-peft tools/requirements-peft.txt --no-deps
make_environment .venv-llava tools/requirements-llava.txt --no-deps
make_environment .venv-lavis tools/requirements-lavis.txt --no-deps
make_environment .venv-exports tools/requirements-exports.txt --no-deps
# These borrow torch and numpy from the first environment.
for site in .venv-{transformers4,mobilesam,peft,llava,lavis,exports}/lib/python3*/site-packages; do
  [ -f "$site/torch.pth" ] || realpath .venv/lib/python3*/site-packages > "$site/torch.pth"
done
