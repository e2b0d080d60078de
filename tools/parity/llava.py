"""What transformers' LLaVA and LLaVA-NeXT give at small odd configurations: whole directories, pictures and prompts to pixels,
features, embeddings, logits and generated tokens.

Writes OUT/llava/CASE/: the directory, pictures, reference.safetensors and reference.json.

    python tools/parity/llava.py --out build/parity

With --full-size: L/14 at 336 px and the widths of Vicuna-7B and Mistral-7B with two layers (8 GB of memory; bf16 weights, computed in fp32).
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers import (AutoConfig, CLIPImageProcessor, LlavaConfig, LlavaForConditionalGeneration, LlavaNextConfig,
                          LlavaNextForConditionalGeneration, LlavaNextProcessor, LlavaProcessor, PreTrainedTokenizerFast)

if transformers.__version__.startswith("4."):
    from transformers import LlavaImageProcessor, LlavaNextImageProcessor
else:
    from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil as LlavaImageProcessor
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil as LlavaNextImageProcessor

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-transformers4/bin/python"
VOCABULARY = 320
WORDS = ["\u2581", "USER", "is", "th", "\u2581th", "ST", "ANT", "\u2581AS", "er", "at"] + list("abcdehilnoprstwAINSTUWE:?.,")
IMAGE_TOKEN = 310
TOWER = dict(model_type="clip_vision_model", hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=3, image_size=28,
             patch_size=7, initializer_range=0.1)
TEXT = dict(model_type="llama", vocab_size=VOCABULARY, hidden_size=40, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=512, initializer_range=0.2, bos_token_id=1, eos_token_id=2, pad_token_id=0)
MISTRAL = TEXT | dict(model_type="mistral", num_key_value_heads=2, head_dim=12, sliding_window=None)
GRID = [[28, 56], [56, 28], [56, 56], [84, 28], [28, 84]]
# name: (next, fields, tower, text, how the processor makes squares)
CASES = {
    "crop": (False, {}, {}, {}, "crop"),
    "pad": (False, dict(vision_feature_layer=-1), dict(hidden_act="gelu"), dict(num_key_value_heads=2), "pad"),
    "full": (False, dict(vision_feature_select_strategy="full", vision_feature_layer=1, multimodal_projector_bias=False), {},
             dict(tie_word_embeddings=True), "crop"),
    "layers": (False, dict(vision_feature_layer=[-3, 1, -1], projector_hidden_act="linear"), dict(num_attention_heads=4), {}, "crop"),
    "mistral": (False, {}, {}, MISTRAL, "pad"),
    "next": (True, dict(image_grid_pinpoints=GRID), {}, MISTRAL, "anyres"),
    "next_layers": (True, dict(image_grid_pinpoints=GRID[:3], vision_feature_layer=[-2, 0]), dict(patch_size=14), {}, "anyres"),
}
LARGE = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=336, patch_size=14,
             initializer_range=0.02)
WIDE = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=2, num_attention_heads=32, num_key_value_heads=32,
            max_position_embeddings=4096, initializer_range=0.02)
FULL_SIZE = {
    "vicuna_7b_wide": (False, {}, LARGE, WIDE, "crop"),
    "mistral_7b_wide": (True, {}, LARGE, MISTRAL | WIDE | dict(intermediate_size=14336, num_key_value_heads=8, head_dim=128), "anyres"),
}
SIZES = [(61, 83), (140, 50), (28, 28), (29, 97), (16, 9)]
PROMPTS = [([0], "USER: <image>\nWhat is this? ASSISTANT:"), ([1, 3], "USER: <image> and <image>\ndiffer? ASSISTANT:"),
           ([], "USER: hello ASSISTANT:"), ([4], "<image>\nDescribe it."), ([2], "a<image>b")]


# In the manner of the published ones: pictures first, then the texts.
CHAT_TEMPLATE = """{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}\
{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' ' }}{% endfor %}{% endfor %}\
{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"""
# Turns of (role, text, pictures).
CHATS = [[("user", "What is this?", [0])], [("system", "Be brief.", []), ("user", "hello", [])],
         [("user", "What is this?", [0]), ("assistant", "this is it.", []), ("user", "and these?", [1, 4])]]


def make_tokenizer(placeholders=("<image>",)):
    """SentencePiece's way, as Vicuna's: a mark for the blank, bytes for what is unknown. The placeholders' ids begin at IMAGE_TOKEN."""
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    for word in WORDS:
        vocabulary.setdefault(word, len(vocabulary))
    merges = [("t", "h"), ("\u2581", "th"), ("i", "s"), ("S", "T"), ("e", "r"), ("a", "t")]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[m for m in merges if "".join(m) in vocabulary], byte_fallback=True,
                                     fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(content=" ", left=1)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("<unk>", "<s>", "</s>")])
    while tokenizer.get_vocab_size() < IMAGE_TOKEN:
        tokenizer.add_tokens([f"<filler{tokenizer.get_vocab_size()}>"])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in placeholders])
    assert [tokenizer.token_to_id(token) for token in placeholders] == list(range(IMAGE_TOKEN, IMAGE_TOKEN + len(placeholders)))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<unk>",
                                   padding_side="left", model_input_names=["input_ids", "attention_mask"])


def pictures(seed):
    random = np.random.default_rng(seed)
    return [Image.fromarray(random.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC) for size in SIZES]


