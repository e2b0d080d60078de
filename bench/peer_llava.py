#!/usr/bin/env python3
"""LLaVA 1.5 at 7B's width: omma beside transformers, interleaved in one run on the same machine.

Random weights: CLIP ViT-L/14 at 336 px, the MLP projector, a LLaMA of 7B's width with 8 of its 32 layers, so that it fits every machine;
saved by transformers in bf16. Both sides read the same directories and the same picture, on the same number of threads, warm: a turn whose
prompt is 616 tokens. The picture is timed in the types of --dtype, the language model in bf16 and, of omma, with 8-bit weights.

What is timed of omma is `omma chat`, one process for all rounds, fed turn by turn, with /clear before each, so that nothing is remembered;
the first turns are no part of it. Of a turn's timing_ms, `encode` is the picture and the prompt up to the first token's logits, `decode` the
further tokens.
  picture  the tower and the projector, from a directory whose language model is one narrow layer: a turn with the picture, less one of as
           many words. It holds omma's pre-processing of the picture, which has the tower's size, transformers' get_image_features() not.
  prefill  a turn of 616 words: what stands in the places makes no difference to it. Beside it stands the real prompt, 576 of its tokens the
           picture's, with the picture's own time.
  decode   the tokens after the first, behind 616.
Of transformers the language model is timed as its users run it, by generate(), whose streamer tells when each token comes.

Shares are of what the machine gave in the same run at its best: of the matrix-product rate in the same type, counting the products needed
(one tower layer fewer than transformers computes, attention to earlier words only, one token's logits); and of the read bandwidth, 2 GB of
fp32 read by all threads through PyTorch's sum() or dot() with itself, whichever is quicker, counting the weights that a token needs and the
keys and values of those before it. Peaks of memory are the processes' (VmHWM), pages of mapped files among them.

--agreement: greedy tokens of the 8-bit weights beside bf16's, forced by a text of 500 characters, a token each: turns of one character, in
a chat template that shows what the user said and nothing else, so that each reads one token, by the kernels of decoding, and answers with
one. And the perplexity of that text as an answer about the picture (`omma ask --answer`). Random weights have their likeliest tokens close
together: agreement is lower than a trained model's. Their perplexity is about the number of words or above, and only its change says
something.

--llama-cpp: the same language model in llama.cpp, through PyPI's llama-cpp-python, from a GGUF in bf16 (norms in fp32, as its own converter
writes them): prefill of 616 tokens in one batch, and decoding; the tokens are given, none is chosen.
"""

import argparse
import json
import math
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import conversation
import peer
from conversation import Conversation, Machine, Peer, beside, middle, show

PROMPT, PICTURE_TOKENS, SIDE, PATCH = 616, 576, 336, 14
VOCABULARY, IMAGE_TOKEN = 32064, 32000
LLAMA_CPP = Path(__file__).resolve().parents[1] / ".venv-llama-cpp"
LLAMA_CPP_PYTHON = LLAMA_CPP / "bin/python"
LLAMA_CPP_HELP = f"""llama.cpp is left out: {LLAMA_CPP} has no llama_cpp and gguf. To install them, which compiles llama.cpp for this machine:
  python3 -m venv {LLAMA_CPP} && {LLAMA_CPP}/bin/pip install llama-cpp-python==0.3.36 gguf==0.19.0"""
TOWER = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16)
TEXT = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=8, num_attention_heads=32, num_key_value_heads=32)
TINY_TOWER = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2)
TINY_TEXT = dict(hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4)
NARROW = dict(intermediate_size=16, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1, head_dim=2)
CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:?-"
CHAT_TEMPLATE = """{% for message in messages %}{{ message['role'].upper() + ': ' }}\
{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' ' }}{% endfor %}{% endfor %}\
{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"""
FORCING_TEMPLATE = """{% for message in messages %}{% if message['role'] == 'user' %}{% for content in message['content'] %}\
{{ content['text'] }}{% endfor %}{% endif %}{% endfor %}"""


