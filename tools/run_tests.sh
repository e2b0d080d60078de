#!/usr/bin/env bash
# Runs every test program of the given build folders, JOBS at a time, and closes with one line: "N passed, N failed, N skipped". A folder
# whose name holds "asan" halts on the first report. The exit status is 1 when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export OMMA_PARITY_DIR="${OMMA_PARITY_DIR:-build/parity}"
count() { sed -n "s/^\[ *$2 *\] \([0-9][0-9]*\) tests\{0,1\}[.,].*/\1/p" "$1" | tail -n 1; }

# run_one PROGRAM RESULTS: a line about it on stdout (with the failures' text), "passed failed skipped" to a file in RESULTS.
run_one() {
  local program=$1 name folder log started status p f s
  name=$(basename "$program") folder=${program%%/tests/*}
  log="$folder/$name.log" started=$(date +%s.%N)
  "$program" --gtest_brief=0 >"$log" 2>&1
  status=$?
  p=$(count "$log" PASSED) f=$(count "$log" FAILED) s=$(count "$log" SKIPPED)
  [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ] && f=1   # crashed before its summary
  echo "${p:-0} ${f:-0} ${s:-0}" > "$2/$(basename "$folder")-$name"
  {
    printf '%-11s %-34s %4s passed %3s failed %3s skipped  %6.1f s\n' "$(basename "$folder")" "$name" "${p:-0}" "${f:-0}" "${s:-0}" \
      "$(echo "$(date +%s.%N) $started" | awk '{print $1 - $2}')"
    if [ "$status" -ne 0 ]; then grep -v -E '^\[ +(OK|RUN) +\]|^\[-+\]' "$log" | tail -n 60; fi
  } > "$2/$$.text"
  cat "$2/$$.text"   # in one piece, whoever else is printing
}
export -f run_one count

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# The programs of tests/program first: they take the longest.
for folder in "$@"; do find "$folder/tests" -type f -name 'omma_*_test' -perm -u+x; done | sort | awk '!/\/tests\/program\//{later = later $0 "\n"; next} {print} END{printf "%s", later}' |
  xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_one "$@"' run_one {} "$results"
cat "$results"/*_test 2>/dev/null | awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit !(f == 0 && p > 0)}'
