# The two commands of the README, and a few for developers. Each installs what is missing first (tools/setup.sh).
.PHONY: demo test build asan parity parity-full bench fuzz format budgets setup smollm2 clean
JOBS ?= $(shell nproc)
SECONDS ?= 60
OMMA := build/release/apps/omma

demo: build            ## a rendered scene, a question, the agent's answer and the picture with boxes
	@tools/demo.sh $(OMMA)

test: build parity asan budgets   ## everything that has to pass
	@timeout 900 .venv/bin/python pull/pull.py smollm2 || echo "smollm2 cannot be fetched: tests that need it are skipped"
	@JOBS=$(JOBS) tools/run_tests.sh build/release build/asan-ubsan

setup:
	@tools/setup.sh

smollm2: setup         ## a small language model that knows English, 98 MB, into the user's cache
	@.venv/bin/python pull/pull.py smollm2

build: setup
	@[ -f build/release/build.ninja ] || cmake --preset release
	@cmake --build build/release -j $(JOBS)

asan: setup            ## the folders without LibTorch, under AddressSanitizer and UBSan
	@[ -f build/asan-ubsan/build.ninja ] || cmake --preset asan-ubsan
	@cmake --build build/asan-ubsan -j $(JOBS)

parity: setup          ## outputs of the reference implementations, which the parity tests compare with
	@tools/parity/export.sh build/parity

parity-full: build     ## the models at their published sizes against transformers: 4 GB of memory
	@for model in grounding_dino blip blip2_generation sam clip llava video_llava; do \
	  HF_HUB_OFFLINE=1 .venv/bin/python tools/parity/$$model.py --full-size --out build/parity && \
	  build/release/tests/parity/*/omma_$${model}_parity_test --gtest_filter='*FullSize*' || exit 1; done

bench: build           ## omma beside transformers, interleaved in one run; then the micro benchmarks
	@tools/bench.sh build/release

fuzz: setup            ## every parser of outside bytes, SECONDS each
	@tools/fuzz.sh $(SECONDS)

format: setup
	@git ls-files '*.h' '*.cpp' '*.cu' | xargs .venv/bin/clang-format -i

budgets: setup         ## formatting and the length budgets of the style guide
	@git ls-files '*.h' '*.cpp' '*.cu' | xargs .venv/bin/clang-format --dry-run -Werror
	@.venv/bin/python tools/budgets.py

clean:
	rm -rf build
