#!/usr/bin/env python3
"""SAM ViT-B, or with --size h ViT-H, on one picture: omma beside transformers, interleaved in one run on the same machine.

Both read the same directory of random weights and the same picture of 1500 x 1000, on the same number of threads, in fp32 and bf16.
Timed are the picture encoder, a decoder's answer to one point, and to 64 points at once; beside bf16 also omma's encoder in 8-bit
numbers. omma's decoder times hold the masks at the picture's size and their run lengths, and since each process answers once, they are
those of a first call; transformers' are its forward pass alone, and beside that stand omma's alone (omma_bench): the first point on a
picture, which like transformers' forward makes what depends on the picture alone, and a further one, which has that from the first.
Last, omma finds everything in the picture, 16 batches of 64 points, of which random weights keep no mask; and with the embedded model,
which finds some, in a drawn scene, its time split by stage.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import peer

WIDTH, HEIGHT = 1500, 1000
STEPS = ("encoder", "point", "points")
ALONE = ("first_point_alone", "further_point_alone")  # omma's decoder without masks at the picture's size


def points():
    return [[(x + 0.5) * WIDTH / 8, (y + 0.5) * HEIGHT / 8] for y in range(8) for x in range(8)]


SIZES = {"b": {}, "h": dict(hidden_size=1280, num_hidden_layers=32, num_attention_heads=16, global_attn_indexes=[7, 15, 23, 31])}


def write_model(directory, size):
    import torch
    from transformers import SamConfig, SamImageProcessor, SamModel, SamProcessor

    torch.manual_seed(0)
    model = SamModel(SamConfig(vision_config=SIZES[size]))
    with torch.no_grad():
        for parameter in model.parameters():  # the config's deviation is 1e-10
            if parameter.dim() > 1:
                parameter.normal_(0, 0.02)
    model.save_pretrained(directory)
    SamProcessor(SamImageProcessor()).save_pretrained(directory)


def padding_flops(config):
    """What the reference's linear layers spend on the rows that fill its windows up, which omma leaves out."""
    tokens = (config.image_size // config.patch_size) ** 2
    windows = -(-config.image_size // config.patch_size // config.window_size)
    rows = (windows * config.window_size) ** 2 - tokens
    return (config.num_hidden_layers - len(config.global_attn_indexes)) * rows * 2 * 4 * config.hidden_size**2


def serve_peer(directory, picture, threads):
    import torch
    from PIL import Image
    from transformers import SamImageProcessor, SamModel, SamProcessor

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    processor = SamProcessor(SamImageProcessor())
    inputs = processor(images=Image.open(picture).convert("RGB"), input_points=[[[point] for point in points()]], return_tensors="pt")
    held = {}

    def timed(run):
        start = time.perf_counter()
        result = run()
        return 1e3 * (time.perf_counter() - start), result

    def answer(request):
        dtype = peer.torch_dtype(request["dtype"])
        pixels, places = inputs["pixel_values"].to(dtype), inputs["input_points"].to(dtype)
        if held.get("dtype") != dtype:
            held.clear()
            held.update(dtype=dtype, model=SamModel.from_pretrained(directory, dtype=dtype).eval().requires_grad_(False))
            encode = lambda: held.update(embedding=held["model"].get_image_embeddings(pixels))
            held["flops"] = peer.count_flops(encode) - padding_flops(held["model"].config.vision_config)  # and the warm-up
            held["points_flops"] = peer.count_flops(lambda: held["model"](image_embeddings=held["embedding"], input_points=places))
        encoder, embedding = timed(lambda: held["model"].get_image_embeddings(pixels))
        decode = lambda count: timed(lambda: held["model"](image_embeddings=embedding, input_points=places[:, :count]))[0]
        return {"encoder": encoder, "point": min(decode(1) for _ in range(3)), "points": decode(64), "flops": held["flops"],
                "points_flops": held["points_flops"]}

    peer.serve(answer)


def run_omma(arguments, dtype, directory, picture, whole):
    """The encoder on a picture after a first one that warms it up; one point and 64 points on a kept embedding; with `whole` everything."""
    embedding = Path(arguments.work) / f"{directory.name}_{dtype}.safetensors"
    command = [arguments.omma, "segment", str(picture), "--model", str(directory), "--dtype", dtype, "--threads", str(arguments.threads), "--json",
               "--quiet"]

    def run(*words):
        process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
        return json.loads(lines[-1])["timing_ms"], 1024 * usage.ru_maxrss

    second, peak = run(str(picture), "--everything", "--points-per-side", "1")
    embedding.unlink(missing_ok=True)
    one, again = (run("--point", "700,500", flag, str(embedding))[0] for flag in ("--save-embedding", "--embedding"))
    many, _ = run("--embedding", str(embedding), *[word for x, y in points() for word in ("--point", f"{x},{y};")])
    everything = run("--everything")[0] if whole else None
    return {"encoder": second["encode"], "point": min(one["decode"], again["decode"]), "points": many["decode"], "peak_bytes": peak, "everything": everything}


def bench_of(arguments):
    return Path(arguments.omma).parents[1] / "bench/omma_bench"


def decoder_alone(arguments, dtype):
    """Milliseconds of a picture's first point and of a further one, the model alone and warm."""
    command = [bench_of(arguments), f"--benchmark_filter=^decode(_first)?/one_point_{dtype}", "--benchmark_format=json"]
    process = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             env={**os.environ, "OMP_NUM_THREADS": str(arguments.threads)})
    times = {run["name"].split("/")[0]: run["real_time"] for run in json.loads(process.stdout)["benchmarks"]}
    return {"first_point_alone": times["decode_first"], "further_point_alone": times["decode"]}


def quantize(arguments, directory, picture):
    """The directory in 8-bit numbers, made anew: calibration may have changed since the last run."""
    quantized = directory.with_name(f"{directory.name}_int8")
    shutil.rmtree(quantized, ignore_errors=True)
    subprocess.run([arguments.omma, "quantize", str(directory), str(quantized), "--pictures", str(picture), "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    return quantized


def compare(arguments, dtype, directory, picture):
    quantized = quantize(arguments, directory, picture) if dtype == "bf16" and arguments.size == "b" else None
    other = peer.Peer(__file__, arguments, "--size", arguments.size)
    ours, int8, theirs, rates, alone = [], [], [], [], []
    for turn in range(arguments.rounds):
        rates.append(other.ask(dtype=dtype, gemm=True)["gemm"])
        ours.append(run_omma(arguments, dtype, directory, picture, whole=turn == 0))
        alone.append(decoder_alone(arguments, dtype))
        if quantized:
            int8.append(run_omma(arguments, dtype, quantized, picture, whole=False))
        rates.append(other.ask(dtype=dtype, gemm=True)["gemm"])
        theirs.append(other.ask(dtype=dtype))
    result = {"dtype": dtype, "gemm_gflops": [min(rates) / 1e9, max(rates) / 1e9], "gflop": theirs[0]["flops"] / 1e9}
    for step in STEPS:
        mine, other_ms = median(run[step] for run in ours), median(run[step] for run in theirs)
        result[step] = {"omma_ms": mine, "transformers_ms": other_ms, "ratio": other_ms / mine}
    for step in ALONE:
        alone_ms, point_ms = median(run[step] for run in alone), result["point"]["transformers_ms"]
        result[step] = {"omma_ms": alone_ms, "transformers_ms": point_ms, "ratio": point_ms / alone_ms}
    result["points"]["omma_share"] = 1e3 * theirs[0]["points_flops"] / result["points"]["omma_ms"] / max(rates)
    result["omma_share"] = 1e3 * theirs[0]["flops"] / result["encoder"]["omma_ms"] / max(rates)
    result["omma_peak_gb"] = max(run["peak_bytes"] for run in ours) / 1e9
    result["transformers_peak_gb"] = max(run["peak_bytes"] for run in theirs) / 1e9
    everything = ours[0]["everything"]
    result["everything"] = {"encoder_ms": everything["encode"], "decoder_ms": everything["decode"], "of_it_masks_ms": everything["postprocess"],
                            "in_batches": everything["decode"] / ours[0]["points"]}
    for step in ("encoder", "point", *ALONE, "points"):
        print(f"{dtype} {step}: omma {result[step]['omma_ms']:.0f} ms, transformers {result[step]['transformers_ms']:.0f} ms, "
              f"ratio {result[step]['ratio']:.2f}", flush=True)
    print(f"{dtype} points: {theirs[0]['points_flops'] / 1e9:.0f} GFLOP in transformers' way, {result['points']['omma_share']:.0%} of the GEMM "
          "rate", flush=True)
    if quantized:
        int8_ms, bf16_ms = median(run["encoder"] for run in int8), result["encoder"]["omma_ms"]
        result["int8_encoder"] = {"omma_ms": int8_ms, "times_bf16": bf16_ms / int8_ms, "peak_gb": max(run["peak_bytes"] for run in int8) / 1e9}
        print(f"int8 encoder: omma {int8_ms:.0f} ms, {bf16_ms / int8_ms:.2f} times its bf16", flush=True)
    print(f"{dtype}: encoder {result['gflop']:.0f} GFLOP, GEMM {result['gemm_gflops'][0]:.0f}-{result['gemm_gflops'][1]:.0f} GFLOP/s, omma's share "
          f"{result['omma_share']:.0%}; peak {result['omma_peak_gb']:.2f} / {result['transformers_peak_gb']:.2f} GB", flush=True)
    print(f"{dtype}: everything: encoder {everything['encode']:.0f} ms, decoder {everything['decode']:.0f} ms, the time of "
          f"{result['everything']['in_batches']:.1f} batches of 64 points, of which it has 16", flush=True)
    return result


def embedded(arguments):
    """Everything in a drawn scene by the embedded model."""
    scenes = Path(arguments.work) / "scenes"
    if not scenes.exists():
        subprocess.run([arguments.omma, "render", "--seed", "7", "--count", "1", "--emblems", "--size", "256", "--out", scenes, "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
    command = [arguments.omma, "segment", next(scenes.rglob("*.png")), "--everything", "--points-per-side", "32", "--json", "--quiet", "--threads",
               str(arguments.threads)]
    runs = [json.loads(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout) for _ in range(3)]
    run = min(runs, key=lambda each: each["timing_ms"]["decode"])
    times = run["timing_ms"]
    model_ms = times["decode"] - times["postprocess"]
    print(f"sam-nano, everything, 16 batches of 64 points: {len(run['masks'])} masks; picture {times['preprocess']:.0f} ms, encoder {times['encode']:.0f}, "
          f"decoder {model_ms:.0f}, masks {times['postprocess']:.0f}", flush=True)
    return {"everything_by_sam_nano": times}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, "build/bench/sam")
    parser.add_argument("--size", choices=SIZES, default="b", help="of the picture encoder")
    arguments = parser.parse_args()
    directory, picture = Path(arguments.work) / f"vit_{arguments.size}", Path(arguments.work) / "picture.png"
    if arguments.serve_peer:
        return serve_peer(directory, picture, arguments.threads)
    if not bench_of(arguments).exists():  # told before the first round rather than after it
        sys.exit(f"{bench_of(arguments)}: not there: build the target omma_bench")
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "processor_config.json").exists():  # written last
        write_model(directory, arguments.size)
    peer.write_picture(picture, WIDTH, HEIGHT)
    print(f"SAM ViT-{arguments.size.upper()}, {WIDTH} x {HEIGHT}; {peer.cpu_model()}, {arguments.threads} threads", flush=True)
    peer.write_results(arguments, [*(compare(arguments, dtype, directory, picture) for dtype in arguments.dtype), embedded(arguments)])


if __name__ == "__main__":
    main()
