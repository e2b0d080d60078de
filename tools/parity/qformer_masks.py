"""What the authors' Q-Former gives in its three modes, with random weights at a small odd size.

Runs in an environment of its own (tools/requirements-lavis.txt); of LAVIS only lavis/models/blip2_models/Qformer.py, what
blip2_qformer.py does with it is repeated here, and lavis/models/clip_vit.py are loaded. Writes OUT/qformer_masks/:
  blip2_pretrained.pth   the weights in the layout and names of theirs, without the vision tower (LAVIS saves what is trained)
  config.json            the sizes, in the names of transformers' Blip2QFormerConfig
  vocab.txt              as BERT's; [DEC] is the row behind it
  reference.safetensors  features [P, N, D] before ln_vision, input_ids and mask [R, T] padded on the right to 32 as in training
                         ITC: query_states [P, Q, C], query_embeds [P, Q, E], text_embeds [R, E], itc [P, R], not divided by the temperature
                         ITM: itm_states [P, R, Q + T, C], itm [P, R, 2]
                         ITG: decoder_ids [R, T], itg_logits [P, R, T, V], itg_loss [P, R]; of padded positions nothing is to be expected
  clip_vit_L.pth         CLIP's picture encoder as theirs is named, with three blocks; of it also
                         clip_pixels [2, 3, S, S] and clip_features [2, N, D], before ln_vision
  reference.json         texts

    python tools/parity/qformer_masks.py --out build/parity

The masks as their code makes them (0 or -10000 added to the scores; pictures are never masked):
- ITC: queries see the queries; text sees the text that is no padding. They are two passes.
- ITM: one pass of [queries; text]; all see all queries and the text that is no padding.
- ITG: the text alone, its first token [DEC] for [CLS], reads in each layer the keys and values that the queries had in the ITC pass.
  Token i sees all queries and the tokens up to i that are no padding, [T, Q + T]. Its positions begin at 0; it passes no cross-attention,
  and the FFN of texts. Queries thus do not see texts.

transformers' Blip2ForImageTextRetrieval, given these weights, has the same ITC and ITM to 1e-5 (checked once by hand).

Of their ways:
- Queries have no positions; the embeddings' LayerNorm is over queries too.
- ln_vision has nn.LayerNorm's eps of 1e-5; transformers' vision_model.post_layernorm, which it becomes there, has layer_norm_eps, 1e-6.
- The loss of ITG has label smoothing 0.1 and is a mean over the text's tokens from the second on.
- The head's matrix is the word embeddings and its bias is in the file twice, as cls.predictions.bias and cls.predictions.decoder.bias.
"""

import argparse
import importlib.util
import json
import os
import sys
import types
from pathlib import Path

HERE = Path(__file__).resolve()
OTHER_PYTHON = HERE.parents[2] / ".venv-lavis/bin/python"
if Path(sys.prefix) != OTHER_PYTHON.parents[1]:
    os.execv(OTHER_PYTHON, [str(OTHER_PYTHON), "-W", "ignore", *sys.argv])

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from blip import VOCABULARY, write_vocabulary  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import BertTokenizer  # noqa: E402

QUERIES, VISION, EMBEDDING, TEXT_LENGTH = 5, 56, 20, 32
CLIP = dict(input_resolution=24, patch_size=8, width=VISION, layers=4, heads=7, use_grad_checkpointing=False)  # it makes one block less
SIZES = dict(hidden_size=48, intermediate_size=80, num_hidden_layers=5, num_attention_heads=4, max_position_embeddings=40,
             hidden_act="gelu", layer_norm_eps=1e-12)
TEXTS = ["a red dog and two cats", "car", "a picture of a blue dog left of a red car",
         "how many dogs and cats and cars is there left of a red car and a blue car and a red dog and two blue dogs and two cats and a car"]
MODELS = Path(importlib.util.find_spec("lavis").submodule_search_locations[0]) / "models"


