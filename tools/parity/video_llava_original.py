"""Tiny checkpoints of Video-LLaVA's authors (PKU-YuanGroup/Video-LLaVA), of random weights under their names, and what their model gives.

The references come from a restatement on top of transformers' classes, so that they need nothing else; where the authors' code is at
hand (--source or OMMA_VIDEO_LLAVA_SOURCE: a checkout or a git directory with commit 984e65bf), it loads the same directories in its own
way, in the environment of tools/requirements-llava.txt (transformers 4.36) with stand-ins, and has to agree.

Writes OUT/video_llava_original/: hub/, a Hugging Face cache with the towers LanguageBind/LanguageBind_Image and, of a number of frames
each, LanguageBind/LanguageBind_Video_merge and others/LanguageBind_Video_merge; and for each case CASE/:
  CHECKPOINT/            the authors' files
  pictureI.png           as they are on the disk
  clipI/frameK.png       all frames of a video, of which the model is shown some
  reference.safetensors  pixelsI [1, 3, S, S], statesI [patches, C] (the tower's, at the selected layer) and featuresI [patches, D]
                         (projected) of each picture; clip_pixelsI [frames, 3, S, S], clip_statesI and clip_featuresI [frames, patches + 1,
                         ...] of each clip; of each prompt idsI (-200 where a picture or a frame stands), embeddingsI (merged), logitsI and
                         tokensI (greedy, to </s> or max_new_tokens)
  reference.json         checkpoint, hub, frames, pictures (how many), clips: [{frames, chosen}], dtype, legacy (of the tokenizer),
                         max_new_tokens, image_token, prompts: [{conversation, question, text, shown: [[kind, which]]}]; a <video> of
                         question and text stands for `frames` times <image>

    python tools/parity/video_llava_original.py --out build/parity [--source /path/to/Video-LLaVA]

Read in the authors' code:
- Each layer of the video tower first adds temporal_embedding to its input, then attends across the frames of each place; no causal mask,
  nothing of it in the image tower. transformers' port has plain CLIP in both: its conversion drops these weights (strict=False).
- hidden_act is what the towers' own config.json says, quick_gelu where it says nothing. LanguageBind's say "gelu" (seen in printed
  configs, not in this code). transformers' conversion makes its config without looking at them, so the port has quick_gelu.
- The towers' weights in the checkpoint are not read: the towers come from the repositories that mm_image_tower and mm_video_tower name.
- Pictures drop the class token if mm_vision_select_feature is "patch", clips keep it whatever it is. One projector for both.
- Pictures and clips are taken in the order in which they stand in the text.
- Frames: linspace(0, n - 1, frames) of the n frames, downwards; clips shorter than that repeat frames.
- Clips are normalised before they are resized, bilinearly and without antialias, the long side rounded down after h / w * size; the
  centre's odd half goes to the even number; then a random flip, also in inference, that has no counterpart here.
- Pictures are resized as tensors, bicubically, without antialias (torchvision 0.15's way with tensors) and without clamping. With
  image_aspect_ratio "pad" they are padded to squares of int(255 mean) before that, but not by serve/cli.py nor the README's code.
- The text between two <image> is tokenised alone: a blank piece stands before the newline after the last one, also without `legacy`.
- Training and serve/cli.py write the frames' <image> without anything between them, the README's code with blanks. Training's
  conversation is vicuna_v1 ("curious user"), the README's llava_v1 ("curious human"). Clips come before pictures in training.
- What is longer than tokenizer_model_max_length after merging is cut off at the end.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1")
import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F
from llava import TEXT, TOWER
from llava_original import ROWS, random_state, save_shards, snapshot, train_tokenizer, write_tokenizer
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, CLIPConfig, CLIPModel, VideoLlavaConfig, VideoLlavaForConditionalGeneration
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD
from transformers.models.clip.modeling_clip import CLIPAttention, CLIPEncoderLayer
from video_llava import make_clips, write_shown

HERE = Path(__file__).resolve()
OTHER_PYTHON = HERE.parents[2] / ".venv-llava/bin/python"
SOURCE = "/work/.mirror/PKU-YuanGroup+Video-LLaVA/repo"
COMMIT = "984e65bf"
IMAGE_TOKEN = -200
MAX_NEW_TOKENS = 8
SIDE = TOWER["image_size"]
GELU = TOWER | dict(hidden_act="gelu")
WORDS = TEXT | dict(max_position_embeddings=1024, vocab_size=ROWS)
PICTURES = [(61, 83), (50, 40), (16, 9)]  # of (50, 40), 3.5 pixels are cut off at the left
CLIPS = [(28, 61), (50, 40), (23, 31)]  # (28, 61) becomes 60 high, as 61 / 28 * 28 falls short of 61
# name of the case: directory, video tower, frames, how many there are of each clip, fields of config.json, form of the files
CASES = {
    "frames8": ("Video-LLaVA-tiny", "LanguageBind/LanguageBind_Video_merge", 8, [8, 19, 3],
                dict(model_type="llava", image_aspect_ratio="pad"), "shards"),
    "frames16": ("Video-LLaVA-tiny-16", "others/LanguageBind_Video_merge", 16, [30, 16, 2],
                 dict(model_type="llava_llama", image_aspect_ratio="square"), "without towers"),
}
SYSTEMS = {"vicuna_v1": ("user", "user's"), "llava_v1": ("human", "human's")}
PROMPTS = [  # (conversation, question, what stands for its <image> and <video>)
    ("vicuna_v1", "<video>\nWhat is this?", [("clip", 0)]),
    ("llava_v1", "<video>\nWhat is this?", [("clip", 2)]),
    ("vicuna_v1", "<image>\nWhat is this?", [("picture", 1)]),
    ("llava_v1", "<video><image>\nWhat are these?", [("clip", 1), ("picture", 0)]),
    ("vicuna_v1", "<image><video><image><video>\nWhat are these?", [("picture", 2), ("clip", 2), ("picture", 0), ("clip", 1)]),
    (None, "hello there", []),
]


class AcrossFrames(CLIPEncoderLayer):
    """A layer of LanguageBind's video tower: CLIP's, after each place has looked at itself in the other frames."""

    def __init__(self, config, frames):
        super().__init__(config)
        self.temporal_embedding = nn.Parameter(torch.randn(1, frames, config.hidden_size) * config.hidden_size**-0.5)
        self.temporal_attn = CLIPAttention(config)
        self.temporal_layer_norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x, attention_mask=None, **options):  # [frames, places, C]: one clip
        x = x.transpose(0, 1) + self.temporal_embedding
        x = x + self.temporal_attn(self.temporal_layer_norm1(x))[0]
        return super().forward(x.transpose(0, 1), attention_mask, **options)


def make_model(frames):
    config = VideoLlavaConfig(vision_config=AutoConfig.for_model(**GELU), text_config=AutoConfig.for_model(**WORDS))
    model = VideoLlavaForConditionalGeneration(config).eval()
    layers = model.model.video_tower.encoder.layers
    for i in range(len(layers)):
        layers[i] = AcrossFrames(model.model.video_tower.config, frames)
    model.generation_config.pad_token_id = 0
    return model


def pixels_of(images):
    return torch.from_numpy(np.stack([np.array(image) for image in images])).permute(0, 3, 1, 2).float() / 255  # [B, 3, H, W]


def normalised(x):
    mean, std = (torch.tensor(values)[:, None, None] for values in (OPENAI_CLIP_MEAN, OPENAI_CLIP_STD))
    return (x - mean) / std


def centre(x):
    top, left = (round((length - SIDE) / 2) for length in x.shape[-2:])
    return x[..., top:top + SIDE, left:left + SIDE]


def clip_pixels(frames):
    x = normalised(pixels_of(frames))
    height, width = x.shape[-2:]
    size = (int(height / width * SIDE), SIDE) if width < height else (SIDE, int(width / height * SIDE))
    return centre(F.interpolate(x, size=size, mode="bilinear", align_corners=False))


def picture_pixels(image, pad):
    if pad:
        square = Image.new("RGB", (max(image.size),) * 2, tuple(int(255 * value) for value in OPENAI_CLIP_MEAN))
        square.paste(image, ((square.width - image.width) // 2, (square.height - image.height) // 2))
        image = square
    x = pixels_of([image])
    height, width = x.shape[-2:]
    size = (int(SIDE * height / width), SIDE) if width <= height else (SIDE, int(SIDE * width / height))
    return normalised(centre(x if size == (height, width) else F.interpolate(x, size=size, mode="bicubic", align_corners=False)))


def authors_name(name):
    for ours, theirs in (("model.image_tower.", "model.image_tower.image_tower."), ("model.video_tower.", "model.video_tower.video_tower."),
                         ("model.multi_modal_projector.linear_1.", "model.mm_projector.0."),
                         ("model.multi_modal_projector.linear_2.", "model.mm_projector.2."), ("model.language_model.", "model.")):
        if name.startswith(ours):
            return theirs + name[len(ours):]
    return name


def save_tower(folder, kind, state, frames):
    """A whole LanguageBind, of which the vision model is to be taken."""
    texts = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=20, max_position_embeddings=8)
    vision = {name: value for name, value in GELU.items() if name != "model_type"}
    whole = CLIPModel(CLIPConfig(text_config=texts, vision_config=vision, projection_dim=8)).state_dict()
    files = {name: tensor.clone() for name, tensor in whole.items() if not name.startswith("vision_model.")}
    files |= {"vision_model." + name: tensor for name, tensor in state.items()}
    files["vision_model.embeddings.position_ids"] = torch.arange((SIDE // TOWER["patch_size"])**2 + 1)[None]  # of old checkpoints
    torch.save(files, folder / "pytorch_model.bin")
    own = dict(add_time_attn=frames > 1, num_frames=frames, force_patch_dropout=0.0, lora_r=0, lora_alpha=16, lora_dropout=0.0,
               num_mel_bins=0.0, target_length=0.0, video_decode_backend="decord")
    (folder / "config.json").write_text(json.dumps(
        dict(model_type="LanguageBind" + kind, architectures=["LanguageBind" + kind], projection_dim=8, logit_scale_init_value=2.6592,
             text_config=texts | dict(model_type="clip_text_model"), vision_config=vision | own | dict(model_type="clip_vision_model"))))


def save_checkpoint(folder, form, state, config, pieces, legacy):
    folder.mkdir(parents=True)
    files = {authors_name(name): tensor for name, tensor in state.items() if form != "without towers" or "_tower." not in name}
    files |= {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": torch.ones(5) for i in range(TEXT["num_hidden_layers"])}  # as above
    if form == "shards":
        save_shards(folder, files)
    else:
        torch.save(files, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text(json.dumps(dict(max_length=99, eos_token_id=2, pad_token_id=0)))
    write_tokenizer(folder, pieces, legacy)


def prompt_of(conversation, question):
    if conversation is None:
        return question
    who, whose = SYSTEMS[conversation]
    return (f"A chat between a curious {who} and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite "
            f"answers to the {whose} questions. USER: {question} ASSISTANT:")


def encode(pieces, text):
    """What stands between <image> and <image> as SentencePiece has it, each alone."""
    model, ids = sentencepiece.SentencePieceProcessor(model_file=str(pieces)), [1]
    for i, part in enumerate(text.split("<image>")):
        ids += [IMAGE_TOKEN] * (i > 0) + model.encode(part)
    return ids


def merged(model, ids, features):
    """The embeddings of the text with the features, a row of [tokens, D] for each -200."""
    rest = iter(features)
    return torch.cat([next(rest) if i == IMAGE_TOKEN else model.get_input_embeddings().weight[i][None] for i in ids])[None]


@torch.no_grad()
def write_reference(folder, model, record, images, clips, pieces, pad):
    tensors, frames = {}, record["frames"]
    for i, image in enumerate(images):
        tensors[f"pixels{i}"] = picture_pixels(image, pad)
        states = model.model.image_tower(tensors[f"pixels{i}"], output_hidden_states=True).hidden_states[-2][0, 1:]
        tensors |= {f"states{i}": states, f"features{i}": model.model.multi_modal_projector(states)}
    for i, clip in enumerate(clips):
        tensors[f"clip_pixels{i}"] = clip_pixels([clip[k] for k in record["clips"][i]["chosen"]])
        states = model.model.video_tower(tensors[f"clip_pixels{i}"], output_hidden_states=True).hidden_states[-2]
        tensors |= {f"clip_states{i}": states, f"clip_features{i}": model.model.multi_modal_projector(states)}
    for i, (conversation, question, shown) in enumerate(PROMPTS):
        text = prompt_of(conversation, question)
        ids = encode(pieces, text.replace("<video>", "<image>" * frames))
        rows = [tensors[f"clip_features{which}"] if kind == "clip" else tensors[f"features{which}"][None] for kind, which in shown]
        embeddings = merged(model, ids, [row for part in rows for row in part])
        tensors |= {f"ids{i}": torch.tensor([ids]), f"embeddings{i}": embeddings, f"logits{i}": model(inputs_embeds=embeddings).logits,
                    f"tokens{i}": model.generate(inputs_embeds=embeddings, do_sample=False, max_new_tokens=MAX_NEW_TOKENS)[0]}
        record["prompts"].append(dict(conversation=conversation, question=question, text=text, shown=shown))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def write_case(out, name, image_tower, pieces):
    directory, video_tower, frames, counts, fields, form = CASES[name]
    folder, legacy, dtype = out / name, form == "shards", torch.float16 if form == "shards" else torch.float32
    config = WORDS | dict(
        architectures=["LlavaLlamaForCausalLM"], mm_image_tower="LanguageBind/LanguageBind_Image", mm_video_tower=video_tower,
        mm_hidden_size=TOWER["hidden_size"], mm_projector_type="mlp2x_gelu", mm_vision_select_layer=-2, mm_vision_select_feature="patch",
        use_mm_proj=True, mm_use_im_start_end=False, mm_use_im_patch_token=False, tokenizer_model_max_length=3072,
        tokenizer_padding_side="right", tune_mm_mlp_adapter=False, freeze_mm_mlp_adapter=False, mm_projector_lr=None,
        torch_dtype=str(dtype).removeprefix("torch.")) | fields
    model = make_model(frames)
    state = random_state(model) | image_tower
    state = {key: tensor.to(dtype) for key, tensor in state.items()}
    video = {key.removeprefix("model.video_tower."): tensor for key, tensor in state.items() if "video_tower" in key}
    save_tower(snapshot(out / "hub", video_tower), "Video", video, frames)
    save_checkpoint(folder / directory, form, state, config, pieces, legacy)
    model.load_state_dict(state)  # in fp32

    images = [clip[0] for clip in make_clips(9, [(size, 1) for size in PICTURES])]
    clips = make_clips(10, list(zip(CLIPS, counts, strict=True)))
    write_shown(folder, images, clips)
    record = dict(checkpoint=directory, hub="hub", frames=frames, pictures=len(images), legacy=legacy, dtype=config["torch_dtype"],
                  max_new_tokens=MAX_NEW_TOKENS, image_token=IMAGE_TOKEN, prompts=[],
                  clips=[dict(frames=count, chosen=np.linspace(0, count - 1, frames, dtype=int).tolist()) for count in counts])
    write_reference(folder, model, record, images, clips, pieces, fields["image_aspect_ratio"] == "pad")


def extract(source, scratch):
    """The authors' package, for pictures of SIDE pixels."""
    def git(*arguments):
        return subprocess.run(["git", f"--git-dir={source}", *arguments], check=True, capture_output=True).stdout

    if (source / "videollava").is_dir():
        shutil.copytree(source / "videollava", scratch / "videollava")
    else:
        for name in git("ls-tree", "-r", "--name-only", COMMIT, "videollava").decode().split():
            if name.endswith(".py"):
                (scratch / name).parent.mkdir(parents=True, exist_ok=True)
                (scratch / name).write_bytes(git("show", f"{COMMIT}:{name}"))
    for file in scratch.glob("videollava/model/multimodal_encoder/languagebind/*/processing_*.py"):
        file.write_text(file.read_text().replace("224", str(SIDE)))


