"""Random detection results judged by pycocotools: OUT/coco/cases.json, one case a line of pictures with the twelve figures.

Boxes are whole pixels, so that the overlap at a threshold is decided alike; scores repeat, crowds and empty pictures occur.
"""

import argparse
import contextlib
import io
import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def random_box(rng, largest):
    width, height = (int(v) for v in rng.integers(2, largest, 2))
    left, top = (int(v) for v in rng.integers(0, 200, 2))
    return [left, top, width, height]


def random_case(rng):
    categories = int(rng.integers(1, 5))
    largest = int(rng.choice([30, 90, 160]))
    pictures = []
    for _ in range(int(rng.integers(1, 12))):
        truths = [dict(category=int(rng.integers(categories)), box=random_box(rng, largest), crowd=bool(rng.random() < 0.15))
                  for _ in range(int(rng.integers(0, 9)))]
        detections = []
        for truth in truths:
            for _ in range(int(rng.integers(0, 4))):
                moved = [max(1, v + int(rng.integers(-6, 7))) for v in truth["box"]]
                category = truth["category"] if rng.random() < 0.85 else int(rng.integers(categories))
                detections.append(dict(category=category, box=moved, score=round(float(rng.random()), int(rng.choice([1, 6])))))
        for _ in range(int(rng.choice([0, 3, 120], p=[0.4, 0.5, 0.1]))):
            detections.append(dict(category=int(rng.integers(categories)), box=random_box(rng, largest),
                                   score=round(float(rng.random()), 2)))
        for truth in truths:  # the annotated area is the mask's, not the box's
            truth["area"] = round(truth["box"][2] * truth["box"][3] * float(rng.uniform(0.4, 1)), 1)
        pictures.append(dict(truths=truths, detections=detections))
    return dict(categories=categories, pictures=pictures)


def judged(case):
    images, annotations, results = [], [], []
    for image, picture in enumerate(case["pictures"], 1):
        images.append(dict(id=image, width=400, height=400))
        for truth in picture["truths"]:
            annotations.append(dict(id=len(annotations) + 1, image_id=image, category_id=truth["category"] + 1,
                                    bbox=truth["box"], area=truth["area"], iscrowd=int(truth["crowd"])))
        for detection in picture["detections"]:
            results.append(dict(image_id=image, category_id=detection["category"] + 1, bbox=detection["box"],
                                score=detection["score"]))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dict(info={}, images=images, annotations=annotations,
                             categories=[dict(id=i + 1, name=str(i)) for i in range(case["categories"])])
        truth.createIndex()
        if not results:
            return None
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(v) for v in evaluation.stats]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    folder = parser.parse_args().out / "coco"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    cases = []
    while len(cases) < 60:
        case = random_case(rng)
        case["expected"] = judged(case)
        if case["expected"] is not None:
            cases.append(case)
    (folder / "cases.json").write_text(json.dumps(cases))
    print(f"{folder}: {len(cases)} cases")


if __name__ == "__main__":
    main()