def sizes(arguments):
    return (TINY_TOWER, TINY_TEXT) if arguments.tiny else (TOWER, TEXT)


def make_tokenizer(vocabulary, first_place, places=("<image>",)):
    """Vicuna's way, without merges: a token for each character; what stands for pictures and clips from `first_place` on."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581", *CHARACTERS]
    words += [f"<filler{i}>" for i in range(len(words), first_place)]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[], byte_fallback=True, fuse_unk=True,
                                     unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(content=" ", left=1)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("<unk>", "<s>", "</s>", *places)])
    tokenizer.add_tokens([f"<filler{i}>" for i in range(first_place + len(places), vocabulary)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<unk>",
                                   padding_side="left", model_input_names=["input_ids", "attention_mask"])


def text_config(text, vocabulary):
    from transformers import LlamaConfig

    return LlamaConfig(vocab_size=vocabulary, max_position_embeddings=4096, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0,
                       **text)


def write_random(directory, model_class, config):
    import torch

    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    model = model_class(config)
    torch.set_default_dtype(torch.float32)
    model.generation_config.update(eos_token_id=2, pad_token_id=0)
    model.save_pretrained(directory)


def write_model(directory, tower, text, vocabulary, image_token):
    from transformers import CLIPImageProcessor, CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor

    write_random(directory, LlavaForConditionalGeneration, LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=SIDE, patch_size=PATCH, **tower), text_config=text_config(text, vocabulary),
        image_token_index=image_token, image_seq_length=PICTURE_TOKENS))
    image = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    LlavaProcessor(image, make_tokenizer(vocabulary, image_token), chat_template=CHAT_TEMPLATE, patch_size=PATCH, num_additional_image_tokens=1,
                   vision_feature_select_strategy="default").save_pretrained(directory)  # last: what main() looks for


def write_models(arguments, work):
    tower, text = sizes(arguments)
    for name, shape, words, image_token in (("picture", NARROW | {"hidden_size": text["hidden_size"]}, 512, 400),
                                            ("language", text, VOCABULARY, IMAGE_TOKEN)):
        if not (work / name / "processor_config.json").exists():
            write_model(work / name, tower, shape, words, image_token)


def serve_peer(work, threads):
    from PIL import Image
    from transformers import LlavaForConditionalGeneration, LlavaProcessor

    picture = Image.open(work / "picture.png").convert("RGB")

    def load(name, dtype):
        processor = LlavaProcessor.from_pretrained(work / name)

        def inputs_of(request):
            content = [{"type": "image"}] * request["seen"] + [{"type": "text", "text": request["question"]}]
            prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
            return processor(images=[picture] if request["seen"] else None, text=prompt, return_tensors="pt")

        return LlavaForConditionalGeneration.from_pretrained(work / name, dtype=dtype), inputs_of

    conversation.serve_peer(threads, load, lambda model, inputs: model.get_image_features(pixel_values=inputs["pixel_values"]))


class LlamaCpp(Peer):
    def __init__(self, arguments):
        side = Path(__file__).with_name("llama_cpp_side.py")
        command = [LLAMA_CPP_PYTHON, side, arguments.work, str(arguments.threads), str(PROMPT)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.prompt = PROMPT
        self.turn(tokens=2)  # answered once the file is written and the model read: nothing of that runs beside a measurement

    @staticmethod
    def is_installed():
        if not LLAMA_CPP_PYTHON.exists():
            return False
        return subprocess.run([LLAMA_CPP_PYTHON, "-c", "import llama_cpp, gguf"], stderr=subprocess.DEVNULL).returncode == 0


def read_rate(arguments):
    """Bytes a second, of numbers that no cache holds."""
    import torch

    torch.set_num_threads(arguments.threads)
    numbers = torch.ones(2**24 if arguments.tiny else 2**29)
    times = []
    for read in (numbers.sum, lambda: torch.dot(numbers, numbers)):
        for _ in range(4):
            start = time.perf_counter()
            read()
            times.append(time.perf_counter() - start)
    return 4 * numbers.numel() / min(times)


def tower_flops(tower, layers, patches):
    """Its first layers behind its patches, a class token with them."""
    tokens, width = patches + 1, tower["hidden_size"]
    layer = tokens * (4 * width**2 + 2 * width * tower["intermediate_size"]) + 2 * tokens**2 * width
    return 2 * (layers * layer + patches * 3 * PATCH**2 * width)


def picture_flops(tower, channels, patches=PICTURE_TOKENS, class_token=False):
    """The tower up to its last layer but one, and the projector, past the class token or with it."""
    projector = (patches + class_token) * (tower["hidden_size"] * channels + channels**2)
    return tower_flops(tower, tower["num_hidden_layers"] - 1, patches) + 2 * projector


def layer_weights(text):
    return text["num_hidden_layers"] * (4 * text["hidden_size"] ** 2 + 3 * text["hidden_size"] * text["intermediate_size"])


def prefill_flops(text, tokens=PROMPT):
    attention = text["num_hidden_layers"] * tokens * (tokens + 1) * text["hidden_size"]  # two products, each of half a square
    return 2 * (tokens * layer_weights(text) + attention + VOCABULARY * text["hidden_size"])


def step_bytes(text, tokens, int8=False):
    """What a token reads: the layers' and the head's weights, keys and values before it."""
    layers, channels = text["num_hidden_layers"], text["hidden_size"]
    scales = 4 * layers * (5 * channels + 2 * text["intermediate_size"]) if int8 else 0
    past = layers * 2 * (PROMPT + tokens / 2) * channels
    return layer_weights(text) * (1 if int8 else 2) + scales + 2 * VOCABULARY * channels + 2 * past


def converse(arguments, directory, dtype, tokens):
    shown = f"/image {Path(arguments.work) / 'picture.png'}"
    return Conversation(arguments, directory, dtype, tokens, prompt=PROMPT, shown=shown)


def compare_picture(arguments, work, dtype):
    tower, text = sizes(arguments)
    other, chat = Peer(__file__, arguments, PROMPT), converse(arguments, work / "picture", dtype, 1)
    machine = Machine(other, dtype, lambda: read_rate(arguments))
    return conversation.compare_tower("picture", dtype, chat, other, picture_flops(tower, text["hidden_size"]), machine, arguments.rounds)


def quantize(arguments, work):
    """Made anew: what omma writes may have changed since the last run."""
    quantized = work / "language_int8"
    shutil.rmtree(quantized, ignore_errors=True)
    if subprocess.run([arguments.omma, "quantize", str(work / "language"), str(quantized), "--quiet"], stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"{arguments.omma} quantize {work / 'language'}: failed")
    return quantized


def decoding(arguments, text, runs, machine):
    """Of each side: tokens a second, and what omma's are beside them."""
    tokens_per_s = {side: 1e3 / middle(runs[side], "step") for side in runs}
    bytes_read = {side: step_bytes(text, arguments.tokens, side == "int8") for side in ("omma", "int8")}
    return {"work": "decode", "dtype": "bf16", "tokens_per_s": tokens_per_s, "gb_per_token": {side: n / 1e9 for side, n in bytes_read.items()},
            "read_share": {side: n * tokens_per_s[side] / max(machine.reads) for side, n in bytes_read.items()},
            "ratio": tokens_per_s["omma"] / tokens_per_s["transformers"], "int8_times_bf16": tokens_per_s["int8"] / tokens_per_s["omma"]}


