#!/usr/bin/env python3
"""What three masks and one mask make of a click that may mean three things: docs/studies/sam-pictures.png, from two models of
tools/studies/sam.py, read by transformers.

    tools/studies/sam_pictures.py out/sam
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageDraw
from transformers import SamModel, SamProcessor

SCENES, ENLARGED = 6, 3


def scenes(omma, folder):
    """(picture, middle of its first mark)"""
    subprocess.run([omma, "render", "--seed", "77", "--count", "40", "--size", "64", "--emblems", "--split", "test", "--out", folder, "--quiet"], check=True)
    known = json.loads((folder / "annotations.json").read_text())
    marks = {category["id"] for category in known["categories"] if category["name"] == "mark"}
    for picture in known["images"]:
        for annotation in known["annotations"]:
            if annotation["image_id"] == picture["id"] and annotation["category_id"] in marks and annotation["area"] > 30:
                x, y, width, height = annotation["bbox"]
                yield Image.open(folder / "images" / Path(picture["file_name"]).name).convert("RGB"), (x + width / 2, y + height / 2)
                break


def masks_of(directory, image, point, many):
    """Probabilities [M, 64, 64] and predicted IoU [M]."""
    processor, model = SamProcessor.from_pretrained(directory), SamModel.from_pretrained(directory, dtype=torch.float32)
    inputs = processor(image, input_points=[[list(point)]], return_tensors="pt")
    with torch.no_grad():
        outputs = model(pixel_values=inputs["pixel_values"], input_points=inputs["input_points"], multimask_output=many)
    return outputs.pred_masks[0, 0].sigmoid().numpy(), outputs.iou_scores[0, 0].numpy()


def tile(image, point=None, probability=None, text=""):
    pixels = numpy.asarray(image, dtype=numpy.float32)
    if probability is not None:  # what is surely no part of it fades
        weight = numpy.asarray(Image.fromarray(probability).resize(image.size, Image.BILINEAR))[..., None]
        pixels = 255 - (255 - pixels) * 0.15 - (255 - pixels) * 0.85 * weight
    side = image.width * ENLARGED
    drawn = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).resize((side, side), Image.NEAREST)
    draw = ImageDraw.Draw(drawn)
    if point:
        x, y = (ENLARGED * value for value in point)
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill="white", outline="black", width=2)
    draw.text((4, 2), text, fill="black", stroke_width=2, stroke_fill="white")
    return drawn


def main():
    runs, omma = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "build/release/apps/omma"
    rows = []
    for image, point in list(scenes(omma, runs / "pictures"))[:SCENES]:
        three, expected = masks_of(runs / "base-1/model", image, point, True)
        one, _ = masks_of(runs / "single-mask-1/model", image, point, False)
        rows.append([tile(image, point, text="click")] + [tile(image, None, mask, f"IoU {iou:.2f}?") for mask, iou in zip(three, expected)] +
                    [tile(image, None, one[0], "one mask")])
    side = rows[0][0].width + 4
    sheet = Image.new("RGB", (side * len(rows[0]), side * len(rows)), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(picture, (x * side, y * side))
    sheet.quantize(128).save("docs/studies/sam-pictures.png", optimize=True)


if __name__ == "__main__":
    main()
