"""Image processors of transformers: pictures in, tensors out.

Writes OUT/processors/CASE/: preprocessor_config.json as the class saves it, pictures, and expected.safetensors with the pixels of
each picture under its name.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import BlipImageProcessor, CLIPImageProcessor, GroundingDinoImageProcessor, SamImageProcessor

SIZES = [(61, 37), (37, 61), (40, 40), (9, 50), (50, 9), (13, 14), (128, 30)]
CASES = {
    "clip": CLIPImageProcessor(size={"shortest_edge": 30}, crop_size={"height": 28, "width": 28}),
    "clip_crop_beyond": CLIPImageProcessor(size={"shortest_edge": 11}, crop_size={"height": 25, "width": 18}),
    "clip_crop_only": CLIPImageProcessor(do_resize=False, crop_size={"height": 21, "width": 32}, do_normalize=False),
    "clip_shortest": CLIPImageProcessor(size={"shortest_edge": 17}, do_center_crop=False),
    "blip": BlipImageProcessor(size={"height": 24, "width": 24}),
    "detr_padded": GroundingDinoImageProcessor(size={"shortest_edge": 30, "longest_edge": 44}, pad_size={"height": 48, "width": 50}),
    "sam": SamImageProcessor(size={"longest_edge": 44}, pad_size={"height": 44, "width": 44}),
    "detr": GroundingDinoImageProcessor(size={"shortest_edge": 30, "longest_edge": 44}),
}


def picture(width, height):
    small = np.random.default_rng(width).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.BICUBIC)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "processors"
    for name, processor in CASES.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        processor.save_pretrained(folder)
        expected = {}
        for width, height in SIZES:
            file = f"{width}x{height}.png"
            picture(width, height).save(folder / file)
            expected[file] = torch.as_tensor(processor(Image.open(folder / file), return_tensors="pt")["pixel_values"][0])
        save_file({name: tensor.contiguous() for name, tensor in expected.items()}, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