def compare_language(arguments, work):
    """Prefill and decoding in bf16, the latter also with 8-bit weights."""
    tower, text = sizes(arguments)
    other, chat = Peer(__file__, arguments, PROMPT), converse(arguments, work / "language", "bf16", arguments.tokens)
    int8 = converse(arguments, quantize(arguments, work), "bf16", arguments.tokens)
    third = LlamaCpp(arguments) if arguments.llama_cpp else None
    words, asked = chat.question(), chat.question(seen=True)
    int8.question()
    turns = lambda ours: conversation.our_turns(ours, asked, words, "picture")
    sides = {"omma": lambda: turns(chat), "int8": lambda: turns(int8),
             "transformers": lambda: conversation.their_turns(other, asked, words, "picture", arguments.tokens)}
    if third:
        sides["llama.cpp"] = lambda: third.turn(tokens=arguments.tokens)
    machine = Machine(other, "bf16", lambda: read_rate(arguments))
    runs = conversation.interleave(arguments.rounds, machine, sides)
    flops = {"prefill": prefill_flops(text)}
    flops["picture_and_prefill"] = flops["prefill"] + picture_flops(tower, text["hidden_size"])
    results = []
    for what, products in flops.items():
        result = beside(runs, what, products, machine)
        result["int8_ms"] = middle(runs["int8"], what)
        if third and what == "prefill":
            result["llama_cpp_ms"] = middle(runs["llama.cpp"], what)
            result["llama_cpp_ratio"] = result["llama_cpp_ms"] / result["omma_ms"]
        results.append({"work": what, "dtype": "bf16"} | result)
        show(f"{what.replace('_', ' ')} bf16, {PROMPT} tokens", result)
    decode = decoding(arguments, text, runs, machine)
    if third:
        decode["llama_cpp_ratio"] = decode["tokens_per_s"]["omma"] / decode["tokens_per_s"]["llama.cpp"]
    peaks = {"omma": chat.close(), "omma int8": int8.close(), "transformers": other.close()} | ({"llama.cpp": third.close()} if third else {})
    show_decoding(decode, results)
    conversation.show_rates(machine)
    conversation.show_peaks(peaks)
    return [*results, decode | machine.result() | {"peak_bytes": peaks, "runs": runs}]


