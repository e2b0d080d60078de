"""Random polygons and run lengths as pycocotools rasterises, joins and compares them: OUT/masks/cases.json.

`polygons`: parts of one annotation, which cross themselves, lie outside of the picture, or have no area, and the counts of the merged
mask. `masks`: a picture's masks with their area, box, union, intersection and IoU.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from pycocotools import _mask, mask


def random_part(rng, width, height):
    points = int(rng.choice([1, 2, 3, 4, 7, 30], p=[0.03, 0.03, 0.2, 0.3, 0.3, 0.14]))
    reach = float(rng.choice([1, 1, 1.5, 4]))  # beyond the picture where over 1
    xy = (rng.random((points, 2)) - 0.5) * [width * reach, height * reach] + [width / 2, height / 2]
    xy = np.round(xy, int(rng.choice([0, 1, 2, 6])))
    kind = rng.choice(["as it is", "repeated", "line", "half"], p=[0.7, 0.1, 0.1, 0.1])
    if kind == "repeated":
        xy = np.repeat(xy, rng.integers(1, 4, points), axis=0)
    elif kind == "line":
        xy = np.concatenate([xy, xy[::-1]])
    elif kind == "half":
        xy = np.floor(xy) + 0.5
    return xy.reshape(-1).tolist()


def polygon_case(rng):
    width, height = (int(v) for v in rng.integers(1, int(rng.choice([4, 40, 300])), 2))
    parts = [random_part(rng, width, height) for _ in range(int(rng.choice([1, 1, 2, 5])))]
    merged = mask.merge(_mask.frPoly(parts, height, width))
    return dict(width=width, height=height, parts=parts, counts=merged["counts"].decode())


def mask_case(rng):
    width, height = (int(v) for v in rng.integers(1, 40, 2))
    masks = []
    for _ in range(int(rng.integers(2, 5))):
        change = rng.random((width, height)) < rng.random()  # of a pixel from the one before
        masks.append(np.asfortranarray(np.cumsum(change).reshape(width, height).T % 2, dtype=np.uint8))
    runs = [mask.encode(m) for m in masks]
    return dict(width=width, height=height, counts=[r["counts"].decode() for r in runs],
                area=[int(a) for a in mask.area(runs)], box=mask.toBbox(runs).tolist(),
                union=mask.merge(runs)["counts"].decode(), intersection=mask.merge(runs[:2], intersect=True)["counts"].decode(),
                iou=mask.iou(runs, runs, [0] * len(runs)).tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    folder = parser.parse_args().out / "masks"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(12)
    cases = dict(polygons=[polygon_case(rng) for _ in range(3000)], masks=[mask_case(rng) for _ in range(300)])
    (folder / "cases.json").write_text(json.dumps(cases))
    print(f"{folder}: {len(cases['polygons'])} polygons, {len(cases['masks'])} pictures of masks")


if __name__ == "__main__":
    main()
