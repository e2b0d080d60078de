"""Tiny GLIP checkpoints of random weights under the authors' names (microsoft/GLIP), and what their model gives.

The references come from a restatement (glip/restated.py), so that they need nothing else; where the authors' code is at hand (--source
or OMMA_GLIP_SOURCE: a checkout or a git directory with commit 9dda955), it reads the same files in its own way (glip/authors.py), in the
environment of tools/requirements-llava.txt with stand-ins, and has to agree.

Writes OUT/glip/: published/NAME.safetensors, names and shapes of the published models' files; and for each case CASE/:
  glip.pth, config.yaml  in the authors' names, vocab.txt beside them
  pictureI.png           as they are on the disk
  reference.safetensors  pixels [B, 3, H, W]; backbone.I and fpn.I; of each prompt PROMPT. ids [T], text, head.I.fused.LEVEL, head.I.text,
                         head.I.map.LEVEL, logits.LEVEL [B, P, T], regression.LEVEL [B, P, 4], centerness.LEVEL [B, P]; of each picture
                         boxes.I [D, 4] (the picture's own first and last pixels), scores.I, labels.I (places in names or sentences)
  reference.json         pictures, of each prompt: text, names (or null) and the tokens of each name or sentence

    python tools/parity/glip.py --out build/parity [--source /path/to/GLIP]
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.with_suffix("")))
import numpy as np  # noqa: E402
import torch  # noqa: E402
from detector import picture, write_vocabulary  # noqa: E402
from grounding_dino import in_authors_names  # noqa: E402
from PIL import Image  # noqa: E402
from restated import STRIDES, Glip, anchors_of, detections, resized_size  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import BertTokenizerFast  # noqa: E402
from transformers.core_model_loading import revert_weight_conversion  # noqa: E402

OTHER_PYTHON = HERE.parents[2] / ".venv-llava/bin/python"
SOURCE = "/work/.mirror/microsoft+GLIP/repo"
COMMIT = "9dda955"
MEAN, STD = [103.530, 116.280, 123.675], [57.375, 57.120, 58.395]  # of blue, green, red
TEXT = dict(vocab_size=1100, hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=80, max_position_embeddings=70)
ANCHORS = (64, 128, 256, 512, 1024)
POST = dict(score_threshold=0.05, pre_nms_top_n=1000, nms_threshold=0.6, detections_per_image=100)
CASES = {
    "fused": dict(channels=32, layers=2, fusion=True, inner=64, sizes=(96, 160), anchor_sizes=ANCHORS, pictures=[(83, 61)], **POST,
                  backbone=dict(embed_dim=16, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 4], window_size=4), max_tokens=70),
    # GLIP-T (A); the wide picture becomes 134 pixels wide, more than it may
    "unfused": dict(channels=48, layers=3, fusion=False, inner=0, sizes=(64, 133), anchor_sizes=(10, 25, 40, 75, 160), pictures=[(129, 50)],
                    backbone=dict(embed_dim=24, depths=[1, 2, 3, 1], num_heads=[2, 2, 3, 4], window_size=5), max_tokens=30,
                    score_threshold=0.3, pre_nms_top_n=40, nms_threshold=0.45, detections_per_image=25),
    "batch": dict(channels=64, layers=3, fusion=True, inner=96, sizes=(128, 200), anchor_sizes=(16, 32, 64, 128, 256), **POST,
                  pictures=[(100, 120), (101, 122)], max_tokens=64,
                  backbone=dict(embed_dim=32, depths=[1, 1, 2, 1], num_heads=[2, 4, 4, 8], window_size=3)),
}
NAMES = ["a cat", "remote control", "pottedplant", "red car"]
CAPTION = "A red Cat. the remote control pottedplant"
LARGE = dict(embed_dim=192, depths=[2, 2, 18, 2], num_heads=[6, 12, 24, 48], window_size=12)
TINY = dict(embed_dim=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], window_size=7)
PUBLISHED = {  # as the authors' configs say
    "glip_a_tiny_o365": dict(channels=256, layers=6, fusion=False, inner=0, backbone=TINY, text={}, anchor_sizes=ANCHORS),
    "glip_tiny_model_o365_goldg": dict(channels=256, layers=6, fusion=True, inner=2048, backbone=TINY, text={}, anchor_sizes=ANCHORS),
    "glip_large_model": dict(channels=256, layers=8, fusion=True, inner=2048, backbone=LARGE, text={}, anchor_sizes=ANCHORS),
}


@torch.no_grad()
def randomise(model, seed):
    """Weights that make every path count."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("embeddings.weight") or name.endswith("table"):
            parameter.copy_(0.7 * noise)
        elif parameter.dim() >= 2:
            wide = {"dot_product_projection_text": 12, "head.bbox_pred": 2, "centerness": 3}
            parameter.copy_(noise / math.sqrt(parameter[0].numel()) * next((by for part, by in wide.items() if part in name), 1))
        elif any(part in name for part in ("norm", "LayerNorm", "bn.")) and name.endswith("weight") or "scales" in name:
            parameter.copy_(1 + 0.2 * noise)
        elif "gamma" in name:
            parameter.copy_(0.5 + 0.3 * noise)
        elif name.endswith("bias_lang"):
            parameter.copy_(3 * noise / math.sqrt(len(parameter)))
        elif name.endswith("bias0"):
            parameter.fill_(-2)
        else:
            parameter.copy_(0.2 * noise)