def show_decoding(decode, results):
    rates, read, shares = decode["tokens_per_s"], decode["gb_per_token"], decode["read_share"]
    print(f"decode bf16: omma {rates['omma']:.2f} tokens/s, transformers {rates['transformers']:.2f}, ratio {decode['ratio']:.2f}; "
          f"{read['omma']:.2f} GB a token, {shares['omma']:.0%} of the read bandwidth")
    print(f"decode int8 weights: omma {rates['int8']:.2f} tokens/s, {decode['int8_times_bf16']:.2f} times its bf16; "
          f"{read['int8']:.2f} GB a token, {shares['int8']:.0%} of the read bandwidth; "
          f"prefill {results[0]['int8_ms']:.0f} ms instead of {results[0]['omma_ms']:.0f}")
    if "llama_cpp_ratio" in decode:
        print(f"llama.cpp bf16: prefill {results[0]['llama_cpp_ms']:.0f} ms, ratio {results[0]['llama_cpp_ratio']:.2f}; "
              f"decode {rates['llama.cpp']:.2f} tokens/s, ratio {decode['llama_cpp_ratio']:.2f}")


def read_text(characters):
    """So many, each a token: the repository's own README without what the tokenizer has no word for."""
    text = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    text = re.sub(r"\s+", " ", "".join(c for c in text if c in CHARACTERS or c.isspace())).strip()
    return text[:characters].strip()


def forced_answers(arguments, directory, text, template):
    """The greedy token behind each character of the text, as its text, with its log-probability."""
    chat = Conversation(arguments, directory, "bf16", 1, "--template", str(template))
    replies = [chat.say(character) for character in text]
    chat.close()
    if any(reply["read_tokens"] != 1 for reply in replies[1:]):
        sys.exit("omma read more than one token for a character")
    return [(reply["text"], reply["score"]) for reply in replies]


