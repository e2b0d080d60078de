"""The authors' Video-LLaVA on a directory that video_llava_original.py wrote: what it makes of the pictures, the clips and the prompts.

Runs in the environment of tools/requirements-llava.txt (transformers 4.36; theirs was 4.31), the authors' package on the path and in the
working directory their cache_dir, the towers' Hugging Face cache.

    python authors.py CASE FILE        CASE as video_llava_original.py writes it, FILE to be written
"""
import json
import sys
from pathlib import Path

import stand_ins  # noqa: F401  before videollava
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import LlamaTokenizer
from transformers.utils import logging
from videollava.conversation import conv_templates
from videollava.mm_utils import process_images, tokenizer_image_token
from videollava.model import LlavaLlamaForCausalLM


def load(checkpoint):
    model, loading = LlavaLlamaForCausalLM.from_pretrained(checkpoint, torch_dtype=torch.float32, output_loading_info=True)
    assert not loading["missing_keys"], loading
    for tower in (model.get_image_tower(), model.get_video_tower()):  # the checkpoint's own are ignored
        tower.load_model()
    return model.eval()


def prompt_of(conversation, question, frames):
    question = question.replace("<video>", "<image>" * frames)
    if conversation is None:
        return question
    conversation = conv_templates[conversation].copy()
    conversation.append_message(conversation.roles[0], question)
    conversation.append_message(conversation.roles[1], None)
    return conversation.get_prompt()


def greedy(model, ids, shown, count):
    tokens = []
    while len(tokens) < count and tokens[-1:] != [model.config.eos_token_id]:
        logits = model(input_ids=torch.cat([ids, torch.tensor([tokens], dtype=torch.long)], 1), images=shown, use_cache=False).logits
        tokens.append(logits[0, -1].argmax().item())
    return torch.tensor(tokens)


@torch.no_grad()
def main():
    logging.disable_progress_bar()
    case, file = map(Path, sys.argv[1:])
    record = json.loads((case / "reference.json").read_text())
    model = load(case / record["checkpoint"])
    tokenizer = LlamaTokenizer.from_pretrained(case / record["checkpoint"])
    image_tower, video_tower = model.get_image_tower(), model.get_video_tower()
    images = [Image.open(case / f"picture{i}.png") for i in range(record["pictures"])]
    pixels = process_images(images, image_tower.image_processor, model.config)
    clips = [video_tower.video_processor(str(case / f"clip{i}"), return_tensors="pt")["pixel_values"] for i in range(len(record["clips"]))]
    results = {}
    for i, picture in enumerate(pixels):
        results |= {f"pixels{i}": picture[None], f"states{i}": image_tower(picture[None])[0],
                    f"features{i}": model.encode_images(picture[None])[0]}
    for i, clip in enumerate(clips):
        results |= {f"clip_pixels{i}": clip[0].transpose(0, 1), f"clip_states{i}": video_tower(clip)[0],
                    f"clip_features{i}": model.encode_videos(clip)[0]}
    for i, prompt in enumerate(record["prompts"]):
        text = prompt_of(prompt["conversation"], prompt["question"], record["frames"])
        assert text == prompt["text"].replace("<video>", "<image>" * record["frames"])
        ids = tokenizer_image_token(text, tokenizer, return_tensors="pt")[None]
        shown = [pixels[place] if kind == "picture" else clips[place][0] for kind, place in prompt["shown"]] or None
        embeddings = model.prepare_inputs_labels_for_multimodal(ids, None, None, None, None, shown)[4]
        results |= {f"ids{i}": ids, f"embeddings{i}": model.model.embed_tokens(ids) if embeddings is None else embeddings, f"logits{i}": model(input_ids=ids, images=shown, use_cache=False).logits,
                    f"tokens{i}": greedy(model, ids, shown, record["max_new_tokens"])}
    save_file({name: tensor.contiguous() for name, tensor in results.items()}, file)


if __name__ == "__main__":
    main()
