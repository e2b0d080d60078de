#!/usr/bin/env python3
"""Video-LLaVA at its published widths: omma beside transformers, interleaved in one run on the same machine.

Random weights: the two towers, CLIP ViT-L/14 at 224 px, the MLP projector, a LLaMA of 7B's width with 4 of its 32 layers; saved by
transformers in bf16. The towers are plain CLIP, as in the published port; the authors' temporal attention is no part of it. Both sides
read the same directories and the same clip, on the same number of threads, warm. The clip is a folder of 8 pictures of the tower's
size, so no codec is at work; reading them is not timed. Every frame is 257 tokens, its class token among them: 2,056, of 2,096 in the prompt.

What is timed of omma is `omma chat`, as in peer_llava.py: one process for all rounds, turn by turn, with /clear and /video before each,
`encode` of its timing_ms. Of transformers get_video_features() and generate() up to its first token, given pixels as tensors.
  clip     the video tower and the projector, in the types of --dtype, from a directory whose language model is one narrow layer: a turn
           with the clip, less one of as many words. It holds omma's pre-processing of the frames, transformers' time not.
  prefill  the first token behind 2,096, in bf16: words alone, since what stands in the places makes no difference to the decoder.
           Beside it stands the real prompt, with the clip's own time.

Shares are of the matrix-product rate that the machine gave in the same run at its best, in the same type, counting the products needed:
23 of the tower's 24 layers (transformers computes them all), attention to earlier words only, one token's logits.
"""

import argparse
import json
from pathlib import Path

import conversation
import peer
import peer_llava
from conversation import Conversation, Machine, Peer, beside, show
from peer_llava import NARROW, PATCH, TINY_TEXT, TINY_TOWER, TOWER, VOCABULARY

