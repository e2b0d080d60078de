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
from transformers import (BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval, BlipForQuestionAnswering, CLIPConfig, CLIPModel,
                          CLIPVisionConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, LlamaConfig, LlamaForCausalLM, LlavaConfig,
                          LlavaForConditionalGeneration, LlavaNextConfig, LlavaNextForConditionalGeneration, MistralConfig,
                          MMGroundingDinoConfig, MMGroundingDinoForObjectDetection, SamConfig, SamModel, SwinConfig)
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


def clip(patch, text_width, width=768, layers=12, heads=12, mlp=3072, side=224, joint=512, text_layers=12):
    return CLIPConfig(
        projection_dim=joint,
        text_config=dict(hidden_size=text_width, intermediate_size=4 * text_width, num_attention_heads=text_width // 64,
                         num_hidden_layers=text_layers, projection_dim=joint),
        vision_config=dict(hidden_size=width, intermediate_size=mlp, num_attention_heads=heads, num_hidden_layers=layers,
                           patch_size=patch, image_size=side, projection_dim=joint))


def vicuna(width=4096, layers=32, heads=32, mlp=11008, words=32000):
    return LlamaConfig(hidden_size=width, intermediate_size=mlp, num_hidden_layers=layers, num_attention_heads=heads, vocab_size=words,
                       max_position_embeddings=4096, rms_norm_eps=1e-5)


def clip_tower():
    return CLIPVisionConfig(hidden_size=1024, intermediate_size=4096, num_attention_heads=16, num_hidden_layers=24, patch_size=14,
                            image_size=336, projection_dim=768, vocab_size=32000)


def llava_next(language):
    grid = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
    return LlavaNextConfig(vision_config=clip_tower(), text_config=language, image_grid_pinpoints=grid, image_token_index=32000)


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
    yield "vicuna-7b-v1.5", LlamaForCausalLM, vicuna()
    for patch in (32, 16):
        yield f"clip-vit-base-patch{patch}", CLIPModel, clip(patch, 512)
    for name, side in (("", 224), ("-336", 336)):
        yield f"clip-vit-large-patch14{name}", CLIPModel, clip(14, 768, 1024, 24, 16, 4096, side, 768)
    yield "clip-vit-h-14-laion2b", CLIPModel, clip(14, 1024, 1280, 32, 16, 5120, 224, 1024, 24)
    for name, language in (("7b", vicuna(words=32064)), ("13b", vicuna(5120, 40, 40, 13824, 32064))):
        yield f"llava-1.5-{name}", LlavaForConditionalGeneration, LlavaConfig(vision_config=clip_tower(), text_config=language,
                                                                             image_token_index=32000)
    yield "llava-v1.6-vicuna-7b", LlavaNextForConditionalGeneration, llava_next(vicuna(words=32064))
    yield "llava-v1.6-mistral-7b", LlavaNextForConditionalGeneration, llava_next(MistralConfig(
        vocab_size=32064, rope_parameters={"rope_type": "default", "rope_theta": 1e6}, sliding_window=None))


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
