"""What the authors' Video-LLaVA needs of torchvision 0.15, PyTorchVideo, decord, einops and transformers 4.31, which its environment
lacks. To be imported before it. The random flip of their clips does nothing: omma leaves it out, as it turns left into right.
"""
import importlib
import importlib.abc
import importlib.machinery
import math
import re
import sys
import types
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.models.clip import modeling_clip


class _Changes:
    def __init__(self, *arguments, **options):
        self.arguments = [*arguments, *options.values()]

    def __call__(self, x):
        return self.change(x, *self.arguments)


class Compose(_Changes):
    def change(self, x, steps):
        for step in steps:
            x = step(x)
        return x


class Lambda(_Changes):
    def change(self, x, function):
        return function(x)


class ToTensor(_Changes):
    def change(self, image):
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float().div(255)


class Resize(_Changes):  # of a tensor, which 0.15 does without antialias and without clamping
    def change(self, x, side, mode):
        height, width = x.shape[-2:]
        longer = int(side * max(height, width) / min(height, width))
        size = (longer, side) if width <= height else (side, longer)
        return x if size == (height, width) else F.interpolate(x[None], size=size, mode=mode, align_corners=False, antialias=False)[0]


class CenterCrop(_Changes):
    def change(self, x, side):
        top, left = (int(round((length - side) / 2.0)) for length in x.shape[-2:])  # halves go to the even number
        return x[..., top:top + side, left:left + side]


class Normalize(_Changes):  # channels first
    def change(self, x, mean, std):
        mean, std = (torch.as_tensor(values, dtype=x.dtype).reshape(-1, *[1] * (x.dim() - 1)) for values in (mean, std))
        return x.clone().sub_(mean).div_(std)


class ShortSideScale(_Changes):
    def change(self, x, side):
        height, width = x.shape[-2:]
        size = ((math.floor(float(height) / width * side), side) if width < height else
                (side, math.floor(float(width) / height * side)))
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class Nothing(_Changes):
    def change(self, x, *_):
        return x


class VideoReader:
    """A folder of frames instead of a file."""

    def __init__(self, folder, ctx):
        self.files = [Path(folder) / f"frame{k}.png" for k in range(len(list(Path(folder).glob("frame*.png"))))]

    def __len__(self):
        return len(self.files)

    def get_batch(self, places):
        return torch.stack([torch.from_numpy(np.array(Image.open(self.files[place]))) for place in places])


def rearrange(x, pattern, **lengths):
    """einops' for letters and groups of letters."""
    before, after = ([(group or letter).split() for group, letter in re.findall(r"\(([^)]*)\)|(\w+)", side)]
                     for side in pattern.split("->"))
    for group, length in zip(before, x.shape, strict=True):
        for letter in group:
            if letter not in lengths:
                known = math.prod(lengths[other] for other in group if other in lengths and other != letter)
                lengths[letter] = length // known
    flat = [letter for group in before for letter in group]
    x = x.reshape([lengths[letter] for letter in flat]).permute([flat.index(letter) for group in after for letter in group])
    return x.reshape([math.prod(lengths[letter] for letter in group) for group in after])


class _Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        whole = f"{self.__name__}.{name}"
        return importlib.import_module(whole) if whole in _Absent.REAL else type(name, (), {})


class _Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules whose names are empty classes but for the real ones."""
    REAL = {
        "torchvision.transforms": dict(Compose=Compose, Lambda=Lambda, ToTensor=ToTensor, Resize=Resize, CenterCrop=CenterCrop,
                                       Normalize=Normalize, InterpolationMode=types.SimpleNamespace(BICUBIC="bicubic")),
        "torchvision.transforms._transforms_video": dict(NormalizeVideo=Normalize, CenterCropVideo=CenterCrop,
                                                         RandomHorizontalFlipVideo=Nothing),
        "pytorchvideo.transforms": dict(ShortSideScale=ShortSideScale),
        "decord": dict(VideoReader=VideoReader, cpu=int, bridge=types.SimpleNamespace(set_bridge=str)),
        "einops": dict(rearrange=rearrange),
    }
    ROOTS = ("torchvision", "pytorchvideo", "decord", "einops", "cv2", "peft")

    def find_spec(self, name, path, target=None):
        absent = name.split(".")[0] in self.ROOTS or name == "videollava.model.language_model.llava_mpt"  # of another language model
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if absent else None

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        vars(module).update(self.REAL.get(module.__name__, {}))


sys.meta_path.insert(0, _Absent())
modeling_clip._expand_mask = None  # of the text tower, which is not run
AutoConfig.register = AutoModelForCausalLM.register = lambda *_: None  # transformers has a "llava" of its own by now
