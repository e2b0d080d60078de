"""What the authors' GLIP needs of yacs, timm, torchvision, transformers 4.5 and its own compiled operations. To be imported before it.

Packages of which only names are imported are empty; what is called is written out. The compiled operations are compositions of torch's:
they are CUDA's alone in the original, and a box's suppression with it.
"""
import importlib.abc
import importlib.machinery
import sys
import types

import numpy as np
import torch
import yaml
from PIL import Image
from transformers import modeling_utils, pytorch_utils

EMPTY = {"cityscapesscripts", "cv2", "einops", "ftfy", "inflect", "matplotlib", "nltk", "pycocotools", "pymongo", "regex", "scipy",
         "shapely", "tensorboardX", "timm", "torchvision", "yacs"}


class _Empty(types.ModuleType):
    """A module of which every name is there: a class that does nothing."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (torch.nn.Module,), {})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in EMPTY or name.startswith(("maskrcnn_benchmark._C", "maskrcnn_benchmark.data.datasets")):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Empty(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, _Finder())


class CfgNode(dict):
    """Of yacs: a tree of settings, whose files are YAML with Python's literals in it."""

    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__

    def __init__(self, values=(), new_allowed=False):
        super().__init__({name: CfgNode(value) if type(value) is dict else value for name, value in dict(values).items()})

    def merge_from_file(self, file):
        self._merge(yaml.safe_load(open(file)))

    def _merge(self, values):
        for name, value in values.items():
            if isinstance(value, dict):
                self.setdefault(name, CfgNode())._merge(value)
            else:
                self[name] = eval(value) if isinstance(value, str) and value.startswith("(") else value  # our own files


def _resize(image, size):  # (height, width), as torchvision resizes Pillow's pictures
    return image.resize(size[::-1], Image.BILINEAR)


def _to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def _normalize(tensor, mean, std):
    return (tensor - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]


import timm.models.layers  # noqa: E402
import torchvision.transforms  # noqa: E402
import yacs.config  # noqa: E402

yacs.config.CfgNode = CfgNode
timm.models.layers.to_2tuple = lambda value: value if isinstance(value, tuple) else (value, value)
timm.models.layers.trunc_normal_ = torch.nn.init.trunc_normal_
timm.models.layers.DropPath = lambda rate: torch.nn.Identity()
torchvision.transforms.functional = types.SimpleNamespace(resize=_resize, to_tensor=_to_tensor, normalize=_normalize)
np.float = float
torch._six = types.SimpleNamespace(PY37=True)
modeling_utils.apply_chunking_to_forward = pytorch_utils.apply_chunking_to_forward
modeling_utils.find_pruneable_heads_and_indices = pytorch_utils.find_pruneable_heads_and_indices
modeling_utils.prune_linear_layer = pytorch_utils.prune_linear_layer


def modulated_deform_conv(x, offset, mask, weight, bias, stride, padding, dilation, groups, deformable_groups):
    """The compiled operation, position by position, with its reading of buffers that are too large (csrc/cuda/deform_conv_kernel_cuda.cu)."""
    assert (padding, dilation, groups, deformable_groups) == (1, 1, 1, 1) and weight.shape[2:] == (3, 3)
    batch, channels, height, width = x.shape
    rows, columns = (height + 2 - 3) // stride + 1, (width + 2 - 3) // stride + 1
    cells = rows * columns
    columns_of = torch.zeros(batch, channels, 9, cells)
    h, w = (each.flatten() for each in torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"))
    for b in range(batch):
        offsets, masks = offset[b].reshape(-1), mask[b].reshape(-1)
        for tap in range(9):
            place = h * columns + w
            y = h * stride - 1 + tap // 3 + offsets[2 * tap * cells + place]
            left = w * stride - 1 + tap % 3 + offsets[(2 * tap + 1) * cells + place]
            value = torch.zeros(channels, cells)
            for i in (0, 1):
                for j in (0, 1):
                    row, column = y.floor().long() + i, left.floor().long() + j
                    share = (y - row).abs().neg().add(1) * (left - column).abs().neg().add(1)
                    fits = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                    value[:, fits] += share[fits] * x[b][:, row[fits], column[fits]]
            columns_of[b, :, tap] = value * masks[tap * cells + place]
    out = torch.einsum("bcks,ock->bos", columns_of, weight.flatten(2)) + bias[:, None]
    return out.view(batch, -1, rows, columns)


def boxlist_ml_nms(boxes, threshold, max_proposals=-1, score_field="scores", label_field="labels"):
    """What structures/boxlist_ops.py and csrc/cuda/ml_nms.cu give with CUDA."""
    box, labels = boxes.bbox, boxes.get_field(label_field)
    order, keep, removed = boxes.get_field(score_field).sort(descending=True)[1].tolist(), [], set()
    for n, i in enumerate(order):
        if i in removed:
            continue
        keep.append(i)
        for j in order[n + 1:]:
            if labels[i] != labels[j]:
                continue
            inner = (torch.minimum(box[i, 2:], box[j, 2:]) - torch.maximum(box[i, :2], box[j, :2]) + 1).clamp(min=0).prod()
            areas = [(box[k, 2:] - box[k, :2] + 1).prod() for k in (i, j)]
            if inner / (sum(areas) - inner) > threshold:
                removed.add(j)
    return boxes[sorted(keep)]
