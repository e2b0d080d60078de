"""Loads with transformers BLIP-2 retrieval models that omma saved, and compares what they give with the recorded reference.

    python tools/parity/check_blip2.py SAVED REFERENCE [SAVED REFERENCE...]        REFERENCE as tools/parity/blip2.py writes it

Ends with 1 where a weight is missing or unexpected, or pixels, tokens or scores differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoTokenizer, Blip2ForImageTextRetrieval, BlipImageProcessor

import saved


def faults(directory, reference):
    model, loading = Blip2ForImageTextRetrieval.from_pretrained(directory, output_loading_info=True)
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    expected = load_file(reference / "reference.safetensors")
    pictures = [Image.open(reference / f"picture{i}.png") for i in range(2)]
    pixels = BlipImageProcessor.from_pretrained(directory)(images=pictures, return_tensors="pt")["pixel_values"]
    text = AutoTokenizer.from_pretrained(directory)(json.loads((reference / "reference.json").read_text())["texts"], return_tensors="pt", padding=True)
    if not torch.equal(text["input_ids"], expected["input_ids"]):
        wrong.append("input_ids")
    with torch.no_grad():
        itc = model.eval()(pixel_values=pixels, input_ids=text["input_ids"], attention_mask=text["attention_mask"]).logits_per_image
    for name, got in (("pixels", pixels), ("itc", itc)):
        if (difference := (got - expected[name]).abs().max().item()) > 1e-5:
            wrong.append(f"{name}: off by {difference}")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