def perplexity(arguments, work, directory, text):
    command = [arguments.omma, "ask", str(work / "picture.png"), "What does it say?", "--answer", text, "--model", str(directory), "--dtype", "bf16",
               "--threads", str(arguments.threads), "--json", "--quiet"]
    line = json.loads(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout)
    return math.exp(-line["score"] / (len(text) + 2))  # the mark before the first word, and the end


def agreement(arguments, work):
    """Of the 8-bit weights with bf16."""
    text = read_text(arguments.agreement)
    template = work / "forcing.jinja"
    template.write_text(FORCING_TEMPLATE)
    directories = (work / "language", work / "language_int8")
    plain, int8 = (forced_answers(arguments, directory, text, template) for directory in directories)
    perplexities = [perplexity(arguments, work, directory, text) for directory in directories]
    same = sum(a == b for (a, _), (b, _) in zip(plain, int8)) / len(text)
    apart = sum(abs(a - b) for (_, a), (_, b) in zip(plain, int8)) / len(text)
    change = perplexities[1] / perplexities[0] - 1
    print(f"int8 weights beside bf16: {same:.1%} of {len(text)} greedy tokens alike, forced by a text; the best token's log-probability off by "
          f"{apart:.4f} on average; perplexity {perplexities[0]:.0f} -> {perplexities[1]:.0f} ({change:+.2%})", flush=True)
    return {"work": "agreement", "tokens": len(text), "alike": same, "log_probability_off": apart, "perplexity": perplexities,
            "perplexity_change": change}


def aims(results):
    """(what, measured, aimed at) of what was measured."""
    rows = conversation.aims(results, [("picture", "fp32", "gemm_share", .9), ("picture", "bf16", "ratio", 1.6),
                                       ("prefill", "bf16", "gemm_share", .85), ("prefill", "bf16", "ratio", 1),
                                       ("decode", "bf16", "int8_times_bf16", 1.6)])
    decode = [result["read_share"]["omma"] for result in results if result["work"] == "decode"]
    return rows + [("decode bf16, read_share", share, .85) for share in decode]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser, None)
    parser.add_argument("--tokens", type=int, help="of an answer, whose decoding is timed (default 64)")
    parser.add_argument("--agreement", nargs="?", type=int, const=500, metavar="TOKENS", help="how far 8-bit weights answer as bf16 does")
    parser.add_argument("--llama-cpp", action="store_true", help="also the language model in llama.cpp")
    parser.add_argument("--tiny", action="store_true", help="toy sizes: a rehearsal, whose figures mean nothing")
    arguments = parser.parse_args()
    arguments.work = arguments.work or ("build/bench/llava_tiny" if arguments.tiny else "build/bench/llava")
    arguments.tokens = arguments.tokens or (8 if arguments.tiny else 64)
    if arguments.tokens < 2:
        parser.error("--tokens: expected at least 2")
    return arguments


def main():
    arguments = parse_arguments()
    work = Path(arguments.work)
    if arguments.serve_peer:
        return serve_peer(work, arguments.threads)
    if arguments.llama_cpp and not LlamaCpp.is_installed():
        print(LLAMA_CPP_HELP, flush=True)
        arguments.llama_cpp = False
    work.mkdir(parents=True, exist_ok=True)
    write_models(arguments, work)
    peer.write_picture(work / "picture.png", SIDE, SIDE)
    print(f"LLaVA 1.5, {'toy sizes' if arguments.tiny else '7B wide, 8 layers'}; {peer.cpu_model()}, {arguments.threads} threads", flush=True)
    results = [compare_picture(arguments, work, dtype) for dtype in arguments.dtype]
    results += compare_language(arguments, work)
    if arguments.agreement:
        results.append(agreement(arguments, work))
    conversation.show_aims(aims(results))
    peer.write_results(arguments, results)


if __name__ == "__main__":
    main()
