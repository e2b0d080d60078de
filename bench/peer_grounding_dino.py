#!/usr/bin/env python3
"""Grounding DINO Swin-T on one picture: omma beside transformers, interleaved in one run on the same machine.

Both read the same directory of random weights and the same picture of 800 x 1200, on the same number of threads, in fp32 and bf16.
Timed is the model alone (omma's encode + decode; transformers' forward pass), warm. Beside the times stands the machine's own
matrix-product rate, measured in the same minute, and the share of it that each reaches.
"""

import argparse
import time
from pathlib import Path

import peer

HEIGHT, WIDTH = 800, 1200
PHRASES = ["cat", "dog", "remote"]


def write_model(directory):
    """A directory as transformers saves it: Swin-T and BERT-base shapes, random weights, a vocabulary that knows the phrases."""
    import torch
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection, GroundingDinoImageProcessor

    torch.manual_seed(0)
    GroundingDinoForObjectDetection(GroundingDinoConfig()).save_pretrained(directory)
    GroundingDinoImageProcessor(size={"shortest_edge": HEIGHT, "longest_edge": 1333}).save_pretrained(directory)
    peer.write_tokenizer(directory, {4937: "cat", 3899: "dog", 6556: "remote"})


def serve_peer(directory, picture, threads):
    import torch
    from PIL import Image
    from transformers import AutoTokenizer, GroundingDinoForObjectDetection, GroundingDinoImageProcessor

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    text = AutoTokenizer.from_pretrained(directory)(" . ".join(PHRASES) + " .", return_tensors="pt")
    pixels = GroundingDinoImageProcessor.from_pretrained(directory)(Image.open(picture).convert("RGB"), return_tensors="pt")["pixel_values"]
    held = {}

    def answer(request):
        dtype = peer.torch_dtype(request["dtype"])
        inputs = dict(pixel_values=pixels.to(dtype), input_ids=text["input_ids"], token_type_ids=torch.zeros_like(text["input_ids"]),
                      attention_mask=text["attention_mask"])
        if held.get("dtype") != dtype:
            held.clear()
            held.update(dtype=dtype, model=GroundingDinoForObjectDetection.from_pretrained(directory, dtype=dtype).eval())
            held["flops"] = peer.count_flops(lambda: held["model"](**inputs))  # and the warm-up
        start = time.perf_counter()
        held["model"](**inputs)
        return {"ms": 1e3 * (time.perf_counter() - start), "flops": held["flops"]}

    peer.serve(answer)


def compare(arguments, dtype, directory, picture):
    other = peer.Peer(__file__, arguments)  # one for each type: its peak memory is that type's
    command = [arguments.omma, "detect", *[str(picture)] * 3, "--model", str(directory), "--dtype", dtype, "--threads",
               str(arguments.threads), "--json", "--quiet"]
    for phrase in PHRASES:
        command += ["--phrase", phrase]
    result, theirs = peer.interleave(arguments.rounds, other, dtype, lambda: peer.run_omma(command, 3), lambda: other.ask(dtype=dtype))
    flops, rate = theirs[0]["flops"], 1e9 * result["gemm_gflops"][1]
    result |= {"gflop": flops / 1e9, "omma_share": flops / (result["omma_ms"] / 1e3) / rate,
               "transformers_share": flops / (result["transformers_ms"] / 1e3) / rate}
    print(f"{dtype}: omma {result['omma_ms']:.0f} ms, transformers {result['transformers_ms']:.0f} ms, ratio {result['ratio']:.2f}; "
          f"{result['gflop']:.0f} GFLOP, GEMM {result['gemm_gflops'][0]:.0f}-{result['gemm_gflops'][1]:.0f} GFLOP/s, "
          f"share {result['omma_share']:.0%} / {result['transformers_share']:.0%}; "
          f"peak {result['omma_peak_gb']:.2f} / {result['transformers_peak_gb']:.2f} GB", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, "build/bench/grounding_dino")
    arguments = parser.parse_args()
    directory, picture = Path(arguments.work) / "swin_t", Path(arguments.work) / "picture.png"
    if arguments.serve_peer:
        return serve_peer(directory, picture, arguments.threads)
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "tokenizer.json").exists():  # written last
        write_model(directory)
    peer.write_picture(picture, WIDTH, HEIGHT)
    print(f"Grounding DINO Swin-T, {HEIGHT} x {WIDTH}; {peer.cpu_model()}, {arguments.threads} threads", flush=True)
    peer.write_results(arguments, [compare(arguments, dtype, directory, picture) for dtype in arguments.dtype])


if __name__ == "__main__":
    main()
