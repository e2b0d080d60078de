"""What transformers' CLIP gives at small odd configurations: whole directories, picture files and texts to cosines, every block's
output, the contrastive loss with all gradients.

Writes OUT/clip/CASE/: the directory, pictures, reference.safetensors and reference.json.

    python tools/parity/clip.py --out build/parity

With --full-size: ViT-B/32's and ViT-L/14's published sizes at 336 px instead, without gradients.
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
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPVisionModel, PreTrainedTokenizerFast

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-transformers4/bin/python"
MERGES = ["a t</w>", "d o", "do g</w>", "c a", "ca t</w>", "ca r</w>", "t h", "th e</w>", "r e", "re d</w>"]
TEXT = dict(vocab_size=600, hidden_size=40, intermediate_size=72, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=33)
VISION = dict(hidden_size=48, intermediate_size=88, num_hidden_layers=3, num_attention_heads=3, image_size=40, patch_size=8)
# name: (changes of the text's config, of the picture's, fields of the config, of the processor)
CASES = {
    "openai": (dict(eos_token_id=2), {}, {}, {}),  # its config's end token is wrong; meant is the largest id
    "laion": (dict(hidden_act="gelu"), dict(hidden_act="gelu", num_hidden_layers=2), dict(projection_dim=24, logit_scale_init_value=1.5), {}),
    "wide": (dict(hidden_size=36, num_attention_heads=6, num_hidden_layers=1), dict(patch_size=7, image_size=35, hidden_size=56,
             num_attention_heads=7, layer_norm_eps=1e-6), dict(projection_dim=11), dict(do_center_crop=False, size=dict(height=35, width=35))),
}
FULL_SIZE = {
    "base_32": (dict(vocab_size=49408, hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8,
                     max_position_embeddings=77),
                dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=224, patch_size=32),
                {}, {}),
    "large_14_336": (dict(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                          max_position_embeddings=77),
                     dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=336,
                          patch_size=14), dict(projection_dim=768), {}),
}
TEXTS = ["a photo of a Red  dog!", "the cat", "2 cars & the dog's café, at 10:30…"]


def make_tokenizer(rows):
    """CLIP's own: byte-level words that end in </w>, lower case; the two special tokens last, as published."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = alphabet + [c + "</w>" for c in alphabet] + [merge.replace(" ", "") for merge in MERGES]
    vocabulary = {word: i for i, word in enumerate(words)}
    vocabulary |= {"<|startoftext|>": rows - 2, "<|endoftext|>": rows - 1}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge.split()) for merge in MERGES], end_of_word_suffix="</w>",
                                     unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "),
                                                 normalizers.Lowercase()])
    split = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(split), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("<|endoftext|>", rows - 1), ("<|startoftext|>", rows - 2), False, False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|startoftext|>", special=True), AddedToken("<|endoftext|>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|startoftext|>", eos_token="<|endoftext|>",
                                   pad_token="<|endoftext|>", unk_token="<|endoftext|>",
                                   model_input_names=["input_ids", "attention_mask"])


def pictures(seed):
    random = np.random.default_rng(seed)
    return [Image.fromarray(random.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
            for size in ((61, 83), (140, 50))]


def write_case(folder, name, seed):
    text, vision, fields, process = (CASES | FULL_SIZE)[name]
    folder.mkdir(parents=True, exist_ok=True)
    text, vision = TEXT | text, VISION | vision
    rows = text["vocab_size"]
    text |= dict(eos_token_id=rows - 1, bos_token_id=rows - 2) | {k: v for k, v in text.items() if k == "eos_token_id"}
    side = vision["image_size"]
    torch.manual_seed(seed)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, **fields)).eval()
    with torch.no_grad():
        for _, parameter in model.named_parameters():  # what starts at zero or one would hide errors
            parameter += 0.05 * torch.randn(parameter.shape)
    process = dict(size={"shortest_edge": side}, crop_size={"height": side, "width": side}) | process
    processor = CLIPProcessor(CLIPImageProcessor(**process), make_tokenizer(rows))
    images = pictures(seed)
    for index, image in enumerate(images):
        image.save(folder / f"picture{index}.png")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if name in CASES:
        CLIPVisionModel.from_pretrained(folder).save_pretrained(folder / "tower")
    inputs = processor(text=TEXTS, images=images, return_tensors="pt", padding=True)
    output = model(**inputs, return_loss=False)
    states = model.vision_model(inputs["pixel_values"], output_hidden_states=True).hidden_states
    tensors = {"pixels": inputs["pixel_values"], "input_ids": inputs["input_ids"], "image_embeds": output.image_embeds,
               "text_embeds": output.text_embeds, "logits": output.logits_per_image}
    tensors |= {f"hidden.{i}": state for i, state in enumerate(states)}
    if name in CASES:
        loss = model(**{k: v[:2] for k, v in inputs.items()}, return_loss=True).loss
        loss.backward()
        tensors |= {"loss": loss.reshape(1)} | {f"gradient.{n}": p.grad for n, p in model.named_parameters()}
    save_file({key: value.detach().contiguous() for key, value in tensors.items()}, folder / "reference.safetensors")
    record = {"texts": TEXTS, "ids": [processor.tokenizer(t)["input_ids"] for t in TEXTS], "transformers": transformers.__version__,
              "probabilities": output.logits_per_image.softmax(1).tolist()}
    (folder / "reference.json").write_text(json.dumps(record))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "clip"
    if transformers.__version__.startswith("4."):
        write_case(out / "openai_transformers4", "openai", 40)
        return
    for seed, name in enumerate(FULL_SIZE if arguments.full_size else CASES):
        write_case(out / name, name, seed)
    if not arguments.full_size:
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
