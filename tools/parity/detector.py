"""Picture file in, boxes out: whole model directories with processor and tokenizer, saved by transformers 5 and by transformers 4.

Writes OUT/detector/CASE/: the directory, picture.png, and expected.json with the score and box of every query for a caption, and
the score of every phrase for every query.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import (
    BertTokenizerFast,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
)

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-transformers4/bin/python"
WORDS = ["a", "an", "the", "cat", "dog", "red", "car", "remote", "control", "pot", "##ted", "##plant", "tri", "##cycle", "van"]
PHRASES = ["a cat", "remote control", "pottedplant", "red car"]
CAPTION = "A cat. remote control. pottedplant. red car"


def write_vocabulary(file):
    vocabulary = [f"[unused{i}]" for i in range(1100)]
    vocabulary[0], vocabulary[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary[1012], vocabulary[1029] = ".", "?"
    vocabulary[200:200 + len(WORDS)] = WORDS
    file.write_text("\n".join(vocabulary) + "\n")


def picture(width, height, seed):
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.BICUBIC)


def make_model(model_class, config_class, seed):
    backbone = dict(model_type="swin", embed_dim=16, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 4], window_size=4, image_size=64,
                    out_indices=[2, 3, 4])
    text = dict(model_type="bert", hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=80,
                vocab_size=1100, max_position_embeddings=64)
    torch.manual_seed(seed)
    model = model_class(config_class(d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
                                     decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=112, num_queries=20,
                                     backbone_config=backbone, text_config=text))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # what starts at zero would hide errors
            if not name.endswith("sampling_offsets.bias"):
                parameter += 0.03 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


@torch.no_grad()
def expected_of(model, processor, image):
    inputs = processor(images=image, text=CAPTION.lower() + ".", return_tensors="pt")
    output = model(**inputs)
    scores = output.logits[0].sigmoid()
    center, size = output.pred_boxes[0].split(2, -1)
    boxes = torch.cat([center - size / 2, center + size / 2], -1) * torch.tensor([image.width, image.height] * 2)
    limits = torch.tensor([image.width, image.height] * 2, dtype=boxes.dtype)
    boxes = torch.minimum(boxes.clamp(min=0), limits)
    ids, spans, start = inputs["input_ids"][0].tolist(), [], 1
    for place, token in enumerate(ids):
        if token == 1012:
            spans.append((start, place))
            start = place + 1
    phrases = [[float(row[begin:end].mean()) for begin, end in spans] for row in scores]
    return {"caption": CAPTION, "phrases": PHRASES, "boxes": boxes.tolist(), "scores": scores.max(-1).values.tolist(),
            "phrase_scores": phrases, "transformers": transformers.__version__}


def write_case(folder, model, size, seed, **options):
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder / "vocab.txt")
    tokenizer = BertTokenizerFast.from_pretrained(str(folder))
    processor = GroundingDinoProcessor(GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 160}, **options), tokenizer)
    image = picture(*size, seed)
    image.save(folder / "picture.png")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    (folder / "expected.json").write_text(json.dumps(expected_of(model, processor, image)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "detector"
    version = transformers.__version__.split(".")[0]
    write_case(out / f"transformers{version}", make_model(GroundingDinoForObjectDetection, GroundingDinoConfig, 3), (83, 61), 1)
    if version == "5":
        from transformers import MMGroundingDinoConfig, MMGroundingDinoForObjectDetection
        write_case(out / "padded", make_model(GroundingDinoForObjectDetection, GroundingDinoConfig, 5), (83, 61), 1,
                   pad_size={"height": 117, "width": 150})
        write_case(out / "mm", make_model(MMGroundingDinoForObjectDetection, MMGroundingDinoConfig, 4), (301, 100), 2)
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
