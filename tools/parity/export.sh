#!/usr/bin/env bash
# Runs every exporter of this folder into the folder given, each again only when it, the exporters it borrows from, its own folder (NAME/
# beside NAME.py), this script or the pinned versions changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:?usage: export.sh OUT}
mkdir -p "$out"
for exporter in tools/parity/*.py; do
  name=$(basename "$exporter" .py)
  case "$name" in check_*) continue ;; esac  # checks are run by tests
  sources=("$exporter" "$0" tools/requirements.txt)
  for borrowed in $(sed -nE 's/^ *(from|import) ([a-z_]+).*/\2/p' "$exporter"); do
    [ -f "tools/parity/$borrowed.py" ] && sources+=("tools/parity/$borrowed.py")
  done
  [ -d "${exporter%.py}" ] && sources+=("${exporter%.py}"/*.py tools/requirements-*.txt)
  stamp="$out/.$name-$(cat "${sources[@]}" | sha256sum | cut -c1-16)"
  [ -f "$stamp" ] && continue
  echo "[parity] $name"
  rm -rf "$out/.$name"-* "${out:?}/$name"  # a case that is no longer written must not stay to be read
  HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error .venv/bin/python "$exporter" --out "$out"
  touch "$stamp"
done
