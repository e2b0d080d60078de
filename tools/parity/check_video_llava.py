"""Loads with transformers Video-LLaVA directories that omma saved, and compares with what was recorded of each model in fp32.

    python tools/parity/check_video_llava.py SAVED REFERENCE [SAVED REFERENCE...]        REFERENCE as tools/parity/video_llava.py writes it

Ends with 1 where weights are missing or left over, or pixels, token ids, logits or a rendered conversation differ.
"""

import json
import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoTokenizer, VideoLlavaForConditionalGeneration, VideoLlavaImageProcessor, VideoLlavaProcessor
from video_llava import VideoLlavaVideoProcessor, messages_of, prepared

import saved


def load_processor(directory):
    """What AutoProcessor would, which wants torchvision."""
    fields, _ = VideoLlavaProcessor.get_processor_dict(directory)
    own = {name: fields[name] for name in ("patch_size", "vision_feature_select_strategy", "num_additional_image_tokens", "chat_template")}
    return VideoLlavaProcessor(VideoLlavaImageProcessor.from_pretrained(directory), VideoLlavaVideoProcessor.from_pretrained(directory),
                               AutoTokenizer.from_pretrained(directory), **own)


def faults(directory, reference):
    model, loading = VideoLlavaForConditionalGeneration.from_pretrained(directory, output_loading_info=True)
    model = model.float()
    wrong = [f"{kind}: {names}" for kind, names in loading.items() if names]
    processor = load_processor(directory)
    expected, record = load_file(reference / "reference.safetensors"), json.loads((reference / "reference.json").read_text())
    for i, prompt in enumerate(record["prompts"]):
        images = [Image.open(reference / f"picture{w}.png") for w in prompt["pictures"]]
        clips = [[Image.open(reference / f"clip{w}/frame{k}.png") for k in range(record["frames"])] for w in prompt["clips"]]
        inputs = prepared(processor, images, clips, prompt["text"], torch.float32)
        with torch.no_grad():
            logits = model(**inputs).logits
        shown = [*zip(inputs.get("pixel_values", []), (expected[f"pixels{w}"][0] for w in prompt["pictures"]), strict=True),
                 *zip(inputs.get("pixel_values_videos", []), (expected[f"clip_pixels{w}"] for w in prompt["clips"]), strict=True)]
        if not all(torch.equal(ours, theirs) for ours, theirs in shown):
            wrong.append(f"pixels of prompt {i}")
        elif not torch.equal(inputs["input_ids"], expected[f"ids{i}"]):
            wrong.append(f"ids of prompt {i}")
        elif (difference := (logits - expected[f"logits{i}"]).abs().max().item()) > 1e-4:
            wrong.append(f"logits of prompt {i}: off by {difference}")
    wrong += [f"the chat template in chat {i}" for i, chat in enumerate(record["chats"])
              if processor.apply_chat_template(messages_of(chat["turns"]), add_generation_prompt=True) != chat["prompt"]]
    return wrong


if __name__ == "__main__":
    saved.check(faults)
