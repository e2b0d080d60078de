#!/usr/bin/env bash
# Runs every exporter of this folder into the folder given, JOBS at a time, each again only when it, the exporters it borrows from, its
# own folder (NAME/ beside NAME.py), this script or the pinned versions changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:?usage: export.sh OUT}
mkdir -p "$out"

# run_exporter EXPORTER OUT
run_exporter() {
  set -euo pipefail
  local exporter=$1 out=$2 name stamp sources
  name=$(basename "$exporter" .py)
  sources=("$exporter" tools/parity/export.sh tools/requirements.txt)
  for borrowed in $(sed -nE 's/^ *(from|import) ([a-z_]+).*/\2/p' "$exporter"); do
    [ -f "tools/parity/$borrowed.py" ] && sources+=("tools/parity/$borrowed.py")
  done
  [ -d "${exporter%.py}" ] && sources+=("${exporter%.py}"/*.py tools/requirements-*.txt)
  stamp="$out/.$name-$(cat "${sources[@]}" | sha256sum | cut -c1-16)"
  [ -f "$stamp" ] && return
  echo "[parity] $name"
  rm -rf "$out/.$name"-* "${out:?}/$name"  # a case that is no longer written must not stay to be read
  HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error OMP_NUM_THREADS=1 .venv/bin/python "$exporter" --out "$out"
  touch "$stamp"
}
export -f run_exporter

# check_* are run by tests. xargs ends with 123 where an exporter failed.
for exporter in tools/parity/*.py; do
  case "$(basename "$exporter")" in check_*) ;; *) echo "$exporter" ;; esac
done | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_exporter "$@"' run_exporter {} "$out"
