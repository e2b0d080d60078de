"""The authors' SAM and MobileSAM (mobilesam-mirror) at the sizes that a config.json of omma's layout gives."""
import functools
import json
from pathlib import Path

import numpy as np
import stand_ins  # noqa: F401  before mobile_sam
import torch
from mobile_sam.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TinyViT, TwoWayTransformer
from mobile_sam.modeling.common import LayerNorm2d
from names import to_theirs
from safetensors.torch import load_file
from torch import nn

CLASSES = 10  # of the classifier that MobileSAM's file still holds


def tiny_vit(config, size=None):
    """Their TinyViT, which is written for 1024 pixels, for pictures of another size (height, width) and with other strides."""
    height, width = size or (config["image_size"], config["image_size"])
    model = TinyViT(img_size=(height, width), num_classes=CLASSES, embed_dims=config["embed_dims"], depths=config["depths"],
                    num_heads=config["num_heads"], window_sizes=config["window_sizes"], mlp_ratio=config["mlp_ratio"],
                    mbconv_expand_ratio=config["mbconv_expand_ratio"], local_conv_size=config["local_conv_size"],
                    drop_rate=config.get("hidden_dropout_prob", 0.0), drop_path_rate=config.get("drop_path_rate", 0.0))
    resolution = (height // 4, width // 4)
    for layer, stride in zip(model.layers, [*config["downsample_strides"], None], strict=True):
        for part in (layer, *layer.blocks):
            part.input_resolution = resolution
        if layer.downsample is not None:
            layer.downsample.input_resolution = resolution
            layer.downsample.conv2.c.stride = (stride, stride)
            resolution = tuple(-(-side // stride) for side in resolution)
    channels = config["output_channels"]
    model.neck = nn.Sequential(nn.Conv2d(config["embed_dims"][-1], channels, 1, bias=False), LayerNorm2d(channels),
                               nn.Conv2d(channels, channels, 3, padding=1, bias=False), LayerNorm2d(channels))
    model.img_size = height

    def forward(pixels):
        x = model.patch_embed(pixels)
        for layer in model.layers:
            x = layer(x)
        if x.dim() == 3:  # a single stage gives a map
            x = x.transpose(1, 2).unflatten(2, resolution)
        return model.neck(x)

    model.forward = forward
    return model


def vit(config):
    assert config.get("hidden_act", "gelu") == "gelu"
    return ImageEncoderViT(img_size=config["image_size"], patch_size=config["patch_size"], embed_dim=config["hidden_size"],
                           depth=config["num_hidden_layers"], num_heads=config["num_attention_heads"],
                           mlp_ratio=config["mlp_dim"] / config["hidden_size"], out_chans=config["output_channels"],
                           qkv_bias=config["qkv_bias"], norm_layer=functools.partial(nn.LayerNorm, eps=config["layer_norm_eps"]),
                           use_abs_pos=config["use_abs_pos"], use_rel_pos=config["use_rel_pos"], window_size=config["window_size"],
                           global_attn_indexes=config["global_attn_indexes"])


def sam(config, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)):
    """Their whole model, in evaluation, with random weights. Its norms' epsilon is the config's, as transformers has it."""
    vision, prompt, decoder = config["vision_config"], config["prompt_encoder_config"], config["mask_decoder_config"]
    encoder = tiny_vit(vision) if vision["model_type"] == "tiny_vit" else vit(vision)
    grid, side = prompt["image_size"] // prompt["patch_size"], prompt["image_size"]
    transformer = TwoWayTransformer(depth=decoder["num_hidden_layers"], embedding_dim=decoder["hidden_size"],
                                    num_heads=decoder["num_attention_heads"], mlp_dim=decoder["mlp_dim"],
                                    attention_downsample_rate=decoder["attention_downsample_rate"])
    for module in transformer.layers.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = decoder["layer_norm_eps"]
    model = Sam(
        image_encoder=encoder,
        prompt_encoder=PromptEncoder(embed_dim=prompt["hidden_size"], image_embedding_size=(grid, grid), input_image_size=(side, side),
                                     mask_in_chans=prompt["mask_input_channels"]),
        mask_decoder=MaskDecoder(transformer_dim=decoder["hidden_size"], transformer=transformer,
                                 num_multimask_outputs=decoder["num_multimask_outputs"], iou_head_depth=decoder["iou_head_depth"],
                                 iou_head_hidden_dim=decoder["iou_head_hidden_dim"]),
        pixel_mean=list(mean), pixel_std=list(std))
    return model.eval()


def with_defaults(config):
    """config.json as omma reads it: transformers leaves out nothing, omma's own may."""
    defaults = {
        "vision_config": dict(model_type="sam_vision_model", hidden_size=768, output_channels=256, num_hidden_layers=12,
                              num_attention_heads=12, image_size=1024, patch_size=16, layer_norm_eps=1e-6, qkv_bias=True, mlp_ratio=4.0,
                              use_abs_pos=True, use_rel_pos=True, window_size=14, global_attn_indexes=[2, 5, 8, 11]),
        "tiny_vit": dict(image_size=1024, embed_dims=[64, 128, 160, 320], depths=[2, 2, 6, 2], num_heads=[2, 4, 5, 10],
                         window_sizes=[7, 7, 14, 7], downsample_strides=[2, 2, 1], mlp_ratio=4.0, mbconv_expand_ratio=4.0,
                         local_conv_size=3, output_channels=256),
        "prompt_encoder_config": dict(hidden_size=256, image_size=1024, patch_size=16, mask_input_channels=16, layer_norm_eps=1e-6),
        "mask_decoder_config": dict(hidden_size=256, mlp_dim=2048, num_hidden_layers=2, num_attention_heads=8,
                                    attention_downsample_rate=2, num_multimask_outputs=3, iou_head_depth=3, iou_head_hidden_dim=256,
                                    layer_norm_eps=1e-6),
    }
    parts = {name: {**defaults[name], **config.get(name, {})} for name in ("prompt_encoder_config", "mask_decoder_config")}
    given = config.get("vision_config", {})
    vision = {**defaults["tiny_vit" if given.get("model_type") == "tiny_vit" else "vision_config"], **given}
    if vision["model_type"] != "tiny_vit" and vision.get("mlp_dim") is None:
        vision["mlp_dim"] = int(vision["hidden_size"] * vision["mlp_ratio"])
    return {**config, **parts, "vision_config": vision}


def load(directory):
    """A model directory of omma's (SAM's as transformers writes it) as the authors' Sam."""
    directory = Path(directory)
    config = with_defaults(json.loads((directory / "config.json").read_text()))
    processor = json.loads((directory / "preprocessor_config.json").read_text())
    model = sam(config, *(255 * np.array(processor[key]) for key in ("image_mean", "image_std")))
    weights = to_theirs({name: value for name, value in load_file(directory / "model.safetensors").items()}, config)
    weights = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if not name.startswith(("image_encoder.head.", "image_encoder.norm_head."))]
    assert not missing and not unexpected, f"{directory}: missing {missing}, unexpected {unexpected}"
    return model.eval()  # once more: TinyViT gathers its attention's biases then, and their own build forgets to
