#!/usr/bin/env python3
"""Grounding DINO Swin-T on one picture: omma beside transformers, interleaved in one run on the same machine.

Both read the same directory of random weights and the same picture of 800 x 1200, on the same number of threads, in fp32 and bf16.
Timed is the model alone (omma's encode + decode; transformers' forward pass), warm. Beside the times stands the machine's own
matrix-product rate, measured in the same minute, and the share of it that each reaches.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HEIGHT, WIDTH = 800, 1200
PHRASES = ["cat", "dog", "remote"]
WORDS = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?", 4937: "cat", 3899: "dog", 6556: "remote"}


def write_model(directory):
    """A directory as transformers saves it: Swin-T and BERT-base shapes, random weights, a vocabulary that knows the phrases."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection, GroundingDinoImageProcessor, PreTrainedTokenizerFast

    torch.manual_seed(0)
    GroundingDinoForObjectDetection(GroundingDinoConfig()).save_pretrained(directory)
    GroundingDinoImageProcessor(size={"shortest_edge": HEIGHT, "longest_edge": 1333}).save_pretrained(directory)
    vocabulary = {WORDS.get(i, f"[unused{i}]"): i for i in range(30522)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 101), ("[SEP]", 102)])
    special = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(directory)


def write_picture(file):
    import numpy as np
    from PIL import Image

    coarse = np.random.default_rng(0).integers(0, 256, (HEIGHT // 40, WIDTH // 40, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(file)


def serve_peer(directory, picture, threads):
    """The transformers side: one request a line on stdin ({"dtype"} or {"gemm"}), one answer a line on stdout."""
    import torch
    from PIL import Image
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoTokenizer, GroundingDinoForObjectDetection, GroundingDinoImageProcessor

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    text = AutoTokenizer.from_pretrained(directory)(" . ".join(PHRASES) + " .", return_tensors="pt")
    pixels = GroundingDinoImageProcessor.from_pretrained(directory)(Image.open(picture).convert("RGB"), return_tensors="pt")["pixel_values"]
    types = {"fp32": torch.float32, "bf16": torch.bfloat16}
    model, held, flops = None, None, None

    def gemm_rate(dtype):
        a, b = (torch.randn(2048, 2048).to(dtype) for _ in range(2))
        times = []
        for _ in range(6):
            start = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - start)
        return 2 * 2048**3 / min(times[1:])

    for line in sys.stdin:
        request = json.loads(line)
        dtype = types[request["dtype"]]
        if "gemm" in request:
            print(json.dumps({"gemm": gemm_rate(dtype)}), flush=True)
            continue
        if held != request["dtype"]:
            model = None
            model, held = GroundingDinoForObjectDetection.from_pretrained(directory, dtype=dtype).eval(), request["dtype"]
            inputs = dict(pixel_values=pixels.to(dtype), input_ids=text["input_ids"], token_type_ids=torch.zeros_like(text["input_ids"]),
                          attention_mask=text["attention_mask"])
            with FlopCounterMode(display=False) as counter:  # and the warm-up
                model(**inputs)
            flops = counter.get_total_flops()
        start = time.perf_counter()
        model(**inputs)
        answer = {"ms": 1e3 * (time.perf_counter() - start), "flops": flops}
        print(json.dumps(answer | {"peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)


class Peer:
    def __init__(self, arguments):
        command = [sys.executable, __file__, "--serve-peer", "--work", arguments.work, "--threads", str(arguments.threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("the transformers side ended; run with --serve-peer to see why")
        return json.loads(answer)


def run_omma(program, directory, picture, dtype, threads):
    """The picture three times in one process: the first is the warm-up."""
    command = [program, "detect", *[str(picture)] * 3, "--model", str(directory), "--dtype", dtype, "--threads", str(threads), "--json", "--quiet"]
    for phrase in PHRASES:
        command += ["--phrase", phrase]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or len(lines) != 3:
        sys.exit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}, {len(lines)} of 3 results")
    timings = [json.loads(line)["timing_ms"] for line in lines]
    return {"ms": [t["encode"] + t["decode"] for t in timings[1:]], "preprocess": timings[-1]["preprocess"], "load": timings[0]["load"],
            "peak_bytes": 1024 * usage.ru_maxrss}


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def compare(arguments, dtype, peer, directory, picture):
    ours, theirs, rates = [], [], []
    for _ in range(arguments.rounds):
        rates.append(peer.ask(dtype=dtype, gemm=True)["gemm"])
        ours.append(run_omma(arguments.omma, directory, picture, dtype, arguments.threads))
        rates.append(peer.ask(dtype=dtype, gemm=True)["gemm"])
        theirs.append(peer.ask(dtype=dtype))
    omma_ms, peer_ms = median(t for run in ours for t in run["ms"]), median(run["ms"] for run in theirs)
    flops, rate = theirs[0]["flops"], max(rates)
    result = {"dtype": dtype, "omma_ms": omma_ms, "transformers_ms": peer_ms, "ratio": peer_ms / omma_ms, "gflop": flops / 1e9,
              "gemm_gflops": [min(rates) / 1e9, rate / 1e9], "omma_share": flops / (omma_ms / 1e3) / rate,
              "transformers_share": flops / (peer_ms / 1e3) / rate, "omma_peak_gb": max(run["peak_bytes"] for run in ours) / 1e9,
              "transformers_peak_gb": max(run["peak_bytes"] for run in theirs) / 1e9, "omma_load_ms": ours[-1]["load"],
              "omma_preprocess_ms": ours[-1]["preprocess"], "omma_all_ms": [t for run in ours for t in run["ms"]],
              "transformers_all_ms": [run["ms"] for run in theirs]}
    print(f"{dtype}: omma {omma_ms:.0f} ms, transformers {peer_ms:.0f} ms, ratio {result['ratio']:.2f}; "
          f"{result['gflop']:.0f} GFLOP, GEMM {result['gemm_gflops'][0]:.0f}-{result['gemm_gflops'][1]:.0f} GFLOP/s, "
          f"share {result['omma_share']:.0%} / {result['transformers_share']:.0%}; "
          f"peak {result['omma_peak_gb']:.2f} / {result['transformers_peak_gb']:.2f} GB", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--work", default="build/bench/grounding_dino", help="where the model directory and the picture are kept")
    parser.add_argument("--dtype", nargs="+", default=["fp32", "bf16"], choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="results as JSON")
    parser.add_argument("--serve-peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    directory, picture = Path(arguments.work) / "swin_t", Path(arguments.work) / "picture.png"
    if arguments.serve_peer:
        return serve_peer(directory, picture, arguments.threads)
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "tokenizer.json").exists():  # written last
        write_model(directory)
    write_picture(picture)
    print(f"Grounding DINO Swin-T, {HEIGHT} x {WIDTH}; {cpu_model()}, {arguments.threads} threads", flush=True)
    # A process each: its peak memory is that type's.
    results = [compare(arguments, dtype, Peer(arguments), directory, picture) for dtype in arguments.dtype]
    if arguments.out:
        arguments.out.write_text(json.dumps({"cpu": cpu_model(), "threads": arguments.threads, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
