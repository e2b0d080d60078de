#!/usr/bin/env bash
# omma beside transformers, interleaved in one run; then the micro benchmarks.
set -euo pipefail
build=${1:?usage: bench.sh BUILD_FOLDER}
for peer in bench/peer_*.py; do .venv/bin/python "$peer" --omma "$build/apps/omma"; done
"$build/bench/omma_bench" --benchmark_min_time=0.5