def relative_positions(side):
    """[side^2, side^2]: rows of the table of biases."""
    apart = torch.arange(side)[:, None] - torch.arange(side) + side - 1
    return (apart[:, None, :, None] * (2 * side - 1) + apart[None, :, None, :]).reshape(side**2, side**2)


def authors_state(model, case):
    """Under the authors' names, with the buffers that their files hold."""
    prefix = "model.backbone.conv_encoder.model."
    swin = revert_weight_conversion(model.swin, model.swin.state_dict())  # the names of transformers' files
    swin = in_authors_names({prefix + name: value for name, value in swin.items() if "swin.layernorm" not in name})
    state = {name.replace("backbone.0.", "backbone.body."): value for name, value in swin.items() if "_index" not in name}
    for name in [name for name in state if name.endswith("relative_position_bias_table")]:
        state[name.replace("bias_table", "index")] = relative_positions(model.swin.config.window_size)
    state |= {"backbone.fpn." + name: value for name, value in model.fpn.state_dict().items()}
    bert = revert_weight_conversion(model.bert, model.bert.state_dict())
    state |= {"language_backbone.body.model." + name: value for name, value in bert.items()}
    state["language_backbone.body.model.embeddings.position_ids"] = torch.arange(model.bert.config.max_position_embeddings)[None]
    state |= {"rpn.head." + name: value for name, value in model.head.state_dict().items()}
    for level, size in enumerate(case["anchor_sizes"]):
        state[f"rpn.anchor_generator.cell_anchors.{level}"] = anchors_of(level, size, 1, 1)
    return state


def authors_config(case):
    """Their YAML, in the styles of their own files."""
    numbers = lambda values: "(" + ", ".join(map(str, values)) + ")"  # noqa: E731
    backbone, fusion = case["backbone"], str(case["fusion"])
    widths = [backbone["embed_dim"] * 2**i for i in range(4)]
    return f"""MODEL:
  META_ARCHITECTURE: "GeneralizedVLRCNN"
  WEIGHT: "swin_tiny_patch4_window7_224.pth"
  RPN_ONLY: True
  RPN_ARCHITECTURE: "VLDYHEAD"
  DEVICE: "cpu"
  BACKBONE:
    CONV_BODY: "SWINT-FPN-RETINANET"
    OUT_CHANNELS: {case["channels"]}
    FREEZE_CONV_BODY_AT: -1
  SWINT:
    EMBED_DIM: {backbone["embed_dim"]}
    DEPTHS: {numbers(backbone["depths"])}
    NUM_HEADS: {numbers(backbone["num_heads"])}
    WINDOW_SIZE: {backbone["window_size"]}
    OUT_CHANNELS: {numbers(widths)}
  LANGUAGE_BACKBONE:
    MODEL_TYPE: "bert-base-uncased" # "roberta-base", "clip"
    LANG_DIM: {TEXT["hidden_size"]}
    MAX_QUERY_LEN: {case["max_tokens"]}
    MASK_SPECIAL: False
  RPN:
    USE_FPN: True
    ANCHOR_SIZES: {numbers(case["anchor_sizes"])}
    ANCHOR_STRIDE: {numbers(STRIDES)}
    ASPECT_RATIOS: (1.0,)
    SCALES_PER_OCTAVE: 1
  ATSS:
    INFERENCE_TH: {case["score_threshold"]}
    PRE_NMS_TOP_N: {case["pre_nms_top_n"]}
    NMS_TH: {case["nms_threshold"]}
    DETECTIONS_PER_IMG: {case["detections_per_image"]}
  DYHEAD:
    CHANNELS: {case["channels"]}
    NUM_CONVS: {case["layers"]}
    USE_GN: True
    USE_DYRELU: True
    USE_DFCONV: True
    USE_DYFUSE: True
    SCORE_AGG: "MEAN"
    LOG_SCALE: 0.0
    FUSE_CONFIG:
      EARLY_FUSE_ON: {fusion}
      TYPE: "MHA-B"
      JOINT_EMB_SIZE: {case["channels"]}
      USE_CLASSIFICATION_LOSS: False
      USE_TOKEN_LOSS: False
      USE_CONTRASTIVE_ALIGN_LOSS: False
      USE_DOT_PRODUCT_TOKEN_LOSS: True
      USE_FUSED_FEATURES_DOT_PRODUCT: {fusion}
      USE_LAYER_SCALE: True
      CLAMP_MIN_FOR_UNDERFLOW: True
      CLAMP_MAX_FOR_OVERFLOW: True
      CLAMP_BERTATTN_MIN_FOR_UNDERFLOW: True
      CLAMP_BERTATTN_MAX_FOR_OVERFLOW: True
      CLAMP_DOT_PRODUCT: True
    USE_CHECKPOINT: False

# use for grounding model
DATASETS:
  TEST: ("coco_2017_val", )
  SEPARATION_TOKENS: ". "

INPUT:
  PIXEL_MEAN: [ 103.530, 116.280, 123.675 ]
  PIXEL_STD: [ 57.375, 57.120, 58.395 ]
  MIN_SIZE_TEST: {case["sizes"][0]}
  MAX_SIZE_TEST: {case["sizes"][1]}

DATALOADER:
  SIZE_DIVISIBILITY: 32
"""


