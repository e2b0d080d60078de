#!/usr/bin/env python3
"""Draws the picture-book world a second time, to judge models that have only seen omma's own drawing of it.

Written from the world's description and the font alone (docs/studies/second-renderer.md), with Pillow: it shares neither code nor
atlas nor resampling with `omma render`, and no model is ever trained on what it draws. A detector that knows dogs finds these; one
that has learnt a renderer does not.

  render.py --seed 7 --count 200 --out pictures        # images/, annotations.json, pairs.json, questions.jsonl

annotations.json names the objects ("dog"), pairs.json with their colours ("red dog"), both as COCO instances; questions.jsonl asks
how many there are, of things that are there and of things that are not, with and without a colour. The same seed gives the same
pictures where Pillow and the font are the same.
"""
import argparse
import json
import random
from pathlib import Path

import numpy as np
from pycocotools import mask as run_lengths

from camera import photographed
from world import COLORS, NAMES, PAIRS_HELD_OUT, Glyphs, draw_scene, plural_of


def all_pairs(combo):
    return [(color, name) for name in NAMES for color in COLORS if combo or (color, name) not in PAIRS_HELD_OUT]


def instances(scenes, classes, class_of):
    """COCO's instances; `class_of` tells an object's place among the classes."""
    images, annotations = [], []
    for number, (file_name, scene) in enumerate(scenes, 1):
        images.append({"id": number, "file_name": file_name, "width": scene.size, "height": scene.size})
        for item in scene.objects:
            rle = run_lengths.encode(np.asfortranarray(item.visible.astype(np.uint8)))
            x0, y0, x1, y1 = item.box
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": class_of(item) + 1, "iscrowd": 0,
                                "bbox": [x0, y0, x1 - x0, y1 - y0], "area": int(item.visible.sum()),
                                "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                                "attributes": {"name": item.name, "color": item.color}})
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, 1)]
    return {"images": images, "categories": categories, "annotations": annotations}


def counting_question(objects, pairs, rng):
    """Of a thing that is there or not, with or without a colour, each by a coin."""
    colored, there = rng.random() < 0.5, rng.random() < 0.5
    matches = lambda item, color, name: item.name == name and (not colored or item.color == color)
    while True:
        color, name = rng.choice([(item.color, item.name) for item in objects] if there else pairs)
        count = sum(matches(item, color, name) for item in objects)
        if there == (count > 0):
            break
    what = f"{color} {plural_of(name)}" if colored else plural_of(name)
    return {"question": f"How many {what} are there?", "answer": str(count), "type": "count"}


def write_json(path, value):
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="pictures")
    parser.add_argument("--size", type=int, default=128, help="pixels a side")
    parser.add_argument("--questions", type=int, default=1, help="counting questions of a picture")
    parser.add_argument("--cameras", action="store_true", help="each picture by a camera of its own, objects down to a tenth of the side")
    parser.add_argument("--combo", action="store_true", help="also the colour-name pairs that no training shows")
    parser.add_argument("--font", default=Glyphs.FONT, help="Noto Color Emoji")
    parser.add_argument("--out", type=Path, required=True, help="a folder that is empty or not there")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"--out {options.out}: expected an empty folder")
    (options.out / "images").mkdir(parents=True)

    glyphs, pairs = Glyphs(options.font), all_pairs(options.combo)
    scenes, lines = [], []
    for number in range(options.count):
        rng = random.Random(f"{options.seed}/{number}")
        scene = draw_scene(glyphs, pairs, options.size, rng, **({"smallest": 0.1} if options.cameras else {}))
        if options.cameras:
            scene.image = photographed(scene.image, rng)
        file_name = f"{number:06d}.png"
        scene.image.save(options.out / "images" / file_name)
        scenes.append((file_name, scene))
        for _ in range(options.questions):
            question = counting_question(scene.objects, pairs, rng)
            lines.append(json.dumps({"image": f"images/{file_name}", **question}) + "\n")
    names, phrases = list(NAMES), [f"{color} {name}" for color, name in pairs]
    write_json(options.out / "annotations.json", instances(scenes, names, lambda item: names.index(item.name)))
    write_json(options.out / "pairs.json", instances(scenes, phrases, lambda item: phrases.index(f"{item.color} {item.name}")))
    (options.out / "questions.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
