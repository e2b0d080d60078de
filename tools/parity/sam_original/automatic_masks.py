"""Every mask of a picture by the authors' SamAutomaticMaskGenerator, on a model directory of omma's.

    .venv-mobilesam/bin/python tools/parity/sam_original/automatic_masks.py --model zoo/sam-nano --image scene.png --out masks.json \
        [--points-per-side 32] [--crop-n-layers 1] ...

Writes {"size": [w, h], "options": {...}, "masks": [...]}: the generator's own records, in its order: `segmentation` (COCO's compressed
RLE), `bbox` [x, y, w, h], `area`, `predicted_iou`, `stability_score`, `point_coords`, `crop_box`.
"""
import argparse
import json
from pathlib import Path

import authors
import numpy as np
from mobile_sam import SamAutomaticMaskGenerator
from PIL import Image, ImageOps

OPTIONS = {"points_per_side": 32, "points_per_batch": 64, "pred_iou_thresh": 0.88, "stability_score_thresh": 0.95,
           "stability_score_offset": 1.0, "box_nms_thresh": 0.7, "crop_n_layers": 0, "crop_nms_thresh": 0.7,
           "crop_overlap_ratio": 512 / 1500, "crop_n_points_downscale_factor": 1, "min_mask_region_area": 0}


def masks_of(model, picture, options):
    """`picture` [H, W, 3] uint8."""
    options = {**OPTIONS, **options}
    masks = SamAutomaticMaskGenerator(model, output_mode="coco_rle", **options).generate(picture)
    return {"size": [picture.shape[1], picture.shape[0]], "options": options, "masks": masks}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "image", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name, default in OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    arguments = parser.parse_args()
    picture = np.array(ImageOps.exif_transpose(Image.open(arguments.image)).convert("RGB"))
    found = masks_of(authors.load(arguments.model), picture, {name: getattr(arguments, name) for name in OPTIONS})
    arguments.out.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
