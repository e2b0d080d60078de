"""What the authors' SAM and MobileSAM give at small odd sizes, with random weights.

Runs in an environment of its own (tools/requirements-mobilesam.txt); the authors' code has stand-ins for torchvision
(sam_original/stand_ins.py). Writes OUT/sam_original/:
  tiny_vit/CASE/   config.json (TinyVitConfig), authors.pt (their names), model.safetensors (ours), expected.safetensors: the pixels, the
                   map of each stage, the embedding; in evaluation and in training (train.*) each with the gradients under our names
  CASE/            a whole model: authors.pth, config.json, model.safetensors and preprocessor_config.json (omma's directory of it),
                   picture.png, prompts.json, expected.safetensors (logits, masks and predicted IoUs of each prompt), record.json
  CASE/automatic/  options and masks of the automatic mask generator, NAME.json
  mobile_sam_published.safetensors  the names and shapes of the published MobileSAM

    python tools/parity/sam_original.py --out build/parity
"""
import argparse
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.with_suffix("")))
OTHER_PYTHON = HERE.parents[2] / ".venv-mobilesam/bin/python"
if Path(sys.prefix) != OTHER_PYTHON.parents[1]:
    os.execv(OTHER_PYTHON, [str(OTHER_PYTHON), "-W", "ignore", *sys.argv])

from transformers import SamConfig, SamModel  # noqa: E402  before the stand-ins, which it would take for torchvision

import authors  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from automatic_masks import masks_of  # noqa: E402
from mobile_sam import SamPredictor  # noqa: E402
from mobile_sam.build_sam import build_sam_vit_t  # noqa: E402
from names import to_ours  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

TINY_VIT = dict(model_type="tiny_vit", image_size=96, num_channels=3, embed_dims=[8, 12, 20, 24], depths=[2, 1, 2, 1],
                num_heads=[2, 3, 5, 4], window_sizes=[7, 5, 4, 3], downsample_strides=[2, 2, 1], mlp_ratio=2.5, mbconv_expand_ratio=3.0,
                local_conv_size=3, output_channels=16, hidden_act="gelu", layer_norm_eps=1e-5, batch_norm_eps=1e-5)
# name: (changes of the config, size of the pictures (height, width), how many)
TINY_VIT_CASES = {
    "mobile_sam": ({}, (96, 96), 2),  # its strides; two of the three windows do not divide their map
    "wide_picture": (dict(local_conv_size=5), (48, 112), 1),
    "window_is_map": (dict(window_sizes=[7, 4, 2, 2], embed_dims=[6, 14, 14, 8], num_heads=[1, 7, 2, 1]), (32, 32), 3),
    "every_stage_halves": (dict(depths=[1, 1, 1, 2], downsample_strides=[2, 2, 2], window_sizes=[1, 3, 6, 2]), (128, 64), 1),
    "four_pixels_a_token": (dict(depths=[1, 2], embed_dims=[10, 16], num_heads=[1, 4], window_sizes=[7, 3], downsample_strides=[1],
                                 mlp_ratio=1.3, mbconv_expand_ratio=1.7), (44, 36), 2),
    "convolutions_alone": (dict(depths=[3], embed_dims=[8], num_heads=[1], window_sizes=[7], downsample_strides=[]), (20, 28), 2),
}
VIT = dict(model_type="sam_vision_model", hidden_size=24, num_hidden_layers=3, num_attention_heads=3, num_channels=3, image_size=96,
           patch_size=8, output_channels=32, window_size=5, global_attn_indexes=[1], mlp_ratio=2.0, mlp_dim=48, qkv_bias=True,
           use_abs_pos=True, use_rel_pos=True, layer_norm_eps=1e-6, hidden_act="gelu", num_pos_feats=16)
SAM_CASES = {"vit": (VIT, (61, 90)), "tiny_vit_sam": ({**TINY_VIT, "output_channels": 32, "image_size": 128}, (100, 75))}
PROMPTS = {  # in pixels of the picture; "mask" feeds the first logits of another prompt back
    "point": dict(points=[[30, 20]], labels=[1]),
    "background_point": dict(points=[[5.5, 40.25]], labels=[0]),
    "points": dict(points=[[30, 20], [50, 44], [8, 9]], labels=[1, 0, 1]),
    "box": dict(box=[10, 12, 60, 50.5]),
    "point_and_box": dict(points=[[33, 21], [12, 14]], labels=[1, 0], box=[10, 12, 60, 50]),
    "mask": dict(mask="point"),
    "point_and_mask": dict(points=[[40, 30]], labels=[0], mask="box"),
    "box_and_mask": dict(box=[2, 3, 70, 58], mask="points"),
    "everything": dict(points=[[40, 30], [20, 20]], labels=[1, 1], box=[2, 3, 70, 58], mask="points"),
}
AUTOMATIC = {  # thresholds are set between the values that occur, so that some masks pass
    "plain": dict(points_per_side=6, box_nms_thresh=0.6),
    "batches": dict(points_per_side=5, points_per_batch=7, stability_score_offset=0.5),
    "crops": dict(points_per_side=6, crop_n_layers=1, crop_n_points_downscale_factor=2, box_nms_thresh=0.8, crop_nms_thresh=0.5),
    "small_regions": dict(points_per_side=6, min_mask_region_area=40),
}


