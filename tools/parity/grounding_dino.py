"""Random Grounding DINO models in small odd configurations: model directories, inputs, outputs and named intermediates.

Writes OUT/grounding_dino/CASE/ with the directory that transformers saves and expected.safetensors, whose names are those of
omma's probe. Batches of padded pictures and prompts check the module; two pictures as files check the whole way to boxes.
With --full-size: grounding-dino-tiny's published size on a picture of 800 x 1200 instead (3 GB of memory, 1 GB on disk).
"""

import argparse
import json
import math
import re
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    MMGroundingDinoConfig,
    MMGroundingDinoForObjectDetection,
)

CLS, SEP, DOT, QUESTION = 101, 102, 1012, 1029


def swin(**changes):
    values = dict(model_type="swin", embed_dim=16, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 4], window_size=4,
                  image_size=64, out_indices=[2, 3, 4])
    return values | changes


def bert(**changes):
    values = dict(model_type="bert", hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=80,
                  vocab_size=1100, max_position_embeddings=64)
    return values | changes


def detector(**changes):
    values = dict(d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
                  encoder_ffn_dim=96, decoder_ffn_dim=112, num_queries=20)
    backbone = swin(**changes.pop("backbone", {}))
    text = bert(**changes.pop("text", {}))
    return values | changes | dict(backbone_config=backbone, text_config=text)


# name: (model class, configuration, picture sizes (height, width))
CASES = {
    "four_levels": (GroundingDinoForObjectDetection, detector(), [(75, 113)]),
    "three_levels": (GroundingDinoForObjectDetection,
                     detector(num_feature_levels=3, encoder_n_points=3, decoder_n_points=2, decoder_attention_heads=8,
                              d_model=96, backbone=dict(window_size=5, depths=[1, 2, 3, 1])), [(64, 96)]),
    "one_level": (GroundingDinoForObjectDetection,
                  detector(num_feature_levels=1, num_queries=7, backbone=dict(depths=[2, 2], num_heads=[2, 4], out_indices=[2]),
                           encoder_n_points=5, activation_function="gelu"), [(50, 61)]),
    "five_levels": (GroundingDinoForObjectDetection,
                    detector(num_feature_levels=5, decoder_bbox_embed_share=False, decoder_layers=3,
                             backbone=dict(depths=[2, 3, 2], num_heads=[1, 1, 2], out_indices=[1, 3], qkv_bias=False)), [(97, 70)]),
    "padded_batch": (GroundingDinoForObjectDetection, detector(num_queries=15), [(90, 61), (66, 121)]),
    "mm": (MMGroundingDinoForObjectDetection, detector(positional_embedding_temperature=10000), [(83, 100)]),
    "mm_unshared": (MMGroundingDinoForObjectDetection,
                    detector(decoder_bbox_embed_share=False, decoder_cls_embed_share=False, decoder_layers=3), [(70, 61), (64, 90)]),
    "static_queries": (GroundingDinoForObjectDetection, detector(two_stage=False), [(75, 70)]),
}
FULL_SIZE = {"swin_t": (GroundingDinoForObjectDetection, {}, [(800, 1200)])}
PROMPTS = [[CLS, 200, 301, DOT, 402, DOT, 503, 604, 705, QUESTION, SEP], [CLS, 806, DOT, 907, 208, DOT, SEP]]


