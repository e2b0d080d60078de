"""The authors' GLIP on a directory that glip.py wrote: what it makes of the pictures and the prompts.

Runs in the environment of tools/requirements-llava.txt, the authors' package on the path, in a directory that may be written to.

    python authors.py CASE FILE        CASE as glip.py writes it, FILE to be written
"""
import json
import shutil
import sys
from pathlib import Path

import stand_ins  # before maskrcnn_benchmark
import torch
from maskrcnn_benchmark.config import cfg
from maskrcnn_benchmark.engine.inference import create_positive_map_label_to_token_from_positive_map, create_queries_and_maps
from maskrcnn_benchmark.layers import deform_conv
from maskrcnn_benchmark.modeling import rpn
from maskrcnn_benchmark.modeling.detector.generalized_vl_rcnn import GeneralizedVLRCNN
from maskrcnn_benchmark.modeling.rpn import inference, vldyhead
from maskrcnn_benchmark.structures.image_list import to_image_list
from maskrcnn_benchmark.utils.model_serialization import load_state_dict
from PIL import Image
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

deform_conv.modulated_deform_conv = stand_ins.modulated_deform_conv
inference.boxlist_ml_nms = stand_ins.boxlist_ml_nms


def write_bert(folder, case):
    """bert-base-uncased, of the case's sizes, where they look for it."""
    shutil.rmtree("bert-base-uncased", ignore_errors=True)
    config = BertConfig(**case["text"])
    BertModel(config, add_pooling_layer=False).save_pretrained("bert-base-uncased")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained("bert-base-uncased")


def load(folder, case):
    cfg.merge_from_file(folder / "config.yaml")
    numbers, fuse = vldyhead.VLFuse.init_configs, case["inner"]

    def with_inner_width(self, settings):  # 2048 is written in the code
        numbers(self, settings)
        self.embed_dim = fuse

    vldyhead.VLFuse.init_configs = with_inner_width
    model = GeneralizedVLRCNN(cfg)
    model.eval()  # which gives nothing
    weights = torch.load(folder / "glip.pth")["model"]
    load_state_dict(model, weights)  # which passes over what is missing
    of_older_transformers = "language_backbone.body.model.embeddings.position_ids"
    assert set(model.state_dict()) | {of_older_transformers} == {name.removeprefix("module.") for name in weights}
    return model


def keep_parts(model, seen):
    """Names what its modules give."""
    def keep(name, pick):
        def hook(module, inputs, output):
            seen.update({name.format(i): value.clone() for i, value in enumerate(pick(output))})
        return hook

    model.backbone.body.register_forward_hook(keep("backbone.{}", lambda maps: maps[1:]))  # the first is not used
    model.backbone.fpn.register_forward_hook(keep("fpn.{}", list))
    model.language_backbone.register_forward_hook(keep("text", lambda output: [output["embedded"]]))
    layer = 0
    for part in model.rpn.head.dyhead_tower:
        if isinstance(part, vldyhead.VLFuse):
            part.register_forward_hook(keep(f"head.{layer}.fused.{{}}", lambda output: output["visual"]))
        elif isinstance(part, vldyhead.BertEncoderLayer):
            part.register_forward_hook(keep(f"head.{layer}.text", lambda output: [output["lang"]["hidden"]]))
        else:
            part.register_forward_hook(keep(f"head.{layer}.map.{{}}", lambda output: output["visual"]))
            layer += 1

    def heads(module, inputs, output):
        for i, (regression, centerness, logits) in enumerate(zip(output[1], output[2], output[6])):
            seen.update({f"logits.{i}": logits, f"regression.{i}": regression.flatten(2).transpose(1, 2), f"centerness.{i}": centerness.flatten(1)})
    model.rpn.head.register_forward_hook(heads)


def images_of(folder, record):
    """The test's transforms, as data/transforms/build.py has them for BGR of 0 to 255, and the batch's padding."""
    from maskrcnn_benchmark.data.transforms import transforms
    steps = transforms.Compose([transforms.Resize(cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST), transforms.ToTensor(),
                                transforms.Normalize(cfg.INPUT.PIXEL_MEAN, cfg.INPUT.PIXEL_STD, "bgr255")])
    images = [Image.open(folder / f"picture{i}.png").convert("RGB") for i in range(record["pictures"])]
    tensors = []
    for image in images:
        for step in steps.transforms:
            image, _ = step(image, None)
        tensors.append(image)
    return [Image.open(folder / f"picture{i}.png").size for i in range(len(images))], to_image_list(tensors, cfg.DATALOADER.SIZE_DIVISIBILITY)


def positive_map_of(prompt):
    """Names to their tokens, from 1 on, and the text: of names as the evaluation makes both."""
    if prompt["names"]:
        text, places = create_queries_and_maps(list(range(1, len(prompt["names"]) + 1)), prompt["names"], cfg=cfg)
        assert text == prompt["text"] and list(places.values()) == prompt["tokens"], (text, places, prompt)
        return text, places
    chosen = torch.zeros(len(prompt["tokens"]), 256)
    for row, tokens in zip(chosen, prompt["tokens"]):
        row[tokens] = 1
    return prompt["text"], create_positive_map_label_to_token_from_positive_map(chosen, plus=1)


@torch.no_grad()
def main():
    folder, out = map(Path, sys.argv[1:])
    record = json.loads((folder / "reference.json").read_text())
    write_bert(folder, record["config"])
    model, seen = load(folder, record["config"]), {}
    sizes, images = images_of(folder, record)
    tensors = {"pixels": images.tensors}
    keep_parts(model, seen)
    for kind, prompt in record["prompts"].items():
        text, places = positive_map_of(prompt)
        model.rpn.box_selector_test.score_agg = "MEAN" if prompt["names"] else "MAX"
        found = model(images, captions=[text] * len(sizes), positive_map=places)
        words = len(prompt["ids"])
        for name, value in seen.items():
            if name.startswith("logits"):
                value = value[..., :words]  # the rest is padding
            if name.endswith("text"):
                value = value[:, :words]
            tensors[name if name.startswith(("backbone", "fpn")) else f"{kind}.{name}"] = value
        for i, boxes in enumerate(found):
            boxes = boxes.resize(sizes[i])
            boxes = boxes[boxes.get_field("scores").sort(descending=True)[1]]
            tensors |= {f"{kind}.boxes.{i}": boxes.bbox, f"{kind}.scores.{i}": boxes.get_field("scores"),
                        f"{kind}.labels.{i}": boxes.get_field("labels") - 1}
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, out)


if __name__ == "__main__":
    main()
