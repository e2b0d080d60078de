"""Loads with transformers SAM directories that omma saved, and compares with the directories that their weights came from.

    python tools/parity/check_sam.py SAVED REFERENCE [SAVED REFERENCE...]        REFERENCE as tools/parity/sam.py writes it

Ends with 1 where a weight, the pixels or the embedding of a picture differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import SamModel, SamProcessor

import saved


def faults(directory, reference):
    model, loading = SamModel.from_pretrained(directory, output_loading_info=True)
    model = model.float()
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    weights = model.state_dict()
    wrong += [f"weight {name}" for name, weight in SamModel.from_pretrained(reference).state_dict().items() if not torch.equal(weight, weights[name])]
    processor, expected = SamProcessor.from_pretrained(directory), load_file(reference / "reference.safetensors")
    for i in json.loads((reference / "reference.json").read_text()):
        pixels = processor(images=Image.open(reference / f"picture{i}.png"), return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            embedding = model.get_image_embeddings(pixels)
        for name, tensor in (("pixels", pixels), ("embedding", embedding)):
            if (difference := (tensor - expected[f"{i}.{name}"]).abs().max().item()) > 1e-4:
                wrong.append(f"{name} of picture {i}: off by {difference}")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
