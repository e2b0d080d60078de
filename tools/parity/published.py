"""The published configurations of the models that omma runs, for tests/structure/models: every tensor's name, type and shape.

Writes DIR/published/NAME: `config.json` as transformers saves it, and a `model.safetensors` whose header is the real one and whose
gigabytes of data are a hole in the file, which takes no space. No model is ever filled: they are made on the meta device.

    python tools/parity/published.py --out build/parity
"""
import argparse
import json
import os
import pathlib
import struct

import torch
from transformers import (BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering, GroundingDinoConfig,
                          GroundingDinoForObjectDetection, LlamaConfig, LlamaForCausalLM, MMGroundingDinoConfig, MMGroundingDinoForObjectDetection,
                          SamConfig, SamModel, SwinConfig)
from transformers.core_model_loading import revert_weight_conversion

SWIN = {
    "tiny": dict(embed_dim=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], window_size=7, image_size=224),
    "base": dict(embed_dim=128, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32], window_size=12, image_size=384),
    "large": dict(embed_dim=192, depths=[2, 2, 18, 2], num_heads=[6, 12, 24, 48], window_size=12, image_size=384),
}


def swin(size, stages=(2, 3, 4)):
    return SwinConfig(**SWIN[size], out_indices=list(stages))


def blip(size, side):
    wide = size == "large"
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16) if wide else {}
    text = dict(num_attention_heads=12, encoder_hidden_size=1024 if wide else 768)
    return BlipConfig(vision_config=dict(image_size=side, **vision), text_config=text)


def sam(width, layers, heads, every):
    return SamConfig(vision_config=dict(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                                        global_attn_indexes=list(range(every - 1, layers, every))))


def published():
    """Name, class, configuration."""
    yield "grounding-dino-tiny", GroundingDinoForObjectDetection, GroundingDinoConfig(backbone_config=swin("tiny"))
    yield "grounding-dino-base", GroundingDinoForObjectDetection, GroundingDinoConfig(backbone_config=swin("base"))
    yield "mm-grounding-dino-tiny", MMGroundingDinoForObjectDetection, MMGroundingDinoConfig(backbone_config=swin("tiny"))
    yield "mm-grounding-dino-base", MMGroundingDinoForObjectDetection, MMGroundingDinoConfig(backbone_config=swin("base"))
    yield "mm-grounding-dino-large", MMGroundingDinoForObjectDetection, MMGroundingDinoConfig(
        backbone_config=swin("large", (1, 2, 3, 4)), num_feature_levels=5)
    for size in ("base", "large"):
        yield f"blip-image-captioning-{size}", BlipForConditionalGeneration, blip(size, 384)
        yield f"blip-itm-{size}-coco", BlipForImageTextRetrieval, blip(size, 384)
    yield "blip-vqa-base", BlipForQuestionAnswering, blip("base", 384)
    yield "blip-vqa-capfilt-large", BlipForQuestionAnswering, blip("base", 480)
    yield "sam-vit-base", SamModel, sam(768, 12, 12, 3)
    yield "sam-vit-large", SamModel, sam(1024, 24, 16, 6)
    yield "sam-vit-huge", SamModel, sam(1280, 32, 16, 8)
    yield "vicuna-7b-v1.5", LlamaForCausalLM, LlamaConfig(
        hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32, vocab_size=32000, rms_norm_eps=1e-5)


def write(folder, model_class, config):
    with torch.device("meta"):
        model = model_class(config)
    tensors = dict(model.named_parameters())  # tied ones once
    kept = model.state_dict()  # without the buffers that are not saved
    tensors |= {name: buffer for name, buffer in model.named_buffers() if name in kept and buffer.is_floating_point()}
    tensors = revert_weight_conversion(model, tensors)  # the names of files, which transformers 5 renames when it loads them
    header, end = {}, 0
    for name, tensor in tensors.items():
        size = 2 * tensor.numel()
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    folder.mkdir(parents=True, exist_ok=True)
    config.architectures = [model_class.__name__]
    config.save_pretrained(folder)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
    os.truncate(folder / "model.safetensors", 8 + len(text) + end)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out / "published"
    for name, model_class, config in published():
        write(out / name, model_class, config)