def make_processor(config, aspect, tokenizer):
    side = config.vision_config.image_size
    size = dict(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    if aspect == "anyres":
        image, kind = LlavaNextImageProcessor(**size, image_grid_pinpoints=config.image_grid_pinpoints), LlavaNextProcessor
    else:
        image, kind = LlavaImageProcessor(**size, do_pad=True) if aspect == "pad" else CLIPImageProcessor(**size), LlavaProcessor
    return kind(image, tokenizer, chat_template=CHAT_TEMPLATE, patch_size=config.vision_config.patch_size, num_additional_image_tokens=1,
                vision_feature_select_strategy=config.vision_feature_select_strategy)


def make_model(is_next, fields, tower, text, seed, dtype):
    config_class, model_class = ((LlavaNextConfig, LlavaNextForConditionalGeneration) if is_next else
                                 (LlavaConfig, LlavaForConditionalGeneration))
    tower, text = TOWER | tower, TEXT | text
    config = config_class(vision_config=AutoConfig.for_model(**tower), text_config=AutoConfig.for_model(**text),
                          image_token_index=IMAGE_TOKEN, **fields)
    config.image_seq_length = (tower["image_size"] // tower["patch_size"])**2
    torch.manual_seed(seed)
    model = model_class(config).to(dtype).eval()
    model.generation_config.pad_token_id = 0
    with torch.no_grad():
        if dtype == torch.float32:
            for _, parameter in model.named_parameters():  # what starts at zero or one would hide errors
                parameter += 0.03 * torch.randn(parameter.shape)
            head = model.get_output_embeddings().weight  # bytes and fillers are hardly ever said: texts shall be readable
            head[3:259] = 0
            head[len(WORDS) + 259:] = 0
    return model


def generations(model, inputs, pictures_shown):
    asked = [dict(max_new_tokens=9), dict(max_new_tokens=7, num_beams=3), dict(max_new_tokens=8, repetition_penalty=1.4)]
    if transformers.__version__.startswith("4.") and pictures_shown > 1:
        del asked[1]  # repeats each picture as often as there are beams, and then shows hypotheses the wrong ones
    return [{"options": options,
             "tokens": model.generate(**inputs, do_sample=False, **options)[0, inputs["input_ids"].shape[1]:].tolist()} for options in asked]


def write_case(folder, name, seed):
    is_next, fields, tower, text, aspect = (CASES | FULL_SIZE)[name]
    dtype = torch.bfloat16 if name in FULL_SIZE else torch.float32
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(is_next, fields, tower, text, seed, dtype)
    tokenizer = make_tokenizer()
    processor = make_processor(model.config, aspect, tokenizer)
    images = pictures(seed)
    for index, image in enumerate(images):
        image.save(folder / f"picture{index}.png")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if dtype != torch.float32:  # exact numbers of the weights in the file: not model.float(), whose rotary frequencies bf16 has rounded
        dtype = torch.float32
        model = type(model).from_pretrained(folder, dtype=dtype).eval()
    tensors, record = {}, {"prompts": [], "transformers": transformers.__version__}
    with torch.no_grad():
        for i, image in enumerate(images):
            inputs = processor(images=[image], text="<image>", return_tensors="pt").to(dtype)
            output = model.get_image_features(**{k: v for k, v in inputs.items() if k in ("pixel_values", "image_sizes")})
            features = output if isinstance(output, (list, tuple, torch.Tensor)) else output.pooler_output
            tensors |= {f"pixels{i}": inputs["pixel_values"].reshape(-1, *inputs["pixel_values"].shape[-3:]),
                        f"features{i}": features[0].reshape(-1, features[0].shape[-1])}
        for i, (which, prompt) in enumerate(PROMPTS):
            inputs = processor(images=[images[w] for w in which] or None, text=prompt, return_tensors="pt").to(dtype)
            output = model(**inputs, output_hidden_states=True)
            tensors |= {f"embeddings{i}": output.hidden_states[0], f"logits{i}": output.logits, f"ids{i}": inputs["input_ids"]}
            record["prompts"].append({"pictures": which, "text": prompt, "runs": generations(model, inputs, len(which))})
        for chat in CHATS:
            messages = [{"role": role, "content": [{"type": "image"} for _ in shown] + [{"type": "text", "text": text}]}
                        for role, text, shown in chat]
            prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
            shown = [images[i] for _, _, pictures_shown in chat for i in pictures_shown]
            inputs = processor(images=shown or None, text=prompt, return_tensors="pt").to(dtype)
            tokens = model.generate(**inputs, do_sample=False, max_new_tokens=12)[0, inputs["input_ids"].shape[1]:]
            record.setdefault("chats", []).append({"turns": chat, "prompt": prompt, "prompt_tokens": inputs["input_ids"].shape[1],
                                                   "text": tokenizer.decode(tokens, skip_special_tokens=True)})
        batch = [0, 3]  # of different length, padded on the left
        inputs = processor(images=[images[w] for b in batch for w in PROMPTS[b][0]], text=[PROMPTS[b][1] for b in batch],
                           return_tensors="pt", padding=True).to(dtype)
        tensors |= {"batch_logits": model(**inputs).logits[:, -1]}
        record["batch"] = batch
    save_file({key: value.detach().float().contiguous() if value.is_floating_point() else value.contiguous()
               for key, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "llava"
    if transformers.__version__.startswith("4."):
        write_case(out / "crop_transformers4", "crop", 40)
        write_case(out / "next_transformers4", "next", 41)
        return
    for seed, name in enumerate(FULL_SIZE if arguments.full_size else CASES):
        write_case(out / name, name, seed)
    if not arguments.full_size:
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