def perturb(module, seed):
    """Random weights everywhere, and statistics: what starts at zero or one would hide half the model."""
    generator = torch.Generator().manual_seed(seed)
    noise = lambda value, scale: scale * torch.randn(value.shape, generator=generator)  # noqa: E731
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() < 2:
                parameter.add_(noise(parameter, 0.2))
            elif "pos" in name or "attention_biases" in name:
                parameter.copy_(noise(parameter, 0.5))
            else:
                parameter.copy_(noise(parameter, parameter[0].numel() ** -0.5))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(noise(buffer, 0.3))
            elif name.endswith("running_var"):
                buffer.copy_(0.3 + torch.rand(buffer.shape, generator=generator) * 2)
            elif name.endswith("num_batches_tracked"):
                buffer.fill_(7)


def save(weights, file):
    save_file({name: value.detach().clone().contiguous() for name, value in weights.items()}, file, {"format": "pt"})


def in_our_names(values, config):
    """Of a picture encoder: under the names of TinyVit's members."""
    whole = {"vision_config": config, "mask_decoder_config": {}}
    renamed = to_ours({f"image_encoder.{name}": value for name, value in values.items()}, whole)
    return {name.removeprefix("vision_encoder."): value for name, value in renamed.items()}


def export_tiny_vit(folder, config, size, count, seed):
    torch.manual_seed(seed)
    model = authors.tiny_vit(config, size)
    perturb(model, seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    torch.save({f"image_encoder.{name}": value for name, value in model.state_dict().items()}, folder / "authors.pt")
    save(in_our_names(model.state_dict(), config), folder / "model.safetensors")
    pixels = torch.randn(count, 3, *size)
    expected = {"input.pixels": pixels}
    for prefix, training in (("", False), ("train.", True)):
        run = model.train(training)
        maps, hooks = {}, []
        for i, layer in enumerate(run.layers):
            hooks.append(layer.blocks[-1].register_forward_hook(lambda block, _, out, i=i: maps.__setitem__(i, (block, out))))
        run.zero_grad()
        embedding = run(pixels)
        for hook in hooks:
            hook.remove()
        for i, (block, out) in maps.items():
            if out.dim() == 3:
                out = out.transpose(1, 2).unflatten(2, block.input_resolution)
            expected[f"{prefix}stage.{i}"] = out
        expected[f"{prefix}embedding"] = embedding
        if training:
            statistics = {name: value for name, value in run.named_buffers() if "running" in name}
            expected |= {f"{prefix}{name}": value for name, value in in_our_names(statistics, config).items()}
        weight = torch.randn(embedding.shape)
        expected[f"{prefix}embedding.weight"] = weight
        (embedding * weight).sum().backward()
        gradients = {name: value.grad for name, value in run.named_parameters() if value.grad is not None}
        expected |= {f"{prefix}gradient.{name}": value for name, value in in_our_names(gradients, config).items()}
    save(expected, folder / "expected.safetensors")


def export_published(file):
    """The names, types and shapes of MobileSAM's published file; its data is a hole, which takes no space."""
    header, end = {}, 0
    for name, value in build_sam_vit_t().state_dict().items():
        begin, end = end, end + value.nbytes
        kind = {torch.float32: "F32", torch.int64: "I64"}[value.dtype]
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.truncate(8 + len(text) + end)


def whole_config(vision):
    side, patch = vision["image_size"], vision.get("patch_size", 16)
    return {
        "architectures": ["SamModel"], "model_type": "sam", "vision_config": vision,
        "prompt_encoder_config": dict(model_type="sam_prompt_encoder", hidden_size=32, image_size=side, patch_size=patch,
                                      mask_input_channels=8, num_point_embeddings=4, hidden_act="gelu", layer_norm_eps=1e-6,
                                      image_embedding_size=side // patch),
        # The authors' norms have epsilon 1e-5, where transformers' default, and so the published directories, say 1e-6.
        "mask_decoder_config": dict(model_type="sam_mask_decoder", hidden_size=32, mlp_dim=40, num_hidden_layers=2,
                                    num_attention_heads=4, attention_downsample_rate=2, num_multimask_outputs=3, iou_head_depth=3,
                                    iou_head_hidden_dim=24, hidden_act="relu", layer_norm_eps=1e-5),
    }


def picture(height, width, seed):
    """Smooth shades and blobs with sharp edges: the picture, and [3 a blob, H, W]: its upper half, itself, its box."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    shades = np.stack([127 + 60 * np.sin(x / (9 + 4 * c) + y / (13 - 3 * c)) for c in range(3)], axis=-1)
    levels = []
    for cx in (0.2, 0.5, 0.8):
        for cy in (0.2, 0.5, 0.8):
            rx, ry = random.uniform(0.08, 0.14, 2)
            dx, dy = (x / width - cx) / rx, (y / height - cy) / ry
            inside = dx**2 + dy**2 < 1
            shades[inside] = random.integers(0, 256, 3)
            levels += [inside & (dy < 0), inside, np.maximum(abs(dx), abs(dy)) < 1]
    return shades.clip(0, 255).astype(np.uint8), np.stack(levels)


def teach(model, image, levels, steps=200):
    """Trains the decoder on one picture, so that its masks are things and its scores tell them apart: a random one's pass no filter."""
    predictor = SamPredictor(model)
    predictor.set_image(image)
    features, positions = predictor.get_image_embedding(), model.prompt_encoder.get_dense_pe()
    side = model.image_encoder.img_size
    scaled = torch.from_numpy(np.stack([predictor.transform.apply_image(255 * level.astype(np.uint8)) for level in levels])) / 255
    padded = F.pad(scaled, (0, side - scaled.shape[2], 0, side - scaled.shape[1]))
    target = F.adaptive_avg_pool2d(padded, model.prompt_encoder.mask_input_size).unflatten(0, (-1, 3))  # [N, 3, h, w]
    decoder = [*model.prompt_encoder.parameters(), *model.mask_decoder.parameters()]
    optimizer, random = torch.optim.Adam(decoder, lr=5e-3), np.random.default_rng(0)
    for _ in range(steps):
        points = np.stack([random.permutation(np.argwhere(blob))[:1, ::-1] for blob in levels[0::3]])  # [N, 1, 2], in the upper half
        points = torch.from_numpy(predictor.transform.apply_coords(points, image.shape[:2])).float()
        sparse, dense = model.prompt_encoder((points, torch.ones(points.shape[:2])), None, None)
        logits, scores = model.mask_decoder(features, positions, sparse, dense, multimask_output=True)
        found, wanted = logits > 0, target > 0.5
        iou = (found & wanted).sum((2, 3)) / (found | wanted).sum((2, 3))
        soft = logits.sigmoid()
        dice = 1 - (2 * soft * target).sum((2, 3)) / (soft + target).sum((2, 3))
        loss = F.binary_cross_entropy_with_logits(logits, target) + dice.mean() + F.mse_loss(scores, iou)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"[parity] the decoder's IoU after {steps} steps: {iou.mean():.2f}")


def answers(predictor):
    """{name: logits, masks and predicted IoUs} of every prompt, one mask and several."""
    found = {}
    for name, prompt in PROMPTS.items():
        fed = found[f"{prompt['mask']}.single.logits"].numpy() if "mask" in prompt else None
        arguments = dict(point_coords=np.array(prompt["points"]) if "points" in prompt else None,
                         point_labels=np.array(prompt["labels"]) if "labels" in prompt else None,
                         box=np.array(prompt["box"]) if "box" in prompt else None, mask_input=fed)
        for kind, several in (("single", False), ("multimask", True)):
            masks, ious, logits = predictor.predict(**arguments, multimask_output=several)
            parts = {"masks": masks.astype(np.uint8), "iou": ious, "logits": logits}
            found |= {f"{name}.{kind}.{part}": torch.from_numpy(value.copy()) for part, value in parts.items()}
    boxes = predictor.transform.apply_boxes_torch(torch.tensor([[10.0, 12, 60, 50], [2, 3, 70, 58]]), predictor.original_size)
    masks, ious, logits = predictor.predict_torch(None, None, boxes, multimask_output=True)
    return found | {"two_boxes.multimask.masks": masks.to(torch.uint8), "two_boxes.multimask.iou": ious,
                    "two_boxes.multimask.logits": logits}


def other_epsilon(folder, config, expected):
    """How far transformers, with the authors' epsilon and with its own default, is from the authors: the largest difference of the
    logits of one point."""
    gaps = {}
    for name, epsilon in (("as_the_authors", 1e-5), ("transformers_default", 1e-6)):
        changed = {**config, "mask_decoder_config": {**config["mask_decoder_config"], "layer_norm_eps": epsilon}}
        model = SamModel.from_pretrained(folder, config=SamConfig(**changed)).eval()
        points = torch.tensor(expected["input.points"])[None, None]
        with torch.no_grad():
            out = model(image_embeddings=expected["embedding"], input_points=points, input_labels=torch.ones(1, 1, 1, dtype=torch.int))
        gaps[name] = (out.pred_masks[0, 0] - expected["point.multimask.logits"]).abs().max().item()
    assert gaps["as_the_authors"] < 1e-4, gaps
    return gaps


def gap_between(values, low, high):
    """In the middle of the widest gap between two quantiles, so that rounding moves no value over it."""
    ordered = np.unique(np.array(values)[~np.isnan(values)])
    part = ordered[int(low * len(ordered)) : int(high * len(ordered)) + 1]
    widest = int(np.argmax(np.diff(part)))
    return float(part[widest] + part[widest + 1]) / 2


def export_automatic(folder, model, image):
    folder.mkdir(exist_ok=True)
    for name, options in AUTOMATIC.items():
        everything = dict(pred_iou_thresh=0.0, stability_score_thresh=0.0, box_nms_thresh=1.0, crop_nms_thresh=1.0)
        all_masks = masks_of(model, image, {**options, **everything, "min_mask_region_area": 0})["masks"]
        iou = gap_between([mask["predicted_iou"] for mask in all_masks], 0.2, 0.4)
        stability = gap_between([mask["stability_score"] for mask in all_masks if mask["predicted_iou"] > iou], 0.2, 0.4)
        found = masks_of(model, image, {**options, "pred_iou_thresh": iou, "stability_score_thresh": stability})
        assert 3 < len(found["masks"]) < len(all_masks) / 2, f"{name}: {len(found['masks'])} of {len(all_masks)}"
        (folder / f"{name}.json").write_text(json.dumps(found) + "\n")


def export_whole(folder, vision, size, seed):
    config = whole_config(vision)
    torch.manual_seed(seed)
    model = authors.sam(config)
    perturb(model, seed)
    model.eval()  # once more: TinyViT gathers its attention's biases then
    image, levels = picture(*size, seed)
    teach(model, image, levels)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    processor = dict(image_processor_type="SamImageProcessor", image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
                     size={"longest_edge": vision["image_size"]}, do_resize=True, do_rescale=True, rescale_factor=1 / 255, resample=2,
                     do_normalize=True, do_pad=True, do_convert_rgb=True,
                     pad_size={"height": vision["image_size"], "width": vision["image_size"]})
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n")
    torch.save(model.state_dict(), folder / "authors.pth")
    save(to_ours(model.state_dict(), config), folder / "model.safetensors")
    reread = authors.load(folder)  # what the generator's script does with a directory of ours
    Image.fromarray(image).save(folder / "picture.png")
    (folder / "prompts.json").write_text(json.dumps(PROMPTS, indent=1) + "\n")
    predictor = SamPredictor(reread)
    predictor.set_image(image)
    expected = answers(predictor) | {"embedding": predictor.get_image_embedding()}
    save(expected, folder / "expected.safetensors")
    if vision["model_type"] != "tiny_vit":
        points = predictor.transform.apply_coords(np.array(PROMPTS["point"]["points"]), predictor.original_size)
        gaps = other_epsilon(folder, config, {**expected, "input.points": points.astype(np.float32)})
        (folder / "record.json").write_text(json.dumps({"logits_differ_by": gaps}, indent=1) + "\n")
    export_automatic(folder / "automatic", reread, image)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "sam_original"
    torch.set_num_threads(1)  # such small products are slower on several
    out.mkdir(parents=True, exist_ok=True)
    export_published(out / "mobile_sam_published.safetensors")
    for seed, (name, (changes, size, count)) in enumerate(TINY_VIT_CASES.items()):
        export_tiny_vit(out / "tiny_vit" / name, {**TINY_VIT, **changes}, size, count, seed)
    for seed, (name, (vision, size)) in enumerate(SAM_CASES.items()):
        export_whole(out / name, vision, size, seed)


if __name__ == "__main__":
    main()
