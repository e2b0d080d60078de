"""What transformers' SAM gives at small odd configurations: whole directories, picture file and prompts to masks, gradients.

Writes OUT/sam/CASE/: the directory, pictures, reference.safetensors (embeddings, masks and scores of every mix of prompts, gradients under
their names) and reference.json (the prompts in the pictures' pixels).

    python tools/parity/sam.py --out build/parity

With --full-size: ViT-B at 1024 instead (2 GB of memory).
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import SamConfig, SamImageProcessor, SamModel, SamProcessor

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-transformers4/bin/python"
VISION = dict(hidden_size=24, output_channels=32, num_hidden_layers=4, num_attention_heads=3, image_size=64, patch_size=8, mlp_dim=40,
              window_size=3, global_attn_indexes=[1, 3], num_pos_feats=16)
PROMPTS = dict(hidden_size=32, image_size=64, patch_size=8, mask_input_channels=8)
DECODER = dict(hidden_size=32, mlp_dim=48, num_attention_heads=4, iou_head_hidden_dim=20)
# name: (changes of the picture's config, of the prompts', of the decoder's)
CASES = {
    "windows": ({}, {}, {}),
    "global": (dict(num_hidden_layers=2, global_attn_indexes=[0, 1], use_abs_pos=False, qkv_bias=False, num_attention_heads=2),
               dict(mask_input_channels=4), dict(attention_downsample_rate=4, num_attention_heads=2, num_multimask_outputs=2)),
    "plain": (dict(num_hidden_layers=3, use_rel_pos=False, global_attn_indexes=[2], window_size=5, image_size=72, patch_size=12,
                   hidden_act="relu", output_channels=48, num_pos_feats=24),
              dict(hidden_size=48, image_size=72, patch_size=12, hidden_act="relu"),
              dict(hidden_size=48, num_hidden_layers=3, attention_downsample_rate=1, iou_head_depth=4, hidden_act="gelu", num_attention_heads=6)),
}
FULL_SIZE = {"vit_b": ({}, {}, {})}
SIZES = [(90, 61), (37, 80)]
FULL_SIZES = [(1500, 1001), (640, 853)]


def make_model(vision, prompts, decoder, full):
    base = (dict(), dict(), dict()) if full else (VISION, PROMPTS, DECODER)
    config = SamConfig(vision_config={**base[0], **vision}, prompt_encoder_config={**base[1], **prompts},
                       mask_decoder_config={**base[2], **decoder})
    torch.manual_seed(3)
    model = SamModel(config).eval()
    scale = 0.02 if full else 0.15
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "positional_embedding" in name:
                parameter.copy_(torch.randn(parameter.shape))  # the authors' deviation; the config's is hidden_size / 2
            elif parameter.dim() > 1:
                parameter.copy_(scale * torch.randn(parameter.shape))
            else:  # what starts at zero or one would hide errors
                parameter += 0.1 * torch.randn(parameter.shape)
    return model


def picture(size, seed):
    small = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def prompts_of(size, random):
    """Three objects for each mix of prompts, in the picture's pixels."""
    width, height = size

    def points(count):
        return [[[float(random.uniform(0, width)), float(random.uniform(0, height))] for _ in range(count)] for _ in range(3)]

    def labels(count):
        return [[1] + random.integers(0, 2, count - 1).tolist() for _ in range(3)]

    def boxes():
        corners = [sorted(random.uniform(0, width, 2)) + sorted(random.uniform(0, height, 2)) for _ in range(3)]
        return [[float(x0), float(y0), float(x1), float(y1)] for x0, x1, y0, y1 in corners]

    return {"point": dict(points=points(1), labels=[[1]] * 3), "points": dict(points=points(4), labels=labels(4)), "box": dict(boxes=boxes()),
            "box_points": dict(points=points(2), labels=labels(2), boxes=boxes()), "point_mask": dict(points=points(1), labels=[[1]] * 3, mask=True),
            "box_mask": dict(boxes=boxes(), mask=True), "mask": dict(mask=True)}


