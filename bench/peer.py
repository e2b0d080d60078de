"""What the peers' benchmarks share: a process that answers one request a line, the machine's matrix-product rate, omma's runs."""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

WORDS = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?"}


def write_tokenizer(directory, words):
    """BERT's vocabulary in size; `words` {id: word} are the ones it knows."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = WORDS | words
    vocabulary = {known.get(i, f"[unused{i}]"): i for i in range(30522)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 101), ("[SEP]", 102)])
    special = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(directory)


def write_picture(file, width, height, seed=0):
    import numpy as np
    from PIL import Image

    coarse = np.random.default_rng(seed).integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(file)


def torch_dtype(name):
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16}[name]


def gemm_rate(dtype):
    import torch

    a, b = (torch.randn(2048, 2048).to(torch_dtype(dtype)) for _ in range(2))
    times = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(times[1:])


def count_flops(run):
    """Of a pass, those of attention with them, which PyTorch's counter passes over on a CPU."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    shapes = lambda query, key, value, *_, **__: sdpa_flop_count(query, key, value)
    with FlopCounterMode(display=False, custom_mapping={attention: shapes}) as counter:
        run()
    return counter.get_total_flops()


def serve(answer):
    """The transformers side: {"dtype", "gemm": true} or a request for `answer` a line on stdin, one answer a line on stdout."""
    for line in sys.stdin:
        request = json.loads(line)
        result = {"gemm": gemm_rate(request["dtype"])} if "gemm" in request else answer(request)
        print(json.dumps(result | {"peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)


class Peer:
    def __init__(self, script, arguments, *words):
        command = [sys.executable, script, "--serve-peer", "--work", arguments.work, "--threads", str(arguments.threads), *words]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("the transformers side ended; run with --serve-peer to see why")
        return json.loads(answer)


def omma_timings(command, results):
    """Of a process that prints `results` JSON lines about one picture: each line's timing_ms, and the peak of its memory."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or len(lines) != results:
        sys.exit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}, {len(lines)} of {results} results")
    return [json.loads(line)["timing_ms"] for line in lines], 1024 * usage.ru_maxrss


def run_omma(command, results):
    """The first result is the warm-up."""
    timings, peak = omma_timings(command, results)
    return {"ms": [t["encode"] + t["decode"] for t in timings[1:]], "preprocess": timings[-1]["preprocess"], "load": timings[0]["load"],
            "peak_bytes": peak}


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def interleave(rounds, peer, dtype, ours, theirs):
    """Runs both sides in turn with the matrix-product rate before each; medians, ratio and peaks."""
    our_runs, their_runs, rates = [], [], []
    for _ in range(rounds):
        rates.append(peer.ask(dtype=dtype, gemm=True)["gemm"])
        our_runs.append(ours())
        rates.append(peer.ask(dtype=dtype, gemm=True)["gemm"])
        their_runs.append(theirs())
    omma_ms, peer_ms = median(t for run in our_runs for t in run["ms"]), median(run["ms"] for run in their_runs)
    return {"dtype": dtype, "omma_ms": omma_ms, "transformers_ms": peer_ms, "ratio": peer_ms / omma_ms,
            "gemm_gflops": [min(rates) / 1e9, max(rates) / 1e9], "omma_peak_gb": max(run["peak_bytes"] for run in our_runs) / 1e9,
            "transformers_peak_gb": max(run["peak_bytes"] for run in their_runs) / 1e9, "omma_load_ms": our_runs[-1]["load"],
            "omma_preprocess_ms": our_runs[-1]["preprocess"], "omma_all_ms": [t for run in our_runs for t in run["ms"]],
            "transformers_all_ms": [run["ms"] for run in their_runs]}, their_runs


def add_arguments(parser, work):
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--work", default=work, help="where the model directory and the picture are kept")
    parser.add_argument("--dtype", nargs="+", default=["fp32", "bf16"], choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="results as JSON")
    parser.add_argument("--serve-peer", action="store_true", help="be the transformers side")


def write_results(arguments, results):
    if arguments.out:
        arguments.out.write_text(json.dumps({"cpu": cpu_model(), "threads": arguments.threads, "results": results}, indent=2) + "\n")
