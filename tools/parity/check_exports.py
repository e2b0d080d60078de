"""Reads what omma wrote of one set of pictures in every format, and compares the masks with those of its COCO run lengths.

    python tools/parity/check_exports.py DIR        DIR/coco, coco-polygons, sa1b, yolo, voc, png, of the same pictures and objects

Prints, as JSON, of each reader and format how many masks were compared and the least IoU with the COCO file's run lengths, of masks
above 200 pixels: pycocotools, Pillow, supervision and label-studio-sdk's converter.
"""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import supervision as sv
from label_studio_sdk.converter.imports.coco import convert_coco_to_ls
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO

LARGE = 200  # pixels: below, a polygon's corners count for too much


def load_coco(folder):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(folder / "annotations.json")


def true_masks(folder):
    """Of each picture's name its masks, in order."""
    coco = load_coco(folder / "coco")
    return {image["file_name"]: [coco.annToMask(a).astype(bool) for a in coco.imgToAnns[image["id"]]]
            for image in coco.dataset["images"]}


class Comparison:
    def __init__(self):
        self.masks, self.large, self.worst, self.equal = 0, 0, 1.0, True

    def add(self, truth, found):
        assert truth.shape == found.shape, (truth.shape, found.shape)
        self.masks += 1
        self.equal &= bool((truth == found).all())
        if truth.sum() > LARGE:
            self.large += 1
            self.worst = min(self.worst, float((truth & found).sum() / (truth | found).sum()))

    def add_all(self, truths, found):
        assert len(truths) == len(found), (len(truths), len(found))
        for truth, mask in zip(truths, found):
            self.add(truth, np.asarray(mask, dtype=bool))


def visible(masks):
    """Where masks overlap the smaller one is seen, of equal ones the first."""
    order = sorted(range(len(masks)), key=lambda i: (-int(masks[i].sum()), -i))
    numbers = np.zeros(masks[0].shape, np.int64)
    for i in order:
        numbers[masks[i]] = i + 1
    return numbers


def with_pycocotools(folder, truths):
    for kind in ("coco", "coco-polygons"):
        comparison, coco = Comparison(), load_coco(folder / kind)
        for image in coco.dataset["images"]:
            annotations = coco.imgToAnns[image["id"]]
            comparison.add_all(truths[image["file_name"]], [coco.annToMask(a) for a in annotations])
            for annotation, truth in zip(annotations, truths[image["file_name"]]):
                assert annotation["area"] == truth.sum() and annotation["iscrowd"] == 0
                box = rle.toBbox(rle.encode(np.asfortranarray(truth, dtype=np.uint8)))
                assert annotation["bbox"] == box.tolist()
        with contextlib.redirect_stdout(io.StringIO()):
            results = coco.loadRes([a | dict(score=0.5) for a in coco.dataset["annotations"]])
        assert len(results.anns) == len(coco.anns)
        yield kind, comparison
    comparison = Comparison()
    for name, masks in truths.items():
        record = json.loads((folder / "sa1b" / name).with_suffix(".json").read_text())
        assert record["image"]["file_name"] == name
        comparison.add_all(masks, [rle.decode(a["segmentation"]) for a in record["annotations"]])
    yield "sa1b", comparison
    comparison = Comparison()
    for name, masks in truths.items():
        height, width = masks[0].shape
        lines = (folder / "yolo" / "labels" / name).with_suffix(".txt").read_text().splitlines()
        shares = [np.array(line.split()[1:], float).reshape(-1, 2) for line in lines]
        runs = [rle.frPyObjects([(s * [width, height]).reshape(-1).tolist()], height, width) for s in shares]
        comparison.add_all(masks, [rle.decode(rle.merge(r)) for r in runs])
    yield "yolo", comparison


def with_pillow(folder, truths):
    for kind, place, mode in (("voc", "SegmentationObject", "P"), ("png", "labels", None)):
        comparison = Comparison()
        for name, masks in truths.items():
            picture = Image.open((folder / kind / place / name).with_suffix(".png"))
            assert mode is None or picture.mode == mode
            numbers, expected = np.asarray(picture), visible(masks)
            comparison.add_all([expected == i + 1 for i in range(len(masks))], [numbers == i + 1 for i in range(len(masks))])
        yield kind, comparison


def with_supervision(folder, truths):
    def compare(dataset):
        comparison = Comparison()
        for path, _, detections in dataset:
            comparison.add_all(truths[Path(path).name], [] if detections.mask is None else list(detections.mask))
        return comparison

    for kind in ("coco", "coco-polygons"):
        place = folder / kind
        yield kind, compare(sv.DetectionDataset.from_coco(str(place / "images"), str(place / "annotations.json"), force_masks=True))
    place = folder / "yolo"
    yield "yolo", compare(sv.DetectionDataset.from_yolo(str(place / "images"), str(place / "labels"), str(place / "data.yaml"),
                                                        force_masks=True))


def with_label_studio(folder, truths):
    """Each part of a mask becomes a polygon of its own; they are united here as they were one annotation's."""
    source = folder / "coco-polygons"
    annotations = load_coco(source)
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        convert_coco_to_ls(str(source / "annotations.json"), f"{out}/tasks.json")
        tasks = json.loads(Path(out, "tasks.json").read_text())
    comparison = Comparison()
    for task in tasks:
        name = unquote(task["data"]["image"].split("=")[-1])
        height, width = truths[name][0].shape
        polygons = [np.array(r["value"]["points"]) * [width / 100, height / 100] for r in task["annotations"][0]["result"]
                    if r["type"] == "polygonlabels"]
        image = next(i for i in annotations.dataset["images"] if i["file_name"] == name)
        found = []
        for annotation in annotations.imgToAnns[image["id"]]:
            parts = [polygons.pop(0).reshape(-1).tolist() for _ in annotation["segmentation"]]
            found.append(rle.decode(rle.merge(rle.frPyObjects(parts, height, width))))
        assert not polygons
        comparison.add_all(truths[name], found)
    yield "coco-polygons", comparison


def main():
    folder = Path(sys.argv[1])
    truths = true_masks(folder)
    readers = {"pycocotools": with_pycocotools, "pillow": with_pillow, "supervision": with_supervision, "label-studio-sdk": with_label_studio}
    found = {reader: {kind: dict(masks=c.masks, large=c.large, worst=c.worst, equal=c.equal) for kind, c in compare(folder, truths)}
             for reader, compare in readers.items()}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
