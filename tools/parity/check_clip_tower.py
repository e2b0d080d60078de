"""Loads with transformers image encoders that omma saved, and compares with the directories that their weights came from.

    python tools/parity/check_clip_tower.py SAVED REFERENCE [SAVED REFERENCE...]        REFERENCE as tools/parity/clip.py writes it

Ends with 1 where a weight is another than the reference's in fp16, or the pixels of a picture differ.
"""

import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPImageProcessor, CLIPVisionModel

import saved


def faults(directory, reference):
    model, loading = CLIPVisionModel.from_pretrained(directory, output_loading_info=True)
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    weights = model.state_dict()
    wrong += [f"weight {name}" for name, weight in CLIPVisionModel.from_pretrained(reference / "tower").state_dict().items()
              if not torch.equal(weight.half(), weights[name].half())]
    pictures = [Image.open(reference / f"picture{i}.png") for i in range(2)]
    pixels = CLIPImageProcessor.from_pretrained(directory)(images=pictures, return_tensors="pt")["pixel_values"]
    if (difference := (pixels - load_file(reference / "reference.safetensors")["pixels"]).abs().max().item()) > 1e-6:
        wrong.append(f"pixels: off by {difference}")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
