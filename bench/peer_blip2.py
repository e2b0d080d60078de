#!/usr/bin/env python3
"""BLIP-2 at its published widths: omma beside transformers, interleaved in one run on the same machine.

Random weights: ViT-g with all of its 39 layers at 224 px, the Q-Former with 32 queries, an OPT of 2.7B's width with 8 of its 32 layers; saved
by transformers in bf16. Both sides read the same directories and the same picture, on the same number of threads, warm.

What is timed of omma is `omma caption`, a process that is shown the picture three times, the first to warm it up; transformers, which stays,
is asked as often a turn as omma's other pictures. A side's figure of a turn is the median. Loading and pre-processing are no part of it: of
timing_ms `encode` is ViT-g, `decode` what is behind it.
  encoder      ViT-g in the types of --dtype, from a directory whose Q-Former and language model are narrow layers. Of transformers its
               vision_model, a Blip2VisionModel, given pixels as a tensor.
  first token  of a greedy caption without a prompt, in bf16: ViT-g, the Q-Former, OPT behind 33 tokens. Of omma `encode` and `decode` of a
               caption of one token.
  decode       the 19 tokens after it: of omma what a caption of 20 tokens decodes longer than one of a single token.
Of transformers the caption is timed as its users make it, by generate(), whose streamer tells when each token comes.

Shares are of what the machine gave in the same run at its best: of the matrix-product rate in the same type, counting the products needed
(attention to earlier words only, one token's logits); and of the read bandwidth, as peer_llava.py measures it, counting the weights of the
decoder's layers and head, which a token needs, and the keys and values of those before it. Peaks of memory are the processes', pages of
mapped files among them.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import conversation
import peer
import peer_llava
from conversation import Machine, Peer, beside, middle, show
from peer_llava import PATCH, TINY_TOWER

SIDE, QUERIES, TOKENS, TURN = 224, 32, 20, 2  # TURN: pictures timed in a turn of each side
PATCHES, PROMPT = (SIDE // PATCH) ** 2, QUERIES + 1
VOCABULARY, IMAGE_TOKEN = 50272, 50265
TOWER = dict(hidden_size=1408, intermediate_size=6144, num_hidden_layers=39, num_attention_heads=16)
QFORMER = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
TEXT = dict(hidden_size=2560, ffn_dim=10240, num_hidden_layers=8, num_attention_heads=32)
TINY_QFORMER = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)
TINY_TEXT = dict(hidden_size=64, ffn_dim=160, num_hidden_layers=2, num_attention_heads=4)
NARROW_QFORMER = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1)
NARROW_TEXT = dict(hidden_size=16, ffn_dim=16, num_hidden_layers=1, num_attention_heads=1)
AIMS = [("encoder", "fp32", "gemm_share", .9), ("encoder", "bf16", "gemm_share", .7), ("decode", "bf16", "read_share", .85)]


def sizes(arguments):
    return (TINY_TOWER, TINY_QFORMER, TINY_TEXT) if arguments.tiny else (TOWER, QFORMER, TEXT)


def write_model(directory, tower, qformer, text, vocabulary, image_token):
    from transformers import Blip2Config, Blip2ForConditionalGeneration, Blip2Processor, BlipImageProcessor

    language = dict(model_type="opt", vocab_size=vocabulary, word_embed_proj_dim=text["hidden_size"], bos_token_id=1, eos_token_id=2,
                    pad_token_id=0, **text)
    peer_llava.write_random(directory, Blip2ForConditionalGeneration, Blip2Config(
        vision_config=dict(image_size=SIDE, patch_size=PATCH, initializer_range=0.02, **tower), text_config=language,
        qformer_config=dict(encoder_hidden_size=tower["hidden_size"], **qformer), num_query_tokens=QUERIES, image_token_index=image_token))
    tokenizer = peer_llava.make_tokenizer(vocabulary, image_token)
    Blip2Processor(BlipImageProcessor(size={"height": SIDE, "width": SIDE}), tokenizer,
                   num_query_tokens=QUERIES).save_pretrained(directory)  # last: what write_models() looks for


def write_models(arguments, work):
    tower, qformer, text = sizes(arguments)
    for name, *shape in (("encoder", NARROW_QFORMER, NARROW_TEXT, 512, 400), ("caption", qformer, text, VOCABULARY, IMAGE_TOKEN)):
        if not (work / name / "processor_config.json").exists():
            write_model(work / name, tower, *shape)


def serve_peer(work, threads):
    from PIL import Image
    from transformers import Blip2ForConditionalGeneration, Blip2Processor

    picture = Image.open(work / "picture.png").convert("RGB")

    def load(name, dtype):
        processor = Blip2Processor.from_pretrained(work / name)
        inputs_of = lambda _: processor(images=picture, text="", return_tensors="pt")
        return Blip2ForConditionalGeneration.from_pretrained(work / name, dtype=dtype), inputs_of

    conversation.serve_peer(threads, load, lambda model, inputs: model.vision_model(inputs["pixel_values"]))


def encoder_flops(tower):
    return peer_llava.tower_flops(tower, tower["num_hidden_layers"], PATCHES)


def qformer_flops(qformer, seen):
    """Every second layer looks at the picture, whose tokens are `seen` wide."""
    layers, width = qformer["num_hidden_layers"], qformer["hidden_size"]
    layer = QUERIES * (4 * width**2 + 2 * width * qformer["intermediate_size"]) + 2 * QUERIES**2 * width
    look = QUERIES * 2 * width**2 + (PATCHES + 1) * 2 * seen * width + 2 * QUERIES * (PATCHES + 1) * width
    return 2 * (layers * layer + (layers + 1) // 2 * look)


def layer_weights(text):
    return text["num_hidden_layers"] * (4 * text["hidden_size"] ** 2 + 2 * text["hidden_size"] * text["ffn_dim"])


def first_token_flops(tower, qformer, text):
    channels = text["hidden_size"]
    attention = text["num_hidden_layers"] * PROMPT * (PROMPT + 1) * channels  # two products, each of half a square
    projection = QUERIES * qformer["hidden_size"] * channels
    language = 2 * (projection + PROMPT * layer_weights(text) + attention + VOCABULARY * channels)
    return encoder_flops(tower) + qformer_flops(qformer, tower["hidden_size"]) + language


def step_bytes(text):
    """What a token reads: the layers' and the head's weights, keys and values before it."""
    past = text["num_hidden_layers"] * 2 * (PROMPT + TOKENS / 2) * text["hidden_size"]
    return 2 * (layer_weights(text) + VOCABULARY * text["hidden_size"] + past)


def our_caption(arguments, name, dtype, tokens):
    """A turn: the times of a picture, and the peak of the process's memory."""
    work, count = Path(arguments.work), str(tokens)
    command = [arguments.omma, "caption", *[str(work / "picture.png")] * (1 + TURN), "--model", str(work / name), "--dtype", dtype, "--beams", "1",
               "--max-tokens", count, "--min-tokens", count, "--threads", str(arguments.threads), "--json", "--quiet"]
    timings, peak = peer.omma_timings(command, 1 + TURN)
    return {part: median(times[part] for times in timings[1:]) for part in ("encode", "decode")} | {"peak_bytes": peak}