def answers(model, processor, image, embedding, prompt, masks):
    inputs = processor(images=image, return_tensors="pt", input_points=[prompt["points"]] if "points" in prompt else None,
                       input_labels=[prompt["labels"]] if "labels" in prompt else None, input_boxes=[prompt["boxes"]] if "boxes" in prompt else None)
    found = {}
    # One object at a time: transformers takes one mask for all, and gives each its own answer.
    for i in range(3):
        one = {name: inputs[name][:, i:i + 1] for name in ("input_points", "input_labels", "input_boxes") if name in inputs}
        if "mask" in prompt:
            one["input_masks"] = masks[i:i + 1]
        single = model(image_embeddings=embedding, multimask_output=False, **one)
        many = model(image_embeddings=embedding, multimask_output=True, **one)
        found.setdefault("logits", []).append(torch.cat([single.pred_masks, many.pred_masks], 2)[0, 0])
        found.setdefault("iou", []).append(torch.cat([single.iou_scores, many.iou_scores], 2)[0, 0])
    result = {name: torch.stack(values) for name, values in found.items()}
    whole = processor.image_processor.post_process_masks([result["logits"]], inputs["original_sizes"], inputs["reshaped_input_sizes"],
                                                         binarize=False)[0]
    return result, whole, {name: inputs[name][0] for name in ("input_points", "input_boxes") if name in inputs}


def gradients(model, pixels, points, boxes):
    torch.manual_seed(5)
    output = model(pixel_values=pixels, input_points=points, input_boxes=boxes, multimask_output=True)
    loss = (output.pred_masks * torch.cos(torch.arange(output.pred_masks.numel()).view_as(output.pred_masks))).sum() + output.iou_scores.sum()
    loss.backward()
    named = {f"gradient.{name}": p.grad.clone() for name, p in model.named_parameters() if p.grad is not None and "positional" not in name}
    return {"loss": loss.detach().reshape(1), "gradient_points": points[0], "gradient_boxes": boxes[0], **named}


@torch.no_grad()
def record(model, processor, folder, sizes):
    side = 4 * model.config.prompt_encoder_config.image_embedding_size
    random = np.random.default_rng(11)
    tensors, record = {}, {}
    for i, size in enumerate(sizes):
        image = picture(size, i)
        image.save(folder / f"picture{i}.png")
        pixels = processor(images=image, return_tensors="pt")["pixel_values"]
        embedding = model.get_image_embeddings(pixels)
        masks = torch.as_tensor(random.normal(0, 4, (3, 1, side, side)), dtype=torch.float32)
        tensors |= {f"{i}.pixels": pixels, f"{i}.embedding": embedding, f"{i}.masks": masks}
        record[str(i)] = prompts_of(size, random)
        for kind, prompt in record[str(i)].items():
            result, whole, frame = answers(model, processor, image, embedding, prompt, masks)
            tensors |= {f"{i}.{kind}.{name}": value for name, value in {**result, **frame}.items()}
            tensors[f"{i}.{kind}.whole"] = whole if max(size) < 200 else (whole > 0).to(torch.uint8)
            tensors[f"{i}.{kind}.near"] = (whole.abs() < 1e-3).sum().reshape(1)
    (folder / "reference.json").write_text(json.dumps(record))
    return tensors


def write_case(out, name, configs, full):
    """A directory with what its model gives, all of it by the transformers that runs this."""
    folder = out / "sam" / name
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(*configs, full)
    side = model.config.vision_config.image_size
    grid = 4 * model.config.prompt_encoder_config.image_embedding_size
    processor = SamProcessor(SamImageProcessor(size={"longest_edge": side}, pad_size={"height": side, "width": side},
                                               mask_size={"longest_edge": grid}, mask_pad_size={"height": grid, "width": grid}))
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    tensors = record(model, processor, folder, FULL_SIZES if full else SIZES)
    if not full:
        frame = {name: tensors[f"0.box_points.{name}"].unsqueeze(0).float() for name in ("input_points", "input_boxes")}
        tensors |= gradients(model, tensors["0.pixels"], frame["input_points"], frame["input_boxes"])
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "reference.safetensors")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    options = parser.parse_args()
    if transformers.__version__.startswith("4."):
        return write_case(options.out, "windows_transformers4", CASES["windows"], False)
    for name, configs in (FULL_SIZE if options.full_size else CASES).items():
        write_case(options.out, name, configs, options.full_size)
    if not options.full_size:
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(options.out)], check=True)


if __name__ == "__main__":
    main()