FRAMES, SIDE = 8, 224
PATCHES = (SIDE // PATCH) ** 2
CLIP_TOKENS = FRAMES * (PATCHES + 1)
PROMPT = CLIP_TOKENS + 40
PLACES = ("<image>", "<video>")
TEXT = peer_llava.TEXT | dict(num_hidden_layers=4)
CHAT_TEMPLATE = peer_llava.CHAT_TEMPLATE.replace("image", "video")
# (work, type, field, aim)
AIMS = [("clip", "fp32", "gemm_share", .95), ("clip", "bf16", "gemm_share", .75), ("prefill", "bf16", "gemm_share", .85),
        ("prefill", "bf16", "ratio", 1), ("clip_and_prefill", "bf16", "ratio", 1)]


def sizes(arguments):
    return (TINY_TOWER, TINY_TEXT) if arguments.tiny else (TOWER, TEXT)


def write_processor(directory, vocabulary, image_token):
    """File by file: transformers' processor for clips wants torchvision, to be made and to be saved."""
    from transformers import VideoLlavaImageProcessor

    tokenizer = peer_llava.make_tokenizer(vocabulary, image_token, PLACES)
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(directory)
    frames = VideoLlavaImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    frames.save_pretrained(directory)
    own = json.loads((directory / "preprocessor_config.json").read_text())
    del own["image_processor_type"]
    own["video_processor_type"] = "VideoLlavaVideoProcessor"
    (directory / "video_preprocessor_config.json").write_text(json.dumps(own))  # last: what write_models() looks for


def write_model(directory, tower, text, vocabulary, image_token):
    from transformers import CLIPVisionConfig, VideoLlavaConfig, VideoLlavaForConditionalGeneration

    peer_llava.write_random(directory, VideoLlavaForConditionalGeneration, VideoLlavaConfig(
        vision_config=CLIPVisionConfig(image_size=SIDE, patch_size=PATCH, **tower), text_config=peer_llava.text_config(text, vocabulary),
        image_token_index=image_token, video_token_index=image_token + 1, image_seq_length=PATCHES, video_seq_length=CLIP_TOKENS))
    write_processor(directory, vocabulary, image_token)


def write_models(arguments, work):
    tower, text = sizes(arguments)
    for name, shape, words, image_token in (("clip", NARROW | {"hidden_size": text["hidden_size"]}, 512, 400),
                                            ("language", text, VOCABULARY, peer_llava.IMAGE_TOKEN)):
        if not (work / name / "video_preprocessor_config.json").exists():
            write_model(work / name, tower, shape, words, image_token)


def write_clip(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(FRAMES):
        peer.write_picture(folder / f"{frame}.png", SIDE, SIDE, seed=frame)


def serve_peer(work, threads):
    import torch
    from PIL import Image
    from transformers import AutoTokenizer, BatchFeature, CLIPImageProcessor, VideoLlavaForConditionalGeneration

    frames = [Image.open(file).convert("RGB") for file in sorted((work / "frames").iterdir())]
    processor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    pixels = processor(frames, return_tensors="pt")["pixel_values"].unsqueeze(0)  # [1, frames, 3, side, side]
    assert pixels.shape == torch.Size([1, FRAMES, 3, SIDE, SIDE])

    def load(name, dtype):
        tokenizer = AutoTokenizer.from_pretrained(work / name)

        def inputs_of(request):
            content = [{"type": "video"}] * request["seen"] + [{"type": "text", "text": request["question"]}]
            prompt = tokenizer.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False)
            words = tokenizer(prompt.replace("<video>", "<video>" * CLIP_TOKENS), return_tensors="pt")
            return BatchFeature({**words} | ({"pixel_values_videos": pixels} if request["seen"] else {}))

        return VideoLlavaForConditionalGeneration.from_pretrained(work / name, dtype=dtype), inputs_of

    conversation.serve_peer(threads, load, lambda model, inputs: model.model.get_video_features(inputs["pixel_values_videos"]))


def converse(arguments, name, dtype):
    work = Path(arguments.work)
    return Conversation(arguments, work / name, dtype, 1, "--frames", str(FRAMES), prompt=PROMPT, shown=f"/video {work / 'frames'}")


def clip_flops(tower, channels):
    return FRAMES * peer_llava.picture_flops(tower, channels, PATCHES, class_token=True)


def compare_clip(arguments, dtype):
    tower, text = sizes(arguments)
    other, chat = Peer(__file__, arguments, PROMPT), converse(arguments, "clip", dtype)
    return conversation.compare_tower("clip", dtype, chat, other, clip_flops(tower, text["hidden_size"]), Machine(other, dtype), arguments.rounds)


def compare_language(arguments):
    """The first token."""
    tower, text = sizes(arguments)
    other, chat = Peer(__file__, arguments, PROMPT), converse(arguments, "language", "bf16")
    words, asked = chat.question(), chat.question(seen=True)
    machine = Machine(other, "bf16")
    runs = conversation.interleave(arguments.rounds, machine, {
        "omma": lambda: conversation.our_turns(chat, asked, words, "clip"),
        "transformers": lambda: conversation.their_turns(other, asked, words, "clip", tokens=1)})
    flops = {"prefill": peer_llava.prefill_flops(text, PROMPT)}
    flops["clip_and_prefill"] = flops["prefill"] + clip_flops(tower, text["hidden_size"])
    results = [{"work": what, "dtype": "bf16"} | beside(runs, what, products, machine) for what, products in flops.items()]
    peaks = {"omma": chat.close(), "transformers": other.close()}
    for result in results:
        show(f"{result['work'].replace('_', ' ')} bf16, {PROMPT:,} tokens", result)
    conversation.show_rates(machine)
    conversation.show_peaks(peaks)
    return [result | machine.result() | {"peak_bytes": peaks, "runs": runs} for result in results]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, None)
    parser.add_argument("--tiny", action="store_true", help="toy sizes: a rehearsal, whose figures mean nothing")
    arguments = parser.parse_args()
    arguments.work = arguments.work or ("build/bench/video_llava_tiny" if arguments.tiny else "build/bench/video_llava")
    work = Path(arguments.work)
    if arguments.serve_peer:
        return serve_peer(work, arguments.threads)
    write_clip(work / "frames")
    write_models(arguments, work)
    print(f"Video-LLaVA, {FRAMES} frames, {'toy sizes' if arguments.tiny else '7B wide, 4 layers'}; {peer.cpu_model()}, {arguments.threads} threads",
          flush=True)
    results = [compare_clip(arguments, dtype) for dtype in arguments.dtype]
    results += compare_language(arguments)
    conversation.show_aims(conversation.aims(results, AIMS))
    peer.write_results(arguments, results)


if __name__ == "__main__":
    main()