def their_caption(other, name, dtype, tokens):
    answers = [other.turn(dtype=dtype, model=name, tokens=tokens) for _ in range(TURN)]
    return {part: median(answer[part] for answer in answers) for part in ("first", "step") if part in answers[0]}


def run_sides(arguments, dtype, read_rate, ours, theirs):
    """{side: its runs}, the machine's rates, {side: the peak of its memory}."""
    other = Peer(__file__, arguments, PROMPT)
    machine = Machine(other, dtype, read_rate)
    runs = conversation.interleave(arguments.rounds, machine, {"omma": ours, "transformers": lambda: theirs(other)})
    return runs, machine, {"omma": max(run["peak_bytes"] for run in runs["omma"]), "transformers": other.close()}


def compare_encoder(arguments, dtype):
    def ours():
        run = our_caption(arguments, "encoder", dtype, 1)
        return {"first": run["encode"], "peak_bytes": run["peak_bytes"]}

    runs, machine, peaks = run_sides(arguments, dtype, None, ours, lambda other: their_caption(other, "encoder", dtype, 0))
    result = beside(runs, "first", encoder_flops(sizes(arguments)[0]), machine)
    show(f"encoder {dtype}", result)
    conversation.show_rates(machine)
    conversation.show_peaks(peaks)
    return {"work": "encoder", "dtype": dtype} | result | machine.result() | {"peak_bytes": peaks, "runs": runs}


