#!/usr/bin/env bash
# omma beside transformers, interleaved in one run; then the micro benchmarks.
set -euo pipefail
build=${1:?usage: bench.sh BUILD_FOLDER}
.venv/bin/python bench/peer_grounding_dino.py --omma "$build/apps/omma"
"$build/bench/omma_bench" --benchmark_min_time=0.5
