"""What transformers' BLIP-2 gives at small odd configurations: retrieval's two heads, from picture files and texts.

Writes OUT/blip2/CASE/: the directory, pictures, reference.safetensors (pixels, features, query_states, query_embeds [P, Q, E], text_embeds
[R, E], itc [P, R], itm [P, R, 2], input_ids, mask) and reference.json (texts).

    python tools/parity/blip2.py --out build/parity
"""

import argparse
import json
import subprocess
from pathlib import Path

import torch
import transformers
from blip import OTHER_PYTHON, TEXTS, VOCABULARY, pictures, write_vocabulary
from safetensors.torch import save_file
from transformers import BertTokenizerFast, Blip2Config, Blip2ForImageTextRetrieval, BlipImageProcessor

VISION = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=3, num_attention_heads=3, image_size=40, patch_size=8,
              initializer_range=0.1)
QFORMER = dict(vocab_size=VOCABULARY, hidden_size=48, intermediate_size=80, num_hidden_layers=4, num_attention_heads=4,
               max_position_embeddings=32, initializer_range=0.2, encoder_hidden_size=48, use_qformer_text_input=True)
# name: (changes of the picture's config, of the Q-Former's, queries)
CASES = {
    "retrieval": ({}, {}, 5),
    "retrieval_wide": (dict(hidden_size=56, num_attention_heads=7, patch_size=10, hidden_act="gelu_new"),
                       dict(encoder_hidden_size=56, num_hidden_layers=5, cross_attention_frequency=3, hidden_act="relu"), 3),
}


def make_model(vision, qformer, queries, seed):
    config = Blip2Config(vision_config={**VISION, **vision}, qformer_config={**QFORMER, **qformer}, num_query_tokens=queries,
                         image_text_hidden_size=20)
    torch.manual_seed(seed)
    model = Blip2ForImageTextRetrieval(config).eval()
    with torch.no_grad():
        for _, parameter in model.named_parameters():  # what starts at zero or one would hide errors
            parameter += 0.1 * torch.randn(parameter.shape)
    return model


def write_case(folder, vision, qformer, queries, seed):
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(vision, qformer, queries, seed)
    side = model.config.vision_config.image_size
    processor = BlipImageProcessor(size={"height": side, "width": side})
    write_vocabulary(folder / "vocab.txt", VOCABULARY)
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    images = pictures(seed)
    for index, image in enumerate(images):
        image.save(folder / f"picture{index}.png")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    text = tokenizer(TEXTS, return_tensors="pt", padding=True)
    text = {"input_ids": text["input_ids"], "attention_mask": text["attention_mask"]}
    with torch.no_grad():
        itc = model(pixel_values=pixels, **text)
        itm = [model(pixel_values=p.expand(len(TEXTS), -1, -1, -1), use_image_text_matching_head=True, **text).logits_per_image for p in pixels]
        features = model.vision_model(pixels).last_hidden_state
        states = model.qformer(query_embeds=model.query_tokens.expand(len(images), -1, -1), encoder_hidden_states=features).last_hidden_state
    save_file({"pixels": pixels, "features": features, "query_states": states, "query_embeds": itc.image_embeds.contiguous(),
               "text_embeds": itc.text_embeds, "itc": itc.logits_per_image.contiguous(), "itm": torch.stack(itm), **text},
              folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps({"texts": TEXTS, "transformers": transformers.__version__}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "blip2"
    if transformers.__version__.startswith("4."):
        return write_case(out / "retrieval_transformers4", *CASES["retrieval"], 30)
    for seed, (name, case) in enumerate(CASES.items()):
        write_case(out / name, *case, seed)
    subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
