"""Records what transformers' LLaMA gives: a directory per case with the checkpoint, and reference.safetensors / reference.json.

    python tools/parity/llama.py --out build/parity
"""

import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

BASE = dict(vocab_size=97, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4,
            max_position_embeddings=64, bos_token_id=None, eos_token_id=1, pad_token_id=None, initializer_range=0.2)
THETA = {"rope_theta": 10000.0}
CASES = {
    "plain": dict(),
    "grouped": dict(num_key_value_heads=2, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 500.0}),
    "tied-biased": dict(num_key_value_heads=1, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "odd-head": dict(num_attention_heads=3, num_key_value_heads=3, head_dim=10),
    "linear": dict(rope_parameters={"rope_type": "linear", "factor": 2.5, **THETA}),
    "dynamic": dict(max_position_embeddings=16, rope_parameters={"rope_type": "dynamic", "factor": 3.0, **THETA}),
    "llama3": dict(rope_parameters={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                    "original_max_position_embeddings": 32, "rope_theta": 50.0}),
    "yarn": dict(rope_parameters={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, **THETA}),
    "yarn-scaled": dict(rope_parameters={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 16.0,
                                         "beta_slow": 2.0, "mscale": 0.7, "mscale_all_dim": 1.3, "truncate": False, "rope_theta": 300.0}),
}
LENGTH = 29  # beyond the dynamic case's 16 positions
PROMPT = 7


def tokenizer():
    """Words w0 ... w96, one token each."""
    words = {f"w{i}": i for i in range(97)}
    result = Tokenizer(models.BPE(vocab=words, merges=[], ignore_merges=True))
    result.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    result.decoder = decoders.Fuse()
    return result


def generations(model, prompt):
    """Token sequences of greedy and beam search, with what was asked for."""
    asked = [
        dict(max_new_tokens=12),
        dict(max_new_tokens=12, repetition_penalty=1.7),
        dict(max_new_tokens=12, min_new_tokens=9),
        dict(max_new_tokens=9, num_beams=3),
        dict(max_new_tokens=9, num_beams=4, length_penalty=-0.5),
        dict(max_new_tokens=9, num_beams=2, length_penalty=2.0, early_stopping=True),
        dict(max_new_tokens=9, num_beams=3, repetition_penalty=1.4, min_new_tokens=3),
        dict(max_new_tokens=9, num_beams=3, eos_token_id=[1, 5, 9, 40]),
    ]
    results = []
    for options in asked:
        tokens = model.generate(prompt, do_sample=False, pad_token_id=0, **options)[0, prompt.shape[1]:].tolist()
        results.append({"options": options, "tokens": tokens})
    return results


def old_style(config):
    """The config as transformers 4 wrote it."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    kind = parameters.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type": kind, **parameters}
    config["torch_dtype"] = config.pop("dtype", "float32")
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/parity"))
    out = parser.parse_args().out / "llama"
    for number, (name, fields) in enumerate(CASES.items()):
        torch.manual_seed(number)
        model = LlamaForCausalLM(LlamaConfig(**{**BASE, **fields})).eval()
        with torch.no_grad():
            for parameter_name, parameter in model.named_parameters():
                if parameter.dim() == 1:
                    parameter.add_(0.3 * torch.randn_like(parameter))
        directory = out / name
        sharded = name == "grouped"
        model.save_pretrained(directory, max_shard_size="40KB" if sharded else "5GB")
        tokenizer().save(str(directory / "tokenizer.json"))
        if name in ("linear", "yarn"):
            config = json.loads((directory / "config.json").read_text())
            (directory / "config.json").write_text(json.dumps(old_style(config), indent=1))
        tokens = torch.randint(2, 97, (3, LENGTH))
        padding = torch.tensor([0, 4, 9])
        mask = (torch.arange(LENGTH)[None] >= padding[:, None]).long()
        with torch.no_grad():
            plain = model(tokens).logits
            padded = model(tokens, attention_mask=mask, position_ids=(mask.cumsum(1) - 1).clamp(min=0)).logits
        save_file({"tokens": tokens, "padding": padding, "logits": plain, "padded_logits": padded.contiguous()},
                  directory.with_suffix(".safetensors"))
        (directory / "reference.json").write_text(json.dumps({"prompt": tokens[0, :PROMPT].tolist(),
                                                              "generations": generations(model, tokens[:1, :PROMPT])}))
        print(name, "done")


if __name__ == "__main__":
    main()
