"""The authors' names of SAM's and MobileSAM's weights, and omma's: transformers' where it has the model, else in its manner.

A `*` in a pattern stands for one component of a name, `**` at the end for all that are left.
"""
import re

# theirs, ours; the first pair that matches counts, other names are the same
NECK = [("0", "conv1"), ("1", "layer_norm1"), ("2", "conv2"), ("3", "layer_norm2")]
DECODER = [
    ("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", "shared_image_embedding.positional_embedding"),
    ("prompt_encoder.point_embeddings.**", "prompt_encoder.point_embed.**"),
    *((f"prompt_encoder.mask_downscaling.{theirs}.*", f"prompt_encoder.mask_embed.{ours}.*")
      for theirs, ours in [*NECK[:2], ("3", "conv2"), ("4", "layer_norm2"), ("6", "conv3")]),
    *((f"mask_decoder.transformer.layers.*.norm{i}.*", f"mask_decoder.transformer.layers.*.layer_norm{i}.*") for i in (1, 2, 3, 4)),
    ("mask_decoder.transformer.norm_final_attn.*", "mask_decoder.transformer.layer_norm_final_attn.*"),
    ("mask_decoder.output_upscaling.0.*", "mask_decoder.upscale_conv1.*"),
    ("mask_decoder.output_upscaling.1.*", "mask_decoder.upscale_layer_norm.*"),
    ("mask_decoder.output_upscaling.3.*", "mask_decoder.upscale_conv2.*"),
    *((f"image_encoder.neck.{theirs}.*", f"vision_encoder.neck.{ours}.*") for theirs, ours in NECK),
]
VIT = [
    ("image_encoder.patch_embed.proj.*", "vision_encoder.patch_embed.projection.*"),
    *((f"image_encoder.blocks.*.norm{i}.*", f"vision_encoder.layers.*.layer_norm{i}.*") for i in (1, 2)),
    ("image_encoder.blocks.**", "vision_encoder.layers.**"),
    ("image_encoder.**", "vision_encoder.**"),
]
TINY_VIT = [
    *((f"image_encoder.{theirs}.{short}.*", f"vision_encoder.{ours}.{long}.*")
      for theirs, ours in [("patch_embed.seq.0", "patch_embed.conv1"), ("patch_embed.seq.2", "patch_embed.conv2"),
                           *((f"layers.*.{part}", f"stages.*.{part}") for part in
                             ("blocks.*.local_conv", *(f"{place}.conv{i}" for place in ("blocks.*", "downsample") for i in (1, 2, 3))))]
      for short, long in [("c", "convolution"), ("bn", "normalization")]),
    *((f"image_encoder.layers.*.blocks.*.{theirs}", f"vision_encoder.stages.*.blocks.*.{ours}")
      for theirs, ours in [("attn.norm.*", "layer_norm1.*"), ("mlp.norm.*", "layer_norm2.*"), ("mlp.fc1.*", "mlp.lin1.*"),
                           ("mlp.fc2.*", "mlp.lin2.*"), ("attn.**", "attn.**")]),
]


def perceptron(theirs, ours, depth):
    """Their perceptrons have a list of layers, transformers' the first and the last by name."""
    last = depth - 1
    yield f"{theirs}.layers.0.*", f"{ours}.proj_in.*"
    yield f"{theirs}.layers.{last}.*", f"{ours}.proj_out.*"
    for i in range(1, last):
        yield f"{theirs}.layers.{i}.*", f"{ours}.layers.{i - 1}.*"


def pairs_of(config):
    """All pairs for a model with this config.json."""
    encoder = TINY_VIT if config["vision_config"]["model_type"] == "tiny_vit" else VIT
    hypernetworks = perceptron("mask_decoder.output_hypernetworks_mlps.*", "mask_decoder.output_hypernetworks_mlps.*", 3)
    scores = perceptron("mask_decoder.iou_prediction_head", "mask_decoder.iou_prediction_head",
                        config["mask_decoder_config"].get("iou_head_depth", 3))
    return [*hypernetworks, *scores, *DECODER, *encoder]


def rename(name, pairs):
    for pattern, replacement in pairs:
        regex = re.escape(pattern).replace(r"\*\*", "(.+)").replace(r"\*", r"([^.]+)")
        found = re.fullmatch(regex, name)
        if found:
            parts = iter(found.groups())
            return re.sub(r"\*\*|\*", lambda _: next(parts), replacement)
    return name


def to_ours(weights, config):
    pairs = pairs_of(config)
    return {rename(name, pairs): value for name, value in weights.items() if not re.match(r"image_encoder\.(norm_)?head\.", name)}


def to_theirs(weights, config):
    pairs = [(ours, theirs) for theirs, ours in pairs_of(config)]
    tied = "prompt_encoder.shared_embedding.positional_embedding"  # a copy of the shared one
    return {rename(name, pairs): value for name, value in weights.items() if name != tied}
