"""Loads with transformers BLIP-2 and InstructBLIP directories that omma saved, and compares with what was recorded of each model in fp32.

    python tools/parity/check_blip2_generation.py SAVED REFERENCE [SAVED REFERENCE...]

REFERENCE is as tools/parity/blip2_generation.py writes it. Ends with 1 where weights are missing or left over, or pixels, token ids or logits differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoProcessor, Blip2ForConditionalGeneration, InstructBlipForConditionalGeneration

import saved


def faults(directory, reference):
    instruct = json.loads((directory / "config.json").read_text())["model_type"] == "instructblip"
    model_class = InstructBlipForConditionalGeneration if instruct else Blip2ForConditionalGeneration
    model, loading = model_class.from_pretrained(directory, output_loading_info=True)
    model = model.float().eval()
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    processor = AutoProcessor.from_pretrained(directory)
    expected, record = load_file(reference / "reference.safetensors"), json.loads((reference / "reference.json").read_text())
    for i, prompt in enumerate(record["prompts"]):
        image = Image.open(reference / f"picture{prompt['picture']}.png")
        inputs = dict(processor(images=image, text=prompt["text"], return_tensors="pt"))
        first = {} if model.config.use_decoder_only_language_model else {"decoder_input_ids": torch.zeros(1, 1, dtype=torch.long)}
        recorded = {"pixel_values": expected["pixels"][prompt["picture"]][None], "input_ids": expected[f"ids{i}"]}
        if instruct:
            recorded["qformer_input_ids"] = expected[f"qformer_ids{i}"]
        if different := [name for name, value in recorded.items() if not torch.equal(inputs[name], value)]:
            wrong.append(f"{different} of prompt {i}")
            continue
        with torch.no_grad():
            logits = model(**inputs, **first).logits
        if (difference := (logits - expected[f"logits{i}"]).abs().max().item()) > 1e-4:
            wrong.append(f"logits of prompt {i}: off by {difference}")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
