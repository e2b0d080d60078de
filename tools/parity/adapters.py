"""What PEFT's LoRA gives on small random models of transformers.

Runs in an environment of its own (tools/requirements-peft.txt). Writes OUT/adapters/CASE/:
  base/                 the model's directory
  adapter/              its adapter, as PEFT saves it
  expected.safetensors  the inputs, what the model with the adapter says, and the gradients of the sum of squares of that under the
                        names of the adapter's file

    python tools/parity/adapters.py --out build/parity
    python tools/parity/adapters.py --check BASE ADAPTER INPUT     what PEFT says of another's adapter of a LLaMA or LLaVA, OUTPUT beside
                                                                   INPUT
"""

import argparse
import os
import sys
from pathlib import Path

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-peft/bin/python"
if Path(sys.prefix) != OTHER_PYTHON.parents[1]:
    os.execv(OTHER_PYTHON, [str(OTHER_PYTHON), "-W", "ignore", *sys.argv])

import peft  # noqa: E402
import torch  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import AutoConfig, AutoModelForImageTextToText, LlamaConfig, LlamaForCausalLM, SamConfig, SamModel  # noqa: E402

assert peft.__version__ == "0.21.2", "written for another version than the one that is pinned"  # export.sh runs it anew when this changes

LLAMA = LlamaConfig(vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                    max_position_embeddings=64, initializer_range=0.2)
SAM = SamConfig(vision_config=dict(hidden_size=24, output_channels=32, num_hidden_layers=2, num_attention_heads=3, image_size=64, patch_size=8,
                                   mlp_dim=40, window_size=3, global_attn_indexes=[1], num_pos_feats=16),
                prompt_encoder_config=dict(hidden_size=32, image_size=64, patch_size=8, mask_input_channels=8),
                mask_decoder_config=dict(hidden_size=32, mlp_dim=48, num_attention_heads=4, iou_head_hidden_dim=20))
# name: (the model's config, PEFT's)
CASES = {
    "llama": (LLAMA, dict(r=4, lora_alpha=8, lora_dropout=0.1, target_modules=["q_proj", "v_proj", "down_proj"])),
    "llama-ranks": (LLAMA, dict(r=4, lora_alpha=6, target_modules="all-linear", rank_pattern={"q_proj": 2, "layers.1.mlp.up_proj": 7})),
    "llama-whole": (LLAMA, dict(r=3, lora_alpha=5, use_rslora=True, target_modules=["o_proj"], modules_to_save=["lm_head", "model.norm"])),
    "sam": (SAM, dict(r=2, lora_alpha=8, target_modules=["qkv", "attn.proj"])),
    "sam-decoder": (SAM, dict(r=3, lora_alpha=4, use_rslora=True, target_modules=r"mask_decoder\..*(q_proj|k_proj|v_proj|out_proj|lin1)",
                              modules_to_save=["upscale_conv1", "iou_prediction_head"])),
}


def inputs_for(config):
    if config is LLAMA:
        return {"input_ids": torch.randint(config.vocab_size, (2, 9))}
    return {"pixel_values": torch.randn(1, 3, 64, 64), "input_points": 64 * torch.rand(1, 3, 1, 2),
            "input_labels": torch.ones(1, 3, 1, dtype=torch.long)}


def outputs_of(model, inputs):
    output = model(**inputs)
    if "input_ids" in inputs:
        return {"logits": output.logits}
    return {"pred_masks": output.pred_masks[0], "iou_scores": output.iou_scores[0]}


def randomise(parameters, scale):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.dim() > 1:
                parameter.copy_(scale * torch.randn(parameter.shape))


def name_in_file(name):
    return name.replace(".default", "").replace(".modules_to_save", "")


def export(out, config, options):
    torch.manual_seed(5)
    model = (LlamaForCausalLM if config is LLAMA else SamModel)(config).eval()
    randomise(model.parameters(), 0.2)
    model.save_pretrained(out / "base")
    adapted = get_peft_model(model, LoraConfig(**options)).eval()
    learning = {name: parameter for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    randomise(learning.values(), 0.3)
    adapted.peft_config["default"].base_model_name_or_path = str(out / "base")
    adapted.save_pretrained(out / "adapter")
    inputs = inputs_for(config)
    outputs = outputs_of(adapted, inputs)
    sum(value.square().sum() for value in outputs.values()).backward()
    gradients = {name_in_file(name): parameter.grad for name, parameter in learning.items() if parameter.grad is not None}
    tensors = {**inputs, **outputs, **gradients}
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, out / "expected.safetensors")


def check(base, adapter, given):
    kind = AutoModelForImageTextToText if AutoConfig.from_pretrained(base).model_type == "llava" else LlamaForCausalLM
    model = PeftModel.from_pretrained(kind.from_pretrained(base), adapter).eval()
    with torch.no_grad():
        outputs = outputs_of(model, load_file(given))
    save_file({name: tensor.contiguous() for name, tensor in outputs.items()}, given.with_name("output.safetensors"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", type=Path, nargs=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.check:
        check(*arguments.check)
    else:
        for case, (config, options) in CASES.items():
            export(arguments.out / "adapters" / case, config, options)
