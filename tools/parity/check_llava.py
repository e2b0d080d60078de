"""Loads with transformers LLaVA directories that omma saved, and compares with what was recorded of each model in fp32.

    python tools/parity/check_llava.py SAVED REFERENCE [SAVED REFERENCE...]        REFERENCE as tools/parity/llava.py and llava_original.py write it

Ends with 1 where pixels, token ids, logits or a rendered conversation differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoProcessor, LlavaForConditionalGeneration, LlavaNextForConditionalGeneration

import saved


def faults(directory, reference):
    is_next = json.loads((directory / "config.json").read_text())["model_type"] == "llava_next"
    model_class = LlavaNextForConditionalGeneration if is_next else LlavaForConditionalGeneration
    model, loading = model_class.from_pretrained(directory, output_loading_info=True)
    model = model.float()
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    processor = AutoProcessor.from_pretrained(directory)
    expected, record = load_file(reference / "reference.safetensors"), json.loads((reference / "reference.json").read_text())
    for i, prompt in enumerate(record["prompts"]):
        images = [Image.open(reference / f"picture{w}.png") for w in prompt["pictures"]]
        inputs = processor(images=images or None, text=prompt["text"], return_tensors="pt")
        with torch.no_grad():
            logits = model(**inputs).logits
        if not torch.equal(inputs["input_ids"], expected[f"ids{i}"]):
            wrong.append(f"ids of prompt {i}")
        elif (difference := (logits - expected[f"logits{i}"]).abs().max().item()) > 1e-4:
            wrong.append(f"logits of prompt {i}: off by {difference}")
    turns, rendered = record["chats"][0]["turns"], record["chats"][0]["prompt"]
    messages = [{"role": role, "content": [{"type": "image"}] * len(shown) + [{"type": "text", "text": text}]} for role, text, shown in turns]
    if processor.apply_chat_template(messages, add_generation_prompt=True) != rendered:
        wrong.append("the chat template")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
