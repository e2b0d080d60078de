"""Random detection results judged by pycocotools: OUT/coco/cases.json, each a list of pictures with the twelve figures, and the
same of masks, OUT/coco/mask_cases.json, with the figures of proposals: mean recall with 100 and 1000 a picture, AP with 300.

Boxes are whole pixels, so that the overlap at a threshold is decided alike; scores repeat, crowds and empty pictures occur.
"""

import argparse
import contextlib
import copy
import io
import json
from pathlib import Path

import numpy as np
from pycocotools import mask as masks
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


def random_mask(rng, size, largest):
    """One or two ellipses, some with a hole; never empty."""
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    mask = np.zeros(size, bool)
    for _ in range(int(rng.integers(1, 3))):
        y, x = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(2, largest, 2)
        distance = ((rows - y) / tall) ** 2 + ((columns - x) / wide) ** 2
        mask |= (distance <= 1) & (distance >= rng.choice([0, 0.2]))
    return mask


def noisy(rng, mask):
    """The mask moved a little, with some rows or columns missing."""
    moved = np.roll(mask, [int(v) for v in rng.integers(-3, 4, 2)], (0, 1))
    if rng.random() < 0.3:
        moved[:: int(rng.integers(2, 9))] = False
    return moved


def run_lengths(mask):
    encoded = masks.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=encoded["size"], counts=encoded["counts"].decode())


def random_mask_case(rng):
    categories = int(rng.integers(1, 4))
    largest = int(rng.choice([12, 40, 90]))
    pictures = []
    for _ in range(int(rng.integers(1, 6))):
        size = tuple(int(v) for v in rng.integers(30, 150, 2))
        drawn = [random_mask(rng, size, largest) for _ in range(int(rng.integers(0, 7)))]
        truths = [dict(category=int(rng.integers(categories)), segmentation=run_lengths(mask), crowd=bool(rng.random() < 0.15),
                       area=round(float(mask.sum() * rng.uniform(0.8, 1)), 1)) for mask in drawn if mask.any()]
        found = [noisy(rng, mask) for mask in drawn for _ in range(int(rng.integers(0, 4)))]
        found += [random_mask(rng, size, largest) for _ in range(int(rng.choice([0, 3, 120], p=[0.5, 0.4, 0.1])))]
        detections = [dict(category=int(rng.integers(categories)), segmentation=run_lengths(mask),
                           score=round(float(rng.random()), int(rng.choice([1, 6])))) for mask in found]
        pictures.append(dict(truths=truths, detections=detections))
    return dict(categories=categories, pictures=pictures)


def coco_evaluation(case, kind):
    """COCOeval of the case; None where nothing was found."""
    field = "bbox" if kind == "bbox" else "segmentation"
    region = "box" if kind == "bbox" else "segmentation"
    images, annotations, results = [], [], []
    for image, picture in enumerate(case["pictures"], 1):
        images.append(dict(id=image, width=400, height=400))
        for truth in picture["truths"]:
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": truth["category"] + 1,
                                field: truth[region], "area": truth["area"], "iscrowd": int(truth["crowd"])})
        for detection in picture["detections"]:
            results.append({"image_id": image, "category_id": detection["category"] + 1, field: detection[region],
                            "score": detection["score"]})
    if not results:
        return None
    truth = COCO()
    truth.dataset = dict(info={}, images=images, annotations=annotations,
                         categories=[dict(id=i + 1, name=str(i)) for i in range(case["categories"])])
    truth.createIndex()
    return COCOeval(truth, truth.loadRes(copy.deepcopy(results)), kind)


def judged(case, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = coco_evaluation(case, kind)
        if evaluation is None:
            return None
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(v) for v in evaluation.stats]


def judged_as_proposals(case):
    """Mean recall with 100 and 1000 a picture; AP at .5, and over all IoUs, with 300."""

    def mean(values):
        return float(values[values > -1].mean()) if (values > -1).any() else -1.0

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = coco_evaluation(case, "segm")
        evaluation.params.maxDets = [100, 300, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
    recall, precision = evaluation.eval["recall"], evaluation.eval["precision"]
    return [mean(recall[:, :, 0, 0]), mean(recall[:, :, 0, 2]), mean(precision[0, :, :, 0, 1]),
            mean(precision[:, :, :, 0, 1])]


def cases_of(draw, kind, count, rng):
    cases = []
    while len(cases) < count:
        case = draw(rng)
        case["expected"] = judged(case, kind)
        if case["expected"] is not None:
            cases.append(case)
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    folder = parser.parse_args().out / "coco"
    folder.mkdir(parents=True, exist_ok=True)
    cases = cases_of(random_case, "bbox", 60, np.random.default_rng(11))
    (folder / "cases.json").write_text(json.dumps(cases))
    mask_cases = cases_of(random_mask_case, "segm", 60, np.random.default_rng(12))
    for case in mask_cases:
        case["proposals"] = judged_as_proposals(case)
    (folder / "mask_cases.json").write_text(json.dumps(mask_cases))
    print(f"{folder}: {len(cases)} cases of boxes, {len(mask_cases)} of masks")


if __name__ == "__main__":
    main()
