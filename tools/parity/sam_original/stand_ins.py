"""What the authors' SAM code needs of torchvision and OpenCV, which its environment lacks. To be imported before it.

Real are `batched_nms` and `box_area` (torchvision.ops.boxes), `resize` and `to_pil_image` (torchvision.transforms.functional) and
cv2.connectedComponentsWithStats. Every other name of torchvision is an empty class: timm imports many and MobileSAM calls none.
"""
import enum
import importlib.abc
import importlib.machinery
import sys
import types

import numpy as np
import torch
from PIL import Image
from scipy import ndimage


def box_area(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def nms(boxes, scores, iou_threshold):
    """The places of the boxes kept, by falling score; of equal scores the first box is the better."""
    order = torch.argsort(scores, descending=True, stable=True)
    areas, dropped, kept = box_area(boxes), torch.zeros(len(boxes), dtype=torch.bool), []
    for place in order.tolist():
        if dropped[place]:
            continue
        kept.append(place)
        corner = torch.maximum(boxes[place, :2], boxes[:, :2])
        size = (torch.minimum(boxes[place, 2:], boxes[:, 2:]) - corner).clamp(min=0)
        shared = size[:, 0] * size[:, 1]
        dropped |= shared / (areas[place] + areas - shared) > iou_threshold
    return torch.tensor(kept, dtype=torch.long)


def batched_nms(boxes, scores, idxs, iou_threshold):
    """NMS within each class: boxes of different classes are moved apart."""
    if boxes.numel() == 0:
        return torch.empty(0, dtype=torch.long)
    offsets = idxs.to(boxes) * (boxes.max() + 1)
    return nms(boxes + offsets[:, None], scores, iou_threshold)


def to_pil_image(picture):
    return Image.fromarray(picture)


def resize(image, size):
    height, width = size
    return image.resize((width, height), Image.BILINEAR)


def connected_components_with_stats(mask, connectivity):
    """(count, labels, stats, None); of stats only the last column, the areas, says something. Row 0 is the background's."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)) if connectivity == 8 else None)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    return count + 1, labels, np.stack([np.zeros_like(areas)] * 4 + [areas], axis=1), None


class InterpolationMode(enum.Enum):  # timm makes a table of them
    NEAREST, BILINEAR, BICUBIC, BOX, HAMMING, LANCZOS = "nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"


class _Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Torchvision(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    REAL = {
        "torchvision.ops.boxes": {"batched_nms": batched_nms, "box_area": box_area},
        "torchvision.transforms.functional": {
            "resize": resize, "to_pil_image": to_pil_image, "InterpolationMode": InterpolationMode},
    }

    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] == "torchvision" else None

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        vars(module).update(self.REAL.get(module.__name__, {}))


sys.meta_path.insert(0, _Torchvision())
sys.modules["cv2"] = types.ModuleType("cv2")
sys.modules["cv2"].connectedComponentsWithStats = connected_components_with_stats