def difference_of(what, ours, theirs):
    """Relative to the largest value; ids and tokens have to be equal."""
    assert ours.shape == theirs.shape, f"{what}: {list(ours.shape)}, the authors' {list(theirs.shape)}"
    difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    assert difference <= 5e-6 * theirs.is_floating_point(), f"{what} is off by {difference}"
    return difference


def compare(out, source):
    """With the authors' own code, which has to give the same."""
    with tempfile.TemporaryDirectory() as scratch:
        extract(source, Path(scratch))
        (Path(scratch) / "cache_dir").symlink_to(out / "hub")  # where they look, from where they run
        for name in CASES:
            theirs = Path(scratch) / "theirs.safetensors"
            subprocess.run([OTHER_PYTHON, "-W", "ignore", HERE.with_suffix("") / "authors.py", out / name, theirs], check=True, cwd=scratch,
                           env=os.environ | dict(PYTHONPATH=scratch, HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error"))
            ours, theirs = load_file(out / name / "reference.safetensors"), load_file(theirs)
            assert ours.keys() == theirs.keys()
            furthest = max(difference_of(f"{name}: {key}", ours[key], value) for key, value in theirs.items())
            print(f"[video_llava_original] {name}: the authors' code differs by {furthest:.1e} of the largest value")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", type=Path, default=os.environ.get("OMMA_VIDEO_LLAVA_SOURCE", SOURCE))
    arguments = parser.parse_args()
    out = arguments.out.resolve() / "video_llava_original"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.manual_seed(12)
    pieces = out / "tokenizer.model"
    train_tokenizer(pieces)
    image_tower = {name: tensor.half().float() for name, tensor in random_state(make_model(1)).items() if "image_tower" in name}
    save_tower(snapshot(out / "hub", "LanguageBind/LanguageBind_Image"), "Image",
               {name.removeprefix("model.image_tower."): tensor for name, tensor in image_tower.items()}, 1)
    for name in CASES:
        write_case(out, name, image_tower, pieces)
    if arguments.source.exists():
        compare(out, arguments.source)
    else:
        print(f"[video_llava_original] no {arguments.source}: not compared with the authors' code")


if __name__ == "__main__":
    main()