def authors_module(file):
    spec = importlib.util.spec_from_file_location(Path(file).stem, MODELS / file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def authors_clip():
    """Its imports are of what is not called here: gradient checkpoints, fp16, downloads."""
    for name, member in (("fairscale.nn.checkpoint.checkpoint_activations", "checkpoint_wrapper"),
                         ("lavis.models.eva_vit", "convert_weights_to_fp16"), ("lavis.common.dist_utils", "download_cached_file")):
        parts = name.split(".")
        for i in range(1, len(parts) + 1):
            sys.modules[".".join(parts[:i])] = types.ModuleType(".".join(parts[:i]))
        setattr(sys.modules[name], member, None)
    return authors_module("clip_vit.py").VisionTransformer(**CLIP)


class Blip2(torch.nn.Module):
    """The members of blip2_qformer.py's Blip2Qformer that are trained."""

    def __init__(self, tokenizer):
        super().__init__()
        Qformer = authors_module("blip2_models/Qformer.py")
        config = Qformer.BertConfig(vocab_size=len(tokenizer) - 1, encoder_width=VISION, add_cross_attention=True, cross_attention_freq=2,
                                    query_length=QUERIES, initializer_range=0.2, **SIZES)
        self.Qformer = Qformer.BertLMHeadModel(config)
        self.Qformer.resize_token_embeddings(len(tokenizer))
        self.query_tokens = torch.nn.Parameter(torch.randn(1, QUERIES, SIZES["hidden_size"]))
        self.ln_vision = torch.nn.LayerNorm(VISION)
        self.vision_proj = torch.nn.Linear(SIZES["hidden_size"], EMBEDDING)
        self.text_proj = torch.nn.Linear(SIZES["hidden_size"], EMBEDDING)
        self.itm_head = torch.nn.Linear(SIZES["hidden_size"], 2)
        self.temp = torch.nn.Parameter(torch.tensor(0.07))


def contrast(model, images, ids, mask):
    """Also the keys and values of the queries."""
    queries = model.query_tokens.expand(len(images), -1, -1)
    output = model.Qformer.bert(query_embeds=queries, encoder_hidden_states=images, use_cache=True,
                                encoder_attention_mask=torch.ones(images.shape[:2], dtype=torch.long), return_dict=True)
    text = model.Qformer.bert(ids, attention_mask=mask, return_dict=True).last_hidden_state
    query_embeds = F.normalize(model.vision_proj(output.last_hidden_state), dim=-1)
    text_embeds = F.normalize(model.text_proj(text[:, 0]), dim=-1)
    itc = (query_embeds @ text_embeds.T).amax(1)
    tensors = dict(query_states=output.last_hidden_state, query_embeds=query_embeds, text_embeds=text_embeds, itc=itc)
    return tensors, output.past_key_values


def match(model, image, ids, mask):
    """Of one picture and every text."""
    queries = model.query_tokens.expand(len(ids), -1, -1)
    both = torch.cat([torch.ones(queries.shape[:2], dtype=torch.long), mask], dim=1)
    seen = torch.ones(len(ids), len(image), dtype=torch.long)
    states = model.Qformer.bert(ids, query_embeds=queries, attention_mask=both, encoder_hidden_states=image.expand(len(ids), -1, -1),
                                encoder_attention_mask=seen, return_dict=True).last_hidden_state
    return states, model.itm_head(states[:, :QUERIES]).mean(1)


def describe(model, cache, ids, mask):
    """Of one picture, whose queries' keys and values are in the cache, and one text."""
    both = torch.cat([torch.ones(1, QUERIES, dtype=torch.long), mask], dim=1)
    output = model.Qformer(ids, attention_mask=both, past_key_values=cache, return_dict=True, labels=ids.masked_fill(ids == 0, -100))
    return output.logits[0], output.loss


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "qformer_masks"
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    write_vocabulary(out / "vocab.txt", VOCABULARY)
    tokenizer = BertTokenizer(str(out / "vocab.txt"))
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    model = Blip2(tokenizer).eval()
    for parameter in model.parameters():  # what starts at zero or one would hide errors
        parameter += 0.1 * torch.randn(parameter.shape)
    torch.save({"model": model.state_dict(), "epoch": 9}, out / "blip2_pretrained.pth")
    (out / "config.json").write_text(json.dumps(SIZES | dict(
        vocab_size=len(tokenizer), encoder_hidden_size=VISION, cross_attention_frequency=2, num_query_tokens=QUERIES,
        image_text_hidden_size=EMBEDDING, bos_token_id=tokenizer.bos_token_id), indent=1))

    text = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=TEXT_LENGTH, return_tensors="pt")
    ids, mask = text["input_ids"], text["attention_mask"]
    features = 2 * torch.randn(3, 11, VISION) + 0.5
    images = model.ln_vision(features)
    tensors, cache = contrast(model, images, ids, mask)
    tensors |= {"features": features, "input_ids": ids, "mask": mask, "decoder_ids": ids.clone()}
    tensors["decoder_ids"][:, 0] = tokenizer.bos_token_id
    matched = [match(model, image, ids, mask) for image in images]
    tensors |= {"itm_states": torch.stack([states for states, _ in matched]), "itm": torch.stack([logits for _, logits in matched])}
    caches = [[tuple(value[p:p + 1] for value in layer) for layer in cache] for p in range(len(images))]
    described = [[describe(model, cached, tensors["decoder_ids"][r:r + 1], mask[r:r + 1]) for r in range(len(TEXTS))] for cached in caches]
    tensors |= {"itg_logits": torch.stack([torch.stack([logits for logits, _ in row]) for row in described]),
                "itg_loss": torch.stack([torch.stack([loss for _, loss in row]) for row in described])}
    clip = authors_clip()
    for parameter in clip.parameters():
        parameter += 0.1 * torch.randn(parameter.shape)
    torch.save(clip.state_dict(), out / "clip_vit_L.pth")
    tensors["clip_pixels"] = torch.randn(2, 3, CLIP["input_resolution"], CLIP["input_resolution"])
    tensors["clip_features"] = clip(tensors["clip_pixels"])
    save_file({name: value.contiguous() for name, value in tensors.items()}, out / "reference.safetensors")
    (out / "reference.json").write_text(json.dumps({"texts": TEXTS}))


if __name__ == "__main__":
    main()
