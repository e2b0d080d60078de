"""Loads with transformers OPT and T5 directories that omma saved, and compares with what was recorded of each model in fp32.

    python tools/parity/check_language_models.py SAVED REFERENCE [SAVED REFERENCE...]

REFERENCE is as tools/parity/language_models.py writes it. Ends with 1 where weights are missing or left over, or token ids or logits differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

import saved


def faults(directory, reference):
    expected, record = load_file(reference / "reference.safetensors"), json.loads((reference / "reference.json").read_text())
    model_class = AutoModelForSeq2SeqLM if "decoder_ids" in expected else AutoModelForCausalLM
    model, loading = model_class.from_pretrained(directory, output_loading_info=True)
    model = model.float().eval()
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    target = {"decoder_input_ids": expected["decoder_ids"]} if "decoder_ids" in expected else {}
    for i, prompt in enumerate(record["prompts"]):
        ids = tokenizer(prompt["text"], return_tensors="pt")["input_ids"]
        if not torch.equal(ids, expected[f"ids{i}"]):
            wrong.append(f"ids of prompt {i}")
            continue
        with torch.no_grad():
            logits = model(ids, **target).logits
        if (difference := (logits - expected[f"logits{i}"]).abs().max().item()) > 1e-4:
            wrong.append(f"logits of prompt {i}: off by {difference}")
    return wrong


if __name__ == "__main__":
    saved.check(faults)
