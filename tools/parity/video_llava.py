"""What transformers' Video-LLaVA gives at small odd configurations: whole directories, pictures, clips and prompts to pixels, features,
embeddings, logits and generated tokens.

Writes OUT/video_llava/CASE/ (NAME_transformers4 and as_published by 4.x, the others by 5.x):
  the directory as transformers saves it; pictureI.png; clipI/frameK.png
  reference.safetensors  pixelsI [1, 3, S, S] and featuresI [tokens, C] of each picture, clip_pixelsI [frames, 3, S, S] and clip_featuresI
                         [frames, tokens, C] of each clip, projected; idsI, embeddingsI and logitsI of each prompt; batch_logits
                         [prompts, V] of the last token
  reference.json         frames of a clip; prompts: [{pictures, clips, text, runs: [{options, tokens}]}]; chats: [{turns: [[role, text,
                         pictures, clips]], prompt, prompt_tokens, text}]; batch: the prompts in it

    python tools/parity/video_llava.py --out build/parity

With --full-size: CLIP-L/14 and the widths of Vicuna-7B with two layers (8 GB of memory; bf16 weights, computed in fp32).

Of transformers' own ways:
- Both towers are plain CLIP: nothing of the port looks across frames, unlike the authors' (video_llava_original.py).
- The towers' hidden_act is CLIP's default quick_gelu where config.json does not name one; the conversion that made the published port
  names none.
- A clip keeps the class token of each frame, whatever vision_feature_select_strategy says of pictures.
- Pictures are in the order of their tokens, clips in the order of theirs: neither counts the other.
- Clips of one call have as many frames each, of any number.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1")
import numpy as np
import torch
import transformers
from llava import IMAGE_TOKEN, LARGE, OTHER_PYTHON, TEXT, TOWER, WIDE, WORDS, make_tokenizer, pictures
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (AutoConfig, BatchFeature, VideoLlavaConfig, VideoLlavaForConditionalGeneration, VideoLlavaImageProcessor,
                          VideoLlavaProcessor)
from transformers.models.video_llava.video_processing_video_llava import VideoLlavaVideoProcessor as NeedsTorchvision

VideoLlavaProcessor.check_argument_for_proper_class = lambda *_: None  # looks for a class that is not there without torchvision
OLDER = transformers.__version__.startswith("4.")
# name: (fields, tower, text, frames)
CASES = {
    "defaults": ({}, {}, {}, 8),
    "layers": (dict(vision_feature_layer=[-3, 1, -1], projector_hidden_act="relu"), dict(num_attention_heads=4), {}, 5),
    "full": (dict(vision_feature_select_strategy="full", vision_feature_layer=1), dict(hidden_act="gelu"), {}, 8),
    "grouped": (dict(vision_feature_layer=-1), dict(patch_size=14), dict(num_key_value_heads=2), 16),
    "tied": (dict(tie_word_embeddings=True, multimodal_projector_bias=False), {}, dict(tie_word_embeddings=True), 1),
}
FULL_SIZE = {"vicuna_7b_wide": ({}, LARGE | dict(image_size=224), WIDE, 8)}
CLIP_SIZES = [(45, 61), (99, 40), (23, 31)]
PROMPTS = [  # (pictures, clips, text)
    ([], [0], "USER: <video>\nWhat is this? ASSISTANT:"),
    ([0], [], "USER: <image>\nWhat is this? ASSISTANT:"),
    ([], [], "USER: hello ASSISTANT:"),
    ([1], [1], "USER: <image>\n<video>\ndiffer? ASSISTANT:"),
    ([3], [2, 0], "<video> and <image> and <video>\nDescribe them."),
]
BATCH = [3, 2, 0]  # of different length, padded on the left
# In the manner of the published ones: all pictures first, then all clips, then the texts.
CHAT_TEMPLATE = """{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}\
{# Pictures #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
{# Clips #}{% for content in message['content'] | selectattr('type', 'equalto', 'video') %}{{ '<video>\n' }}{% endfor %}\
{# Texts #}{% if message['role'] != 'assistant' %}\
{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' ' }}{% endfor %}{% else %}\
{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}\
{% generation %}{{ content['text'] + ' ' }}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}\
{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"""
CHATS = [  # turns of (role, text, pictures, clips)
    [("user", "What is this?", [], [0])],
    [("system", "Be brief.", [], []), ("user", "hello", [], [])],
    [("user", "What is this?", [0], [1]), ("assistant", "this is it.", [], []), ("user", "and these?", [4], [0, 2])],
]


class VideoLlavaVideoProcessor(NeedsTorchvision):
    """Saved as the real one, which cannot run here for want of torchvision. Frames are treated as pictures, in Pillow, which is what
    transformers did until it had processors for videos, and does in 4.x when asked to; torchvision's pixels may be a level off these."""

    def __call__(self, videos, **_):
        pictures_way = VideoLlavaImageProcessor(size=dict(self.size), crop_size=dict(self.crop_size))
        if OLDER:
            return pictures_way.preprocess(videos=videos, return_tensors="pt")
        return BatchFeature({"pixel_values_videos": torch.stack([
            pictures_way.preprocess(clip, return_tensors="pt", return_legacy_image_output=False)["pixel_values"] for clip in videos])})


def make_clips(seed, shapes):
    """Colours that move; shapes: of each clip the size of its frames and how many there are."""
    random, made = np.random.default_rng(seed + 1000), []
    for size, frames in shapes:
        first, last = random.integers(0, 256, (2, 4, 6, 3))
        mixed = [first + (last - first) * k // max(frames - 1, 1) for k in range(frames)]
        made.append([Image.fromarray(frame.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC) for frame in mixed])
    return made


def make_processor(config, tokenizer):
    side = config.vision_config.image_size
    size = dict(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    return VideoLlavaProcessor(VideoLlavaImageProcessor(**size), VideoLlavaVideoProcessor(**size), tokenizer, chat_template=CHAT_TEMPLATE,
                               patch_size=config.vision_config.patch_size, num_additional_image_tokens=1,
                               vision_feature_select_strategy=config.vision_feature_select_strategy)


def make_model(fields, tower, text, frames, seed, dtype):
    tower, text = TOWER | tower, TEXT | dict(max_position_embeddings=1024) | text
    config = VideoLlavaConfig(vision_config=AutoConfig.for_model(**tower), text_config=AutoConfig.for_model(**text),
                              image_token_index=IMAGE_TOKEN, video_token_index=IMAGE_TOKEN + 1, **fields)
    patches = (tower["image_size"] // tower["patch_size"])**2
    config.image_seq_length = patches + (config.vision_feature_select_strategy == "full")
    config.video_seq_length = frames * (patches + 1)
    torch.manual_seed(seed)
    model = VideoLlavaForConditionalGeneration(config).to(dtype).eval()
    model.generation_config.pad_token_id = 0
    with torch.no_grad():
        if dtype == torch.float32:
            for _, parameter in model.named_parameters():  # what starts at zero or one would hide errors
                parameter += 0.03 * torch.randn(parameter.shape)
            head = model.get_output_embeddings().weight  # bytes and fillers are hardly ever said: texts shall be readable
            head[3:259] = 0
            head[len(WORDS) + 259:] = 0
    return model


def prepared(processor, images, clips, text, dtype, **options):
    inputs = processor(images=images or None, videos=clips or None, text=text, return_tensors="pt", **options).to(dtype)
    if not OLDER and "pixel_values_images" in inputs:
        inputs["pixel_values"] = inputs.pop("pixel_values_images")  # the name it has from 5.23 on
    return inputs


def generations(model, inputs, shown):
    asked = [dict(max_new_tokens=9), dict(max_new_tokens=7, num_beams=3), dict(max_new_tokens=8, repetition_penalty=1.4)]
    if OLDER and shown > 1:
        del asked[1]  # repeats each picture and clip as often as there are beams, and then shows hypotheses the wrong ones
    return [{"options": options,
             "tokens": model.generate(**inputs, do_sample=False, **options)[0, inputs["input_ids"].shape[1]:].tolist()} for options in asked]


def projected(output):
    """Of get_image_features and get_video_features, in either version."""
    if isinstance(output, tuple):
        return output[0]
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def features_of(model, processor, images, clips, dtype):
    tensors, name = {}, "pixel_values_images" if OLDER else "pixel_values"
    for i, image in enumerate(images):
        pixels = prepared(processor, [image], [], "<image>", dtype)[name]
        tensors |= {f"pixels{i}": pixels, f"features{i}": projected(model.model.get_image_features(pixels))[0]}
    for i, clip in enumerate(clips):
        pixels = prepared(processor, [], [clip], "<video>", dtype)["pixel_values_videos"]
        tensors |= {f"clip_pixels{i}": pixels[0], f"clip_features{i}": projected(model.model.get_video_features(pixels))}
    return tensors


def messages_of(chat):
    return [{"role": role, "content": [*[{"type": "image"}] * len(shown), *[{"type": "video"}] * len(played), {"type": "text", "text": text}]}
            for role, text, shown, played in chat]


def chat_record(model, processor, images, clips, chat, dtype):
    prompt = processor.apply_chat_template(messages_of(chat), add_generation_prompt=True)
    inputs = prepared(processor, [images[i] for turn in chat for i in turn[2]], [clips[i] for turn in chat for i in turn[3]], prompt, dtype)
    length = inputs["input_ids"].shape[1]
    tokens = model.generate(**inputs, do_sample=False, max_new_tokens=12)[0, length:]
    return {"turns": chat, "prompt": prompt, "prompt_tokens": length, "text": processor.tokenizer.decode(tokens, skip_special_tokens=True)}


def write_shown(folder, images, clips):
    for i, image in enumerate(images):
        image.save(folder / f"picture{i}.png")
    for i, clip in enumerate(clips):
        (folder / f"clip{i}").mkdir(exist_ok=True)
        for k, frame in enumerate(clip):
            frame.save(folder / f"clip{i}/frame{k}.png")


@torch.no_grad()
def write_case(folder, name, seed):
    fields, tower, text, frames = (CASES | FULL_SIZE)[name]
    dtype = torch.bfloat16 if name in FULL_SIZE else torch.float32
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(fields, tower, text, frames, seed, dtype)
    processor = make_processor(model.config, make_tokenizer(("<image>", "<video>")))
    images, clips = pictures(seed), make_clips(seed, [(size, frames) for size in CLIP_SIZES])
    write_shown(folder, images, clips)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if dtype != torch.float32:  # exact numbers of the weights in the file: not model.float(), whose rotary frequencies bf16 has rounded
        dtype = torch.float32
        model = type(model).from_pretrained(folder, dtype=dtype).eval()
    record = {"transformers": transformers.__version__, "frames": frames, "prompts": [], "batch": BATCH}
    tensors = features_of(model, processor, images, clips, dtype)
    prompts, chats = (PROMPTS[:4], CHATS[:1]) if name in FULL_SIZE else (PROMPTS, CHATS)  # several clips take minutes there
    for i, (shown, played, prompt) in enumerate(prompts):
        inputs = prepared(processor, [images[w] for w in shown], [clips[w] for w in played], prompt, dtype)
        output = model(**inputs, output_hidden_states=True)
        tensors |= {f"embeddings{i}": output.hidden_states[0], f"logits{i}": output.logits, f"ids{i}": inputs["input_ids"]}
        record["prompts"].append({"pictures": shown, "clips": played, "text": prompt,
                                  "runs": generations(model, inputs, max(len(shown), len(played)))})
    record["chats"] = [chat_record(model, processor, images, clips, chat, dtype) for chat in chats]
    batch = [PROMPTS[b] for b in BATCH]
    inputs = prepared(processor, [images[w] for shown, _, _ in batch for w in shown], [clips[w] for _, played, _ in batch for w in played],
                      [prompt for _, _, prompt in batch], dtype, padding=True)
    tensors["batch_logits"] = model(**inputs).logits[:, -1]
    save_file({key: value.detach().float().contiguous() if value.is_floating_point() else value.contiguous()
               for key, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def make_sparse(folder):
    """As the first versions saved: of CLIP's config only what is not its default, one file for both processors, the template in JSON."""
    config, defaults = json.loads((folder / "config.json").read_text()), AutoConfig.for_model("clip_vision_model").to_dict()
    vision = config["vision_config"]
    config["vision_config"] = {name: value for name, value in vision.items() if name == "model_type" or value != defaults[name]}
    assert "hidden_act" not in config["vision_config"]
    config["torch_dtype"] = config.pop("dtype")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "video_preprocessor_config.json").unlink()
    (folder / "chat_template.jinja").rename(folder / "chat_template.json").write_text(json.dumps({"chat_template": CHAT_TEMPLATE}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "video_llava"
    if OLDER:
        write_case(out / "defaults_transformers4", "defaults", 0)
        write_case(out / "as_published", "defaults", 41)
        make_sparse(out / "as_published")
        return
    for seed, name in enumerate(FULL_SIZE if arguments.full_size else CASES):
        write_case(out / name, name, seed)
    if not arguments.full_size:
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)
        ours, theirs = (load_file(out / case / "reference.safetensors") for case in ("defaults", "defaults_transformers4"))
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items() if "pixels" in name)  # whichever processor made them


if __name__ == "__main__":
    main()
