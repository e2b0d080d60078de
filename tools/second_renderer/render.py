#!/usr/bin/env python3
"""Draws the picture-book world a second time, to judge models that have only seen omma's own drawing of it.

Written from the world's description and the font alone (README.md), with Pillow: it shares neither code nor atlas nor resampling with
`omma render`, and no model is ever trained on what it draws. A model that knows dogs finds these; one that has learnt a renderer does not.

  render.py --seed 7 --count 200 --out pictures        # images/, and what is true of them

annotations.json names the objects ("dog"), pairs.json with their colours ("red dog"), both as COCO instances. captions.json has five
captions a picture (COCO), matching.tar a true one beside one with another colour or name (a webdataset shard), questions.jsonl
questions of several types, counts.jsonl how many there are of things that are there and of things that are not, with and without a
colour. The same seed gives the same pictures where Pillow and the font are the same.
"""
import argparse
import io
import json
import random
import tarfile
from pathlib import Path

import numpy as np
from pycocotools import mask as run_lengths

from camera import photographed
from captions import described, with_a_fault
from questions import Asker, counting_question
from world import COLORS, NAMES, PAIRS_HELD_OUT, Glyphs, draw_scene


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


def captioned(scenes, texts):
    """COCO's captions; `texts` has those of each scene."""
    images = [{"id": number, "file_name": file_name, "width": scene.size, "height": scene.size}
              for number, (file_name, scene) in enumerate(scenes, 1)]
    annotations = [{"image_id": number, "caption": text} for number, told in enumerate(texts, 1) for text in told]
    return {"images": images, "annotations": [{"id": number, **told} for number, told in enumerate(annotations, 1)]}


def matching_sample(scene, pairs, rng):
    """A true caption and one with a fault, as `omma eval matching` reads them."""
    truth, fault = described(scene, rng), rng.choice(["color", "name"])
    return {"caption": with_a_fault(truth, fault, scene, pairs, rng).text(), "noise": fault, "true_caption": truth.text()}


def add_member(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def write_shard(path, images, samples):
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for file_name, sample in samples:
            key = Path(file_name).stem
            add_member(archive, file_name, (images / file_name).read_bytes())
            add_member(archive, f"{key}.txt", sample["caption"].encode())
            add_member(archive, f"{key}.json", json.dumps(sample).encode())


def write_json(path, value):
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")


def write_lines(path, values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


def draw(options, glyphs, pairs, number):
    """A scene, and the question of how many of something there are."""
    rng = random.Random(f"{options.seed}/{number}")
    smallest = {"smallest": 0.1} if options.cameras else {}
    scene = draw_scene(glyphs, pairs, options.size, rng, most_objects=options.most_objects, **smallest)
    if options.cameras:
        scene.image = photographed(scene.image, rng)
    return scene, counting_question(scene.objects, pairs, rng)


def write_texts(options, pairs, scenes):
    """Captions, captions beside ones with a fault, and questions: of random numbers of their own."""
    captions, matching, questions = [], [], []
    for number, (file_name, scene) in enumerate(scenes):
        rng = random.Random(f"{options.seed}/{number}/texts")
        captions.append([described(scene, rng).text() for _ in range(5)])
        matching.append((file_name, matching_sample(scene, pairs, rng)))
        asked = Asker(scene, pairs, rng).questions()[:options.questions]
        questions += [{"image": f"images/{file_name}", **question} for question in asked]
    write_json(options.out / "captions.json", captioned(scenes, captions))
    write_shard(options.out / "matching.tar", options.out / "images", matching)
    write_lines(options.out / "questions.jsonl", questions)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="pictures")
    parser.add_argument("--size", type=int, default=128, help="pixels a side")
    parser.add_argument("--most-objects", type=int, default=6, help="of a picture")
    parser.add_argument("--questions", type=int, default=4, help="of a picture, of as many types")
    parser.add_argument("--cameras", action="store_true", help="each picture by a camera of its own, objects down to a tenth of the side")
    parser.add_argument("--combo", action="store_true", help="also the colour-name pairs that no training shows")
    parser.add_argument("--font", default=Glyphs.FONT, help="Noto Color Emoji")
    parser.add_argument("--out", type=Path, required=True, help="a folder that is empty or not there")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"--out {options.out}: expected an empty folder")
    (options.out / "images").mkdir(parents=True)

    glyphs, pairs = Glyphs(options.font), all_pairs(options.combo)
    scenes, counts = [], []
    for number in range(options.count):
        scene, count = draw(options, glyphs, pairs, number)
        file_name = f"{number:06d}.png"
        scene.image.save(options.out / "images" / file_name)
        scenes.append((file_name, scene))
        counts.append({"image": f"images/{file_name}", **count})
    names, phrases = list(NAMES), [f"{color} {name}" for color, name in pairs]
    write_json(options.out / "annotations.json", instances(scenes, names, lambda item: names.index(item.name)))
    write_json(options.out / "pairs.json", instances(scenes, phrases, lambda item: phrases.index(f"{item.color} {item.name}")))
    write_lines(options.out / "counts.jsonl", counts)
    write_texts(options, pairs, scenes)


if __name__ == "__main__":
    main()