def decoding(text, runs, machine):
    """Of each side tokens a second, and what omma's are beside the read bandwidth."""
    rates = {side: 1e3 / middle(runs[side], "step") for side in runs}
    return {"work": "decode", "dtype": "bf16", "tokens_per_s": rates, "gb_per_token": step_bytes(text) / 1e9,
            "read_share": step_bytes(text) * rates["omma"] / max(machine.reads), "ratio": rates["omma"] / rates["transformers"]}


def compare_caption(arguments, read_rate):
    """The first token and those after it, in bf16."""
    tower, qformer, text = sizes(arguments)

    def ours():
        one, all_tokens = (our_caption(arguments, "caption", "bf16", tokens) for tokens in (1, TOKENS))
        return {"first": median((one["encode"], all_tokens["encode"])) + one["decode"],
                "step": (all_tokens["decode"] - one["decode"]) / (TOKENS - 1), "peak_bytes": max(one["peak_bytes"], all_tokens["peak_bytes"])}

    runs, machine, peaks = run_sides(arguments, "bf16", read_rate, ours, lambda other: their_caption(other, "caption", "bf16", TOKENS))
    first = beside(runs, "first", first_token_flops(tower, qformer, text), machine)
    decode = decoding(text, runs, machine)
    show(f"first token bf16, {PROMPT} tokens", first)
    rates = decode["tokens_per_s"]
    print(f"decode bf16: omma {rates['omma']:.2f} tokens/s, transformers {rates['transformers']:.2f}, ratio {decode['ratio']:.2f}; "
          f"{decode['gb_per_token']:.2f} GB a token, {decode['read_share']:.0%} of the read bandwidth")
    conversation.show_rates(machine)
    conversation.show_peaks(peaks)
    measured = machine.result() | {"peak_bytes": peaks, "runs": runs}
    return [{"work": "first_token", "dtype": "bf16"} | first | measured, decode | measured]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, None)
    parser.add_argument("--tiny", action="store_true", help="toy sizes: a rehearsal, whose figures mean nothing")
    arguments = parser.parse_args()
    arguments.work = arguments.work or ("build/bench/blip2_tiny" if arguments.tiny else "build/bench/blip2")
    work = Path(arguments.work)
    if arguments.serve_peer:
        return serve_peer(work, arguments.threads)
    work.mkdir(parents=True, exist_ok=True)
    peer.write_picture(work / "picture.png", 640, 480)
    print(f"BLIP-2, {'toy sizes' if arguments.tiny else 'ViT-g, OPT-2.7B wide, 8 layers'}; {peer.cpu_model()}, {arguments.threads} threads",
          flush=True)
    # What takes memory is done by another process: the peak that a child of this one is told to have begins with this one's.
    with ProcessPoolExecutor(1, get_context("spawn")) as aside:
        aside.submit(write_models, arguments, work).result()
        results = [compare_encoder(arguments, dtype) for dtype in arguments.dtype]
        results += compare_caption(arguments, lambda: aside.submit(peer_llava.read_rate, arguments).result())
    conversation.show_aims(conversation.aims(results, AIMS))
    peer.write_results(arguments, results)


if __name__ == "__main__":
    main()
