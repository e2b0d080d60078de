#!/usr/bin/env python3
"""BLIP-base at 384 px: omma beside transformers, interleaved in one run on the same machine.

Both read the same directories of random weights and the same picture, on the same number of threads, in fp32 and bf16: a caption of
20 tokens, greedy and with 3 beams, and the match of one picture with 16 texts. Timed is the model alone, warm. omma gives a match's
two scores, of matching and of contrast. transformers is asked in the ways its users do: for the first alone, with the picture once
for each text ("match each") or once for all, which its broadcasting allows ("match once"); and for both, two calls ("match both").
"""

import argparse
import time
from pathlib import Path

import peer

SIDE, TOKENS = 384, 20
TEXTS = [f"a {color} {thing} on a {place}" for color in ("red", "blue") for thing in ("dog", "cat", "car", "bus") for place in ("table", "street")]
WORDS = {1037: "a", 2417: "red", 2630: "blue", 3899: "dog", 4937: "cat", 2482: "car", 3902: "bus", 2006: "on", 2795: "table", 2395: "street"}


def write_models(work):
    """BLIP-base's shapes with random weights: a captioner and a matcher."""
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipImageProcessor

    for name, model_class in (("caption", BlipForConditionalGeneration), ("match", BlipForImageTextRetrieval)):
        torch.manual_seed(0)
        model_class(BlipConfig(text_config=dict(num_attention_heads=12), vision_config=dict(image_size=SIDE))).save_pretrained(work / name)
        BlipImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(work / name)
        peer.write_tokenizer(work / name, WORDS)


def serve_peer(work, threads):
    import torch
    from PIL import Image
    from transformers import AutoTokenizer, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipImageProcessor

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    picture = Image.open(work / "picture.png").convert("RGB")
    pixels = BlipImageProcessor.from_pretrained(work / "caption")(picture, return_tensors="pt")["pixel_values"]
    texts = AutoTokenizer.from_pretrained(work / "match")(TEXTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    held = {}

    def model_for(task, dtype):
        if held.get("key") != (task, dtype):
            held.clear()
            model_class = BlipForConditionalGeneration if task == "caption" else BlipForImageTextRetrieval
            held.update(key=(task, dtype), model=model_class.from_pretrained(work / task, dtype=dtype).eval(), fresh=True)
        return held["model"]

    def run(request):
        dtype, work_name = peer.torch_dtype(request["dtype"]), request["work"]
        image = pixels.to(dtype)
        if work_name.startswith("match"):
            model = model_for("match", dtype)
            heads = [True, False] if work_name == "match both" else [True]
            rows = len(TEXTS) if work_name == "match each" else 1
            return [model(pixel_values=image.expand(rows, -1, -1, -1), use_itm_head=head, **texts) for head in heads]
        beams = 3 if work_name == "caption beams" else 1
        return model_for("caption", dtype).generate(pixel_values=image, num_beams=beams, do_sample=False, max_new_tokens=TOKENS, min_new_tokens=TOKENS)

    def answer(request):
        if held.get("work") != request["work"]:
            run(request)
            held["work"] = request["work"]
        start = time.perf_counter()
        run(request)
        return {"ms": 1e3 * (time.perf_counter() - start)}

    peer.serve(answer)


def omma_command(arguments, work, name, dtype):
    common = ["--dtype", dtype, "--threads", str(arguments.threads), "--batch", "1", "--json", "--quiet"]
    if name.startswith("match"):
        return [arguments.omma, "match", f"@{work / 'pictures.txt'}", *TEXTS, "--model", str(work / "match"), *common]
    beams = ["--beams", "3" if name == "caption beams" else "1"]
    lengths = ["--max-tokens", str(TOKENS), "--min-tokens", str(TOKENS)]
    return [arguments.omma, "caption", f"@{work / 'pictures.txt'}", "--model", str(work / "caption"), *beams, *lengths, *common]


def compare(arguments, work, name, dtype):
    other = peer.Peer(__file__, arguments)
    command = omma_command(arguments, work, name, dtype)
    result, _ = peer.interleave(arguments.rounds, other, dtype, lambda: peer.run_omma(command, 3), lambda: other.ask(dtype=dtype, work=name))
    print(f"{name:14} {dtype}: omma {result['omma_ms']:.0f} ms, transformers {result['transformers_ms']:.0f} ms, ratio {result['ratio']:.2f}; "
          f"GEMM {result['gemm_gflops'][0]:.0f}-{result['gemm_gflops'][1]:.0f} GFLOP/s; "
          f"peak {result['omma_peak_gb']:.2f} / {result['transformers_peak_gb']:.2f} GB", flush=True)
    return {"work": name} | result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, "build/bench/blip")
    arguments = parser.parse_args()
    work = Path(arguments.work)
    if arguments.serve_peer:
        return serve_peer(work, arguments.threads)
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "match" / "tokenizer.json").exists():  # written last
        write_models(work)
    peer.write_picture(work / "picture.png", 640, 480)
    (work / "pictures.txt").write_text(f"{work / 'picture.png'}\n" * 3)
    print(f"BLIP-base, {SIDE} px; {peer.cpu_model()}, {arguments.threads} threads", flush=True)
    names = ["caption greedy", "caption beams", "match each", "match once", "match both"]
    peer.write_results(arguments, [compare(arguments, work, name, dtype) for dtype in arguments.dtype for name in names])


if __name__ == "__main__":
    main()