@torch.no_grad()
def randomise(model, seed):
    """Weights that make every path count: nothing is left at zero or at a value that hides an error."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() >= 2 and "embeddings" not in name and "table" not in name:
            fan_in = parameter[0].numel()
            parameter.copy_(noise / math.sqrt(fan_in))
        elif name.endswith("norm.weight") or "LayerNorm.weight" in name or name.endswith(".1.weight") or "norm" in name and "weight" in name:
            parameter.copy_(1 + 0.2 * noise)
        elif name.endswith("_param"):  # the fusion's scales
            parameter.copy_(0.5 + 0.3 * noise)
        elif "sampling_offsets.bias" in name:
            parameter.add_(0.3 * noise)
        elif name.endswith("embeddings.weight") or "table" in name or "level_embed" in name:
            parameter.copy_(0.7 * noise)
        else:
            parameter.copy_(0.1 * noise)


def batch(sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    height, width = max(h for h, _ in sizes), max(w for _, w in sizes)
    pixels = torch.zeros(len(sizes), 3, height, width)
    mask = torch.zeros(len(sizes), height, width, dtype=torch.long)
    for i, (h, w) in enumerate(sizes):
        pixels[i, :, :h, :w] = torch.randn(3, h, w, generator=generator)
        mask[i, :h, :w] = 1
    prompts = PROMPTS[: len(sizes)]
    length = max(len(p) for p in prompts)
    ids = torch.tensor([p + [0] * (length - len(p)) for p in prompts])
    return dict(pixel_values=pixels, pixel_mask=mask, input_ids=ids, attention_mask=(ids != 0).long())


def record(model, inputs):
    """Runs the model with hooks and returns what omma's probe names."""
    seen = {}
    inner = model.model

    def keep(name, pick=lambda output: output):
        def hook(module, args, output):
            seen[name] = pick(output).detach().clone().contiguous()
        return hook

    hooks = [inner.text_projection.register_forward_hook(keep("text"))]
    for i, layer in enumerate(inner.encoder.layers):
        hooks.append(layer.register_forward_hook(keep(f"encoder.{i}.vision", lambda output: output[0][0])))
        hooks.append(layer.register_forward_hook(keep(f"encoder.{i}.text", lambda output: output[0][1])))
    for i, projection in enumerate(inner.input_proj_vision):
        hooks.append(projection.register_forward_hook(keep(f"neck.{i}.map")))

    def maps(module, args, output):
        for i, value in enumerate(output.feature_maps):
            seen[f"backbone.{i}.map"] = value.detach().clone().contiguous()

    hooks.append(inner.backbone.conv_encoder.model.register_forward_hook(maps))
    with torch.no_grad():
        output = model(**inputs)
    for hook in hooks:
        hook.remove()

    tokens = inputs["input_ids"].shape[1]
    seen["logits"], seen["boxes"] = output.logits, output.pred_boxes
    references = [output.init_reference_points] + list(output.intermediate_reference_points.unbind(1))
    for i, queries in enumerate(output.intermediate_hidden_states.unbind(1)):
        seen[f"decoder.{i}.queries"] = queries
        seen[f"decoder.{i}.references"] = references[i]
    if output.enc_outputs_class is not None:
        logits = output.enc_outputs_class[..., :tokens]
        chosen = output.enc_outputs_class.max(-1)[0].topk(model.config.num_queries, dim=1)[1]
        seen["proposals.logits"], seen["proposals.selection"] = logits, chosen
        seen["encoder_logits"] = logits.gather(1, chosen[..., None].expand(-1, -1, tokens))
        seen["encoder_boxes"] = output.enc_outputs_coord_logits.gather(1, chosen[..., None].expand(-1, -1, 4)).sigmoid()
    return {name: value.clone().contiguous() for name, value in seen.items()}


def older_config(directory):
    """config.json as transformers 4 wrote it."""
    file = directory / "config.json"
    config = json.loads(file.read_text())
    config["torch_dtype"] = config.pop("dtype")
    config |= dict(backbone=None, backbone_kwargs=None, use_pretrained_backbone=False, use_timm_backbone=False,
                   transformers_version="4.44.2")
    config["backbone_config"].pop("out_indices")
    file.write_text(json.dumps(config, indent=2))


def older_keys(directory):
    """Tied weights under all their names, and index buffers, as early checkpoints hold them."""
    file = directory / "model.safetensors"
    tensors = load_file(file)
    for name, value in list(tensors.items()):
        if name.startswith("bbox_embed."):
            tensors["model.decoder." + name] = value.clone()
        if name.endswith("relative_position_bias_table"):
            side = (math.isqrt(value.shape[0]) + 1) // 2
            tensors[name.replace("bias_table", "index")] = torch.zeros(side**2, side**2, dtype=torch.long)
    tensors["model.text_backbone.embeddings.position_ids"] = torch.arange(64)[None]
    save_file(tensors, file, metadata={"format": "pt"})


