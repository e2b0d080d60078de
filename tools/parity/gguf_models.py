"""GGUF files of small LLaMA models in every type, and what transformers' GGUF loader makes of them: OUT/gguf_models/CASE/.

Writes model.gguf (model-0000N-of-0000M.gguf of split ones) and reference.safetensors: ids [1, T], logits [1, T, V] in fp32. `types`:
- one of each type of blocks alone (K-quants, which the package `gguf` cannot write, are random blocks with small scales), the words as well;
- mixed: every layer's matrices of other types, words and head plain numbers; split into four files.
The loader of transformers knows no scaled positions; of these the reference is the model before it was written:
- linear, yarn, llama3: positions scaled, llama3's by rope_freqs.weight, matrices of F32; bias: with biases of attention; odd_rope: divisors that
  are nobody's.
Queries and keys are written in llama.cpp's order of rows: those of (head, half, channel) at (head, channel, half).

    python tools/parity/gguf_models.py --out build/parity
"""

import argparse
import json
import os
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf_files import HALVES
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

SIZES = dict(vocab_size=320, hidden_size=256, intermediate_size=512, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=512, rms_norm_eps=1e-5, rope_parameters=dict(rope_type="default", rope_theta=10000.0))
BLOCKS = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.IQ4_NL]
PLAIN = [Type.F32, Type.F16, Type.BF16]
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=8192)
ROPES = {
    "linear": dict(rope_type="linear", rope_theta=50000.0, factor=4.0),
    "yarn": dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64),
    "llama3": LLAMA3,
}
PARTS = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}


def file_name(name):
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in whole:
        return whole[name]
    layer, part = name.removeprefix("model.layers.").split(".", 1)
    stem, kind = part.rsplit(".", 1)
    return f"blk.{layer}.{PARTS[stem]}.{kind}"


def mixed_rows(values, heads):
    return values.reshape(heads, 2, len(values) // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def blocks_of(rng, kind, shape):
    """Random ones with numbers about as large as a layer's."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (shape[0] * shape[1] // elements, size), dtype=np.uint8)
    scale = {Type.Q2_K: 2e-3, Type.Q3_K: 1e-3, Type.Q4_K: 2e-4, Type.Q5_K: 1e-4, Type.Q6_K: 3e-5, Type.IQ4_NL: 8e-4}[kind]
    for at in HALVES[kind]:
        blocks[:, at:at + 2] = (scale * (0.5 + rng.random(len(blocks)))).astype("<f2").view(np.uint8).reshape(-1, 2)
    return blocks.reshape(shape[0], -1)


def write(folder, model, type_of, rope=None, divisors=None, **options):
    config, rng = model.config, np.random.default_rng(7)
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama", **options)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    if rope and rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
        if "original_max_position_embeddings" in rope:
            writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if divisors is not None:
        writer.add_tensor("rope_freqs.weight", divisors.numpy().astype(np.float32))
    words = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["▁"] + [f"{chr(97 + i)}" for i in range(26)]
    words += [f"▁{chr(97 + i)}" for i in range(26)] + [f"<extra_{i}>" for i in range(config.vocab_size - 312)]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * 259 + [-float(i) for i in range(len(words) - 259)])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(words) - 259))
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    for key, value in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values, kind = value.float().numpy(), type_of(key) if value.dim() == 2 else Type.F32
        if "q_proj" in key or "k_proj" in key:
            values = mixed_rows(values, config.num_attention_heads if "q_proj" in key else config.num_key_value_heads)
        data = blocks_of(rng, kind, values.shape) if kind in HALVES else gguf.quants.quantize(values, kind)
        writer.add_tensor(file_name(key), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(seed, **changes):
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(**(SIZES | changes), bos_token_id=1, eos_token_id=2)).eval()
    for parameter in model.parameters():
        parameter.data = 0.06 * torch.randn(parameter.shape) if parameter.dim() == 2 else 1 + 0.1 * torch.randn(parameter.shape)
    return model


def ids_of(seed, length=40):
    return torch.randint(3, SIZES["vocab_size"], (1, length), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def record(folder, model, seed):
    ids = ids_of(seed)
    save_file({"ids": ids, "logits": model(ids).logits.contiguous()}, folder / "reference.safetensors")


def loaded(folder):
    return AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", dtype=torch.float32).eval()


def new_folder(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    out = parser.parse_args().out / "gguf_models"
    for seed, kind in enumerate(BLOCKS):
        folder = new_folder(out / kind.name.lower())
        model = make(seed, tie_word_embeddings=seed % 2 == 0)
        write(folder, model, lambda _, kind=kind: kind)
        record(folder, loaded(folder), seed)

    kinds = BLOCKS + PLAIN
    folder = new_folder(out / "mixed")
    model, order = make(20), {}
    type_of = lambda key: Type.F16 if "layers" not in key else kinds[order.setdefault(key, len(order)) % len(kinds)]
    write(folder, model, type_of)
    record(folder, loaded(folder), 20)
    write(folder, model, type_of, split_max_tensors=9)
    (folder / "model.gguf").unlink()

    for seed, (name, rope) in enumerate(ROPES.items(), start=30):
        folder = new_folder(out / name)
        model, divisors = make(seed, rope_parameters=rope), None
        if name == "llama3":
            plain = 1 / rope["rope_theta"] ** (torch.arange(0, model.config.head_dim, 2).float() / model.config.head_dim)
            divisors = plain / model.model.rotary_emb.inv_freq
        write(folder, model, lambda _: Type.F32, rope, divisors)
        record(folder, model, seed)

    folder = new_folder(out / "odd_rope")
    model = make(40)
    divisors = 1 + torch.rand(model.config.head_dim // 2)
    model.model.rotary_emb.inv_freq /= divisors
    write(folder, model, lambda _: Type.F32, divisors=divisors)
    record(folder, model, 40)

    folder = new_folder(out / "bias")
    model = make(41, attention_bias=True)
    write(folder, model, lambda _: Type.F32)
    record(folder, model, 41)


if __name__ == "__main__":
    main()
