"""Grounding DINO's loss of one sample and the gradient of every parameter, by transformers.

Writes OUT/losses/CASE/ with the model directory and expected.safetensors: the inputs, the boxes and the phrase of each, the loss with
its parts; gradients/ holds the gradients in place of the weights. One thing of the reference is put right: the proposals' logits and boxes are those of the selected
proposals, with their gradient (it scores the learned queries and detaches the boxes).
"""

import argparse
import math
from pathlib import Path

import torch
from grounding_dino import CLS, DOT, QUESTION, SEP, detector, randomise
from safetensors.torch import save_file
from transformers import (
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    MMGroundingDinoConfig,
    MMGroundingDinoForObjectDetection,
)
from transformers.loss.loss_grounding_dino import GroundingDinoForObjectDetectionLoss
from transformers.models.grounding_dino.modeling_grounding_dino import build_label_maps, build_text_mask

PROMPT = [CLS, 200, 301, DOT, 402, DOT, 503, 604, 705, QUESTION, SEP]
NO_DROPOUT = dict(dropout=0, attention_dropout=0, activation_dropout=0, text_enhancer_dropout=0, fusion_dropout=0, fusion_droppath=0)

# name: (model class, configuration, boxes of each phrase)
CASES = {
    "plain": (GroundingDinoForObjectDetection, detector(), [0, 1, 2, 2]),
    "one_box": (GroundingDinoForObjectDetection, detector(decoder_layers=3, decoder_bbox_embed_share=False), [2]),
    "more_boxes_than_queries": (GroundingDinoForObjectDetection, detector(num_queries=5), [0, 1, 2, 0, 1, 2, 0]),
    "mm": (MMGroundingDinoForObjectDetection, detector(), [1, 1, 0]),
}


def one_step(model, phrases, seed):
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand(len(phrases), 2, generator=generator) * 0.6
    size = 0.08 + 0.3 * torch.rand(len(phrases), 2, generator=generator)
    boxes = torch.cat([low + size / 2, size], -1)
    ids = torch.tensor([PROMPT])
    pixels = torch.randn(1, 3, 64, 80, generator=generator)
    output = model(pixel_values=pixels, input_ids=ids, attention_mask=torch.ones_like(ids))

    width = output.logits.shape[-1]
    chosen = output.enc_outputs_class.max(-1)[0].topk(model.config.num_queries, dim=1)[1]
    layer_logits, layer_boxes = [], []
    references = [output.init_reference_points] + list(output.intermediate_reference_points.unbind(1))
    for i, queries in enumerate(output.intermediate_hidden_states.unbind(1)):
        layer_logits.append(model.class_embed[i](queries, output.encoder_last_hidden_state_text, torch.ones_like(ids).bool()))
        layer_boxes.append((model.bbox_embed[i](queries) + torch.special.logit(references[i], eps=1e-5)).sigmoid())
    loss, parts, _ = GroundingDinoForObjectDetectionLoss(
        layer_logits[-1], [dict(class_labels=torch.tensor(phrases), boxes=boxes)], pixels.device, layer_boxes[-1], model.config,
        build_label_maps(output.logits, ids), build_text_mask(output.logits, torch.ones_like(ids)),
        torch.stack(layer_logits), torch.stack(layer_boxes),
        output.enc_outputs_class.gather(1, chosen[..., None].expand(-1, -1, width)),
        output.enc_outputs_coord_logits.gather(1, chosen[..., None].expand(-1, -1, 4)).sigmoid())
    loss.backward()
    expected = {"input.pixel_values": pixels, "input.input_ids": ids, "input.boxes": boxes,
                "input.phrases": torch.tensor(phrases), "loss": loss.detach().reshape(1)}
    for kind in ("ce", "bbox", "giou"):
        parts_of_kind = [v for k, v in parts.items() if k.startswith(f"loss_{kind}")]
        expected[f"loss.{kind}"] = torch.stack([p.detach().reshape(()) for p in parts_of_kind]).sum().reshape(1)
    return {name: value.detach().clone().contiguous() for name, value in expected.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    out = parser.parse_args().out / "losses"
    for seed, (name, (model_class, changes, phrases)) in enumerate(CASES.items()):
        config_class = MMGroundingDinoConfig if model_class is MMGroundingDinoForObjectDetection else GroundingDinoConfig
        model = model_class(config_class(**changes, **NO_DROPOUT, auxiliary_loss=True)).eval()
        randomise(model, seed)
        (out / name).mkdir(parents=True, exist_ok=True)
        model.save_pretrained(out / name)
        expected = one_step(model, phrases, seed)
        assert math.isfinite(expected["loss"].item())
        save_file(expected, out / name / "expected.safetensors")
        with torch.no_grad():  # saved as weights are, so that the gradients have the checkpoint's names
            for parameter in model.parameters():
                parameter.copy_(torch.zeros_like(parameter) if parameter.grad is None else parameter.grad)
        model.save_pretrained(out / name / "gradients")
        print(f"{out / name}: loss {expected['loss'].item():.4f}")


if __name__ == "__main__":
    main()