# transformers' names to the authors' (IDEA-Research/GroundingDINO), in order.
AUTHORS_NAMES = [
    (r"^model\.backbone\.conv_encoder\.model\.embeddings\.patch_embeddings\.projection", "backbone.0.patch_embed.proj"),
    (r"^model\.backbone\.conv_encoder\.model\.embeddings\.norm", "backbone.0.patch_embed.norm"),
    (r"^model\.backbone\.conv_encoder\.model\.encoder\.", "backbone.0."),
    (r"^model\.backbone\.conv_encoder\.model\.hidden_states_norms\.stage(\d)", lambda m: f"backbone.0.norm{int(m[1]) - 1}"),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"^(backbone.*)attention\.self\.(query|key|value)", r"\1attn.qkv/\2"),
    (r"attention\.self\.relative", "attn.relative"),
    (r"^(backbone.*)attention\.output\.dense", r"\1attn.proj"),
    (r"^(backbone.*)intermediate\.dense", r"\1mlp.fc1"),
    (r"^(backbone.*)output\.dense", r"\1mlp.fc2"),
    (r"^model\.encoder\.layers\.(\d+)\.deformable_layer\.(.*)$", r"transformer.encoder.layers.\1.\2"),
    (r"^model\.encoder\.layers\.(\d+)\.text_enhancer_layer\.(.*)$", r"transformer.encoder.text_layers.\1.\2"),
    (r"^model\.encoder\.layers\.(\d+)\.fusion_layer\.(.*)$", r"transformer.encoder.fusion_layers.\1.\2"),
    (r"(encoder\.layers.*)self_attn_layer_norm", r"\1norm1"),
    (r"(encoder\.layers.*)final_layer_norm", r"\1norm2"),
    (r"layer_norm_before", "norm1"),
    (r"layer_norm_after", "norm2"),
    (r"vision_param", "gamma_v"),
    (r"text_param", "gamma_l"),
    (r"layer_norm_vision", "layer_norm_v"),
    (r"layer_norm_text", "layer_norm_l"),
    (r"fusion_layers(.*)vision_proj", r"fusion_layers\1v_proj"),
    (r"fusion_layers(.*)text_proj", r"fusion_layers\1l_proj"),
    (r"^model\.decoder\.layers\.(\d+)\.encoder_attn_layer_norm", r"transformer.decoder.layers.\1.norm1"),
    (r"^model\.decoder\.layers\.(\d+)\.encoder_attn_text_layer_norm", r"transformer.decoder.layers.\1.catext_norm"),
    (r"^model\.decoder\.layers\.(\d+)\.self_attn_layer_norm", r"transformer.decoder.layers.\1.norm2"),
    (r"^model\.decoder\.layers\.(\d+)\.final_layer_norm", r"transformer.decoder.layers.\1.norm3"),
    (r"^model\.decoder\.layers\.(\d+)\.encoder_attn_text", r"transformer.decoder.layers.\1.ca_text"),
    (r"^model\.decoder\.layers\.(\d+)\.encoder_attn", r"transformer.decoder.layers.\1.cross_attn"),
    (r"^model\.decoder\.layers\.", "transformer.decoder.layers."),
    (r"^model\.decoder\.layer_norm", "transformer.decoder.norm"),
    (r"^model\.decoder\.reference_points_head", "transformer.decoder.ref_point_head"),
    (r"(transformer.*)\.fc(\d)", r"\1.linear\2"),
    (r"(text_layers.*self_attn|decoder.*self_attn|ca_text)\.(query|key|value)\.", r"\1.in_proj_/\2."),
    (r"^model\.text_backbone", "bert"),
    (r"^model\.text_projection", "feat_map"),
    (r"^model\.input_proj_vision", "input_proj"),
    (r"^model\.encoder_output_bbox_embed", "transformer.enc_out_bbox_embed"),
    (r"^model\.query_position_embeddings", "transformer.tgt_embed"),
    (r"^model\.(level_embed|enc_output)", r"transformer.\1"),
]


def in_authors_names(tensors):
    """Weights of transformers' as the authors name them, the projections of an attention as one."""
    result, fused = {}, {}
    for name, value in tensors.items():
        for pattern, replacement in AUTHORS_NAMES:
            name = re.sub(pattern, replacement, name)
        match = re.match(r"(.*)/(query|key|value)\.(weight|bias)$", name)
        if match:
            stem = match[1] + match[3] if match[1].endswith("in_proj_") else f"{match[1]}.{match[3]}"
            fused.setdefault(stem, {})[match[2]] = value
        else:
            result[name] = value
    return result | {name: torch.cat([parts["query"], parts["key"], parts["value"]]) for name, parts in fused.items()}


def authors_file(directory, layers):
    """The weights of a directory as the authors' .pth holds them: fused projections, tied heads under every name."""
    tensors = {name: value for name, value in load_file(directory / "model.safetensors").items() if "swin.layernorm" not in name}
    result = {}
    for name, value in in_authors_names(tensors).items():
        if name.startswith("bbox_embed.0."):
            for layer in range(layers):
                result[f"bbox_embed.{layer}." + name[13:]] = value
                result[f"transformer.decoder.bbox_embed.{layer}." + name[13:]] = value
        else:
            result[name] = value
    result["bert.pooler.dense.weight"] = torch.zeros(48, 48)
    result["bert.embeddings.position_ids"] = torch.arange(64)[None]
    return {"model": {"module." + name: value for name, value in result.items()}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "grounding_dino"
    torch.manual_seed(0)
    for number, (name, (model_class, values, sizes)) in enumerate((FULL_SIZE if arguments.full_size else CASES).items()):
        config_class = MMGroundingDinoConfig if model_class is MMGroundingDinoForObjectDetection else GroundingDinoConfig
        if not values.get("two_stage", True):  # its initialisation fails there; every weight is drawn below
            model_class.__base__._init_weights = lambda self, module: None
        model = model_class(config_class(**values)).eval()
        randomise(model, seed=number)
        inputs = batch(sizes, seed=100 + number)
        directory = out / name
        directory.mkdir(parents=True, exist_ok=True)
        model.save_pretrained(directory)
        if name == "padded_batch":
            older_config(directory)
            older_keys(directory)
        expected = record(model, inputs) | {f"input.{key}": value for key, value in inputs.items()}
        save_file(expected, directory / "expected.safetensors")
        if name == "four_levels":
            torch.save(authors_file(directory, values["decoder_layers"]), directory / "authors.pth")


if __name__ == "__main__":
    main()
