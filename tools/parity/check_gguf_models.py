"""Loads with transformers the directories that omma made of GGUF files, and compares with what was recorded of the files.

    python tools/parity/check_gguf_models.py MADE REFERENCE [MADE REFERENCE...]

REFERENCE is as tools/parity/gguf_models.py writes it. Ends with 1 where weights are missing or left over, or logits or texts differ.
"""

import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

import saved


def faults(directory, reference):
    model, loading = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    expected = load_file(reference / "reference.safetensors")
    with torch.no_grad():
        difference = (model.eval()(expected["ids"]).logits - expected["logits"]).abs().max().item()
    if difference > 1e-4:
        wrong.append(f"logits: off by {difference}")
    tokenizer = AutoTokenizer.from_pretrained(directory)
    if (text := tokenizer.decode(tokenizer("ab cab é").input_ids, skip_special_tokens=True)) != "ab cab é":
        wrong.append(f"tokenizer: {text!r}")
    if not tokenizer.chat_template:
        wrong.append("no chat template")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
