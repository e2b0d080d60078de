#!/usr/bin/env bash
# Runs every test program of the given build folders and closes with one line: "N passed, N failed, N skipped". A folder whose
# name holds "asan" halts on the first report. The exit status is 1 when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export OMMA_PARITY_DIR="${OMMA_PARITY_DIR:-build/parity}"
passed=0 failed=0 skipped=0
count() { sed -n "s/^\[ *$2 *\] \([0-9][0-9]*\) tests\{0,1\}[.,].*/\1/p" "$1" | tail -n 1; }
for folder in "$@"; do
  while IFS= read -r program; do
    name=$(basename "$program")
    log="$folder/$name.log"
    started=$(date +%s.%N)
    "$program" --gtest_brief=0 >"$log" 2>&1
    status=$?
    p=$(count "$log" PASSED) f=$(count "$log" FAILED) s=$(count "$log" SKIPPED)
    [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ] && f=1   # crashed before its summary
    printf '%-11s %-34s %4s passed %3s failed %3s skipped  %6.1f s\n' "$(basename "$folder")" "$name" "${p:-0}" "${f:-0}" "${s:-0}" \
      "$(echo "$(date +%s.%N) $started" | awk '{print $1 - $2}')"
    if [ "$status" -ne 0 ]; then grep -v -E '^\[ +(OK|RUN) +\]|^\[-+\]' "$log" | tail -n 60; fi
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
  done < <(find "$folder/tests" -type f -name 'omma_*_test' -perm -u+x | sort)
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
