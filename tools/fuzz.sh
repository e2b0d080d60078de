#!/usr/bin/env bash
# Builds every fuzz target with clang and runs each for the given number of seconds on its seed corpus. A finding ends the run with
# status 1 and lies in build/fuzz/findings/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
for package in clang libclang-rt-14-dev; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' && continue
  as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
done
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target fuzzers
mkdir -p build/fuzz/findings
for program in $(find build/fuzz -type f -name 'fuzz_*' -perm -u+x | sort); do
  name=$(basename "$program")
  corpus=build/fuzz/corpus/${name#fuzz_}
  mkdir -p "$corpus"
  echo "[fuzz] $name for $seconds s"
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=build/fuzz/findings/ \
    "$corpus" "tests/fuzz/corpus/${name#fuzz_}" 2>&1 | grep -E 'SUMMARY|stat::number_of_executed_units|ERROR' || true
  [ -z "$(ls -A build/fuzz/findings)" ] || { ls build/fuzz/findings; exit 1; }
done