def pixels_of(images, case):
    """[B, 3, H, W], and the sizes of the pictures in it."""
    sizes = [resized_size(*image.size, *case["sizes"]) for image in images]
    rows, columns = (-(-max(side) // 32) * 32 for side in ([h for _, h in sizes], [w for w, _ in sizes]))
    pixels = torch.zeros(len(images), 3, rows, columns)
    for i, (image, size) in enumerate(zip(images, sizes, strict=True)):
        values = torch.from_numpy(np.array(image.resize(size, Image.BILINEAR))).float().permute(2, 0, 1).flip(0)
        pixels[i, :, :size[1], :size[0]] = (values - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    return pixels, sizes


def tokens_of(tokenizer, text, parts):
    """The ids of a text and the places of its parts' tokens."""
    encoded, places, start = tokenizer(text), [], 0
    for part in parts:
        start = text.index(part, start)
        places.append(list(range(encoded.char_to_token(start), encoded.char_to_token(start + len(part) - 1) + 1)))
        start += len(part)
    return torch.tensor(encoded["input_ids"]), places


def answer(model, case, prompt, pixels, sizes, images):
    """What the model gives for a prompt."""
    seen = model(pixels, torch.tensor(prompt["ids"]))
    aggregate = (lambda x: x.mean(1)) if prompt["names"] else (lambda x: x.amax(1))
    found = {}
    for i, (size, image) in enumerate(zip(sizes, images, strict=True)):
        counts = set()
        for nudge in (0, -3e-5, 3e-5):  # rounding may not change which
            near = case | dict(score_threshold=case["score_threshold"] + nudge, nms_threshold=case["nms_threshold"] + nudge)
            boxes, scores, labels = detections(seen, i, prompt["tokens"], aggregate, near | dict(rows_columns=pixels.shape[2:]), size)
            counts.add((len(scores), round(scores.sum().item(), 3)))
            if nudge == 0:
                ratio = torch.tensor([image.width / size[0], image.height / size[1]] * 2)
                found |= {f"boxes.{i}": boxes * ratio, f"scores.{i}": scores, f"labels.{i}": labels}
        assert len(counts) == 1 and len(found[f"scores.{i}"]) > 3, f"picture {i}: {counts}: take another seed"
    return seen, found


@torch.no_grad()
def write_case(folder, name, seed):
    case = CASES[name] | dict(text=TEXT)
    folder.mkdir(parents=True)
    write_vocabulary(folder / "vocab.txt")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    model = Glip(case).eval()
    randomise(model, seed)
    prefix = "module." if name == "fused" else ""
    torch.save({"model": {prefix + key: value for key, value in authors_state(model, case).items()}}, folder / "glip.pth")
    (folder / "config.yaml").write_text(authors_config(case))
    for i, size in enumerate(case["pictures"]):
        picture(*size, seed + i).save(folder / f"picture{i}.png")
    images = [Image.open(folder / f"picture{i}.png").convert("RGB") for i in range(len(case["pictures"]))]
    pixels, sizes = pixels_of(images, case)
    record, tensors = dict(pictures=len(images), sizes=sizes, config=case, prompts={}), dict(pixels=pixels)
    for kind, names in (("names", NAMES), ("caption", None)):
        text = ". ".join(NAMES) if names else CAPTION
        ids, tokens = tokens_of(tokenizer, text, names or CAPTION.split(". "))
        record["prompts"][kind] = prompt = dict(text=text, names=names, tokens=tokens, ids=ids.tolist())
        seen, found = answer(model, case, prompt, pixels, sizes, images)
        tensors |= {key: value for key, value in seen.items() if key.startswith(("backbone", "fpn"))} | {f"{kind}.ids": ids}
        tensors |= {f"{kind}.{key}": value for key, value in (seen | found).items() if not key.startswith(("backbone", "fpn"))}
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def write_published(file, case):
    """The names and shapes of a published file, in half precision; but for the anchors its data is a hole, which takes no space."""
    with torch.device("meta"):
        model = Glip(case)
    header, end, anchors = {}, 0, b""
    for name, value in authors_state(model, case).items():  # the anchors last
        if value.is_floating_point():
            data = b"" if value.is_meta else value.numpy().tobytes()
            begin, end = end, end + (len(data) or 2 * value.numel())
            anchors += data
            header["module." + name] = {"dtype": "F32" if data else "F16", "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.seek(end - len(anchors), os.SEEK_CUR)
        out.write(anchors)


def in_order(theirs, ours):
    """Detections whose scores differ by rounding alone may come either way round: the authors' in the order of ours."""
    for key in [key for key in theirs if ".scores." in key]:
        group = {part: key.replace(".scores.", f".{part}.") for part in ("boxes", "scores", "labels")}
        if theirs[key].shape != ours[key].shape:
            continue
        far = (theirs[key][None] - ours[key][:, None]).abs() * 100 + (theirs[group["boxes"]][None] - ours[group["boxes"]][:, None]).abs().sum(-1)
        far += 1e3 * (theirs[group["labels"]][None] != ours[group["labels"]][:, None])
        order = far.argmin(1)
        if len(order.unique()) == len(order):
            theirs |= {name: theirs[name][order] for name in group.values()}


def compare(out, source):
    """With the authors' own code, which has to give the same."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        if (source / "maskrcnn_benchmark").is_dir():
            shutil.copytree(source / "maskrcnn_benchmark", scratch / "maskrcnn_benchmark")
        else:
            archive = subprocess.run(["git", f"--git-dir={source}", "archive", COMMIT, "maskrcnn_benchmark"], check=True, capture_output=True)
            subprocess.run(["tar", "x", "-C", scratch], input=archive.stdout, check=True)
        for name in CASES:
            subprocess.run([OTHER_PYTHON, "-W", "ignore", HERE.with_suffix("") / "authors.py", out / name, scratch / "theirs"], check=True,
                           cwd=scratch, env=os.environ | dict(PYTHONPATH=str(scratch), HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error"))
            ours, theirs = load_file(out / name / "reference.safetensors"), load_file(scratch / "theirs")
            missing = [key for key in ours if key not in theirs and not key.endswith("ids")]
            assert not missing, f"{name}: the authors' code gave no {missing}"
            furthest = (0, "")
            in_order(theirs, ours)
            for key, value in theirs.items():
                assert ours[key].shape == value.shape, f"{name}: {key}: {list(ours[key].shape)}, the authors' {list(value.shape)}"
                difference = (ours[key].double() - value.double()).abs().max().item() / max(1, value.double().abs().max().item())
                assert difference <= 2e-5, f"{name}: {key} is off by {difference}"
                furthest = max(furthest, (difference, key))
            print(f"[glip] {name}: {len(theirs)} tensors, the authors' code differs by {furthest[0]:.1e} at most ({furthest[1]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", type=Path, default=os.environ.get("OMMA_GLIP_SOURCE", SOURCE))
    arguments = parser.parse_args()
    out = arguments.out.resolve() / "glip"
    shutil.rmtree(out, ignore_errors=True)
    for seed, name in enumerate(CASES):
        write_case(out / name, name, seed)
    (out / "published").mkdir()
    for name, case in PUBLISHED.items():
        write_published(out / "published" / f"{name}.safetensors", case)
    if arguments.source.exists():
        compare(out, arguments.source)
    else:
        print(f"[glip] no {arguments.source}: not compared with the authors' code")


if __name__ == "__main__":
    main()
