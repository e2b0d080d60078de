"""What transformers' BLIP gives at small odd configurations: whole directories, picture file to text, features, logits, losses.

Writes OUT/blip/CASE/: the directory, pictures, reference.safetensors (inputs, intermediates, gradients under their names) and
reference.json (texts, token sequences and scores). Also OUT/blip/original/: one model in the names of the authors' .pth files.

    python tools/parity/blip.py --out build/parity

With --full-size: the published base models' sizes at 384 px instead (4 GB of memory, 3 GB on disk); gradients of small tensors only.
"""

import argparse
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    BlipForQuestionAnswering,
    BlipImageProcessor,
    BlipProcessor,
)
from transformers.models.blip.modeling_blip_text import BlipTextSelfAttention

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-transformers4/bin/python"
WORDS = ["a", "picture", "of", "red", "blue", "dog", "cat", "car", "two", "and", "how", "many", "what", "is", "there", "##s", "left"]
VOCABULARY = 160
TEXT = dict(vocab_size=VOCABULARY, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4,
            max_position_embeddings=32, bos_token_id=158, sep_token_id=102, eos_token_id=2, pad_token_id=0, initializer_range=0.2)
VISION = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=3, image_size=40, patch_size=8,
              initializer_range=0.1)
# name: (class, changes of the text's config, of the picture's, pixels a side that the processor makes)
CASES = {
    "caption": (BlipForConditionalGeneration, {}, {}, 40),
    "caption_wide": (BlipForConditionalGeneration, dict(hidden_size=36, num_attention_heads=6, label_smoothing=0.1, hidden_act="relu"),
                     dict(hidden_size=56, num_attention_heads=7, patch_size=7, image_size=35, hidden_act="gelu_new"), 35),
    "caption_interpolated": (BlipForConditionalGeneration, dict(num_hidden_layers=1), dict(layer_norm_eps=1e-6), 56),
    "match": (BlipForImageTextRetrieval, {}, {}, 40),
    "match_wide": (BlipForImageTextRetrieval, dict(hidden_size=32, num_attention_heads=2), dict(image_size=48, patch_size=16), 48),
    "answer": (BlipForQuestionAnswering, dict(label_smoothing=0.2), {}, 40),
    "answer_deep": (BlipForQuestionAnswering, dict(num_hidden_layers=4, num_attention_heads=3), dict(num_hidden_layers=1), 40),
}
# The configs' defaults are BLIP-base's.
BASE_TEXT = dict(vocab_size=30524, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                 max_position_embeddings=512, bos_token_id=30522, initializer_range=0.02)
BASE_VISION = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=384, patch_size=16,
                   initializer_range=0.02)
FULL_SIZE = {
    "caption_base": (BlipForConditionalGeneration, BASE_TEXT, BASE_VISION, 384),
    "match_base": (BlipForImageTextRetrieval, BASE_TEXT, BASE_VISION, 384),
    "answer_base": (BlipForQuestionAnswering, BASE_TEXT, BASE_VISION, 384),
}
TEXTS = ["a red dog and two cats", "car", "a picture of a blue dog left of a red car"]
QUESTIONS = ["how many dogs", "what is left of a car", "is there a cat"]
ANSWERS = ["two", "a red dog", "blue", "cats and a dog"]


def mend_cross_attention_mask():
    """transformers hands a cross-attention its mask under the name of the self-attention's and loses it there (4.57 and 5.23): the
    answer decoder looks at the padding of questions. The authors' code (med.py) does not; this puts the mask where it belongs."""
    plain = BlipTextSelfAttention.forward

    def forward(self, hidden_states, attention_mask=None, encoder_hidden_states=None, **rest):
        if encoder_hidden_states is not None:
            rest["encoder_attention_mask"] = attention_mask
        return plain(self, hidden_states, attention_mask=attention_mask, encoder_hidden_states=encoder_hidden_states, **rest)

    BlipTextSelfAttention.forward = forward


def write_vocabulary(file, rows):
    vocabulary = [f"[unused{i}]" for i in range(rows - 2)]  # [DEC] and [ENC] have rows, but no words, as published
    vocabulary[0], vocabulary[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary[110:110 + len(WORDS)] = WORDS
    file.write_text("\n".join(vocabulary) + "\n")


def pictures(seed):
    random = np.random.default_rng(seed)
    return [Image.fromarray(random.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
            for size in ((61, 83), (140, 50))]


def make_model(model_class, text, vision, seed):
    config = BlipConfig(text_config={**TEXT, **text}, vision_config={**VISION, **vision}, image_text_hidden_size=20)
    torch.manual_seed(seed)
    model = model_class(config).eval()
    with torch.no_grad():
        for _, parameter in model.named_parameters():  # what starts at zero or one would hide errors
            parameter += config.text_config.initializer_range / 2 * torch.randn(parameter.shape)
    return model


def generations(run):
    """Token sequences of greedy and beam search, and the score of the latter."""
    asked = [dict(), dict(max_length=9, min_length=6), dict(num_beams=3, max_length=12), dict(num_beams=4, length_penalty=-0.5),
             dict(num_beams=3, min_length=5, max_length=11, repetition_penalty=1.3), dict(max_new_tokens=7, repetition_penalty=1.6)]
    results = []
    for options in asked:
        output = run(do_sample=False, return_dict_in_generate=True, output_scores=True, **{"max_length": 20, **options})
        score = output.sequences_scores.tolist() if options.get("num_beams", 1) > 1 else None
        results.append({"options": options, "sequences": output.sequences.tolist(), "scores": score})
    return results


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {f"gradient.{name}": p.grad.clone() for name, p in model.named_parameters() if p.grad is not None and p.numel() <= 100_000}


def caption_case(model, processor, images, interpolate):
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    extra = dict(interpolate_pos_encoding=True) if interpolate else {}
    text = processor(text=TEXTS, return_tensors="pt", padding=True)
    ids, mask = text["input_ids"], text["attention_mask"]
    ids[:, 0] = model.config.text_config.bos_token_id
    rows = [0, 1, 0]
    output = model(pixel_values=pixels[rows], input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100), **extra)
    tensors = {"pixels": pixels, "features": output.image_embeds, "input_ids": ids, "mask": mask, "logits": output.logits,
               "loss": output.loss.reshape(1), **gradients(model, output.loss)}
    record = {"texts": TEXTS, "generations": []}
    with torch.no_grad():
        for prompt in ("", "a picture of"):
            inputs = {}
            if prompt:
                inputs = dict(processor(text=[prompt] * len(images), return_tensors="pt"))
            runs = generations(lambda **options: model.generate(pixel_values=pixels, **{k: v.clone() for k, v in inputs.items()},
                                                                **extra, **options))
            record["generations"].append({"prompt": prompt, "runs": runs})
    first = record["generations"][0]["runs"][0]["sequences"]
    record["captions"] = [processor.decode(s, skip_special_tokens=True) for s in first]
    return tensors, record


def match_case(model, processor, images):
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    text = processor(text=TEXTS, return_tensors="pt", padding=True)
    with torch.no_grad():
        itm = [model(pixel_values=p.unsqueeze(0).expand(len(TEXTS), -1, -1, -1), **text).itm_score for p in pixels]
        itc = [model(pixel_values=p.unsqueeze(0), **text, use_itm_head=False) for p in pixels]
    return {"pixels": pixels, "features": torch.cat([o.last_hidden_state for o in itc]), "itm": torch.stack(itm),
            "itc": torch.cat([o.itm_score for o in itc]), "text_states": itc[0].question_embeds,
            "mask": text["attention_mask"]}, {"texts": TEXTS}


def answer_case(model, processor, images):
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    rows = [0, 1, 1]
    question = processor(text=QUESTIONS, return_tensors="pt", padding=True)
    answer = processor(text=ANSWERS[:3], return_tensors="pt", padding=True)
    ids = answer["input_ids"]
    ids[:, 0] = model.config.text_config.bos_token_id
    output = model(pixel_values=pixels[rows], input_ids=question["input_ids"], attention_mask=question["attention_mask"],
                   decoder_input_ids=ids, decoder_attention_mask=answer["attention_mask"],
                   labels=ids.masked_fill(answer["attention_mask"] == 0, -100))
    tensors = {"pixels": pixels, "features": output.image_embeds, "input_ids": question["input_ids"], "mask": question["attention_mask"],
               "answer_ids": ids, "answer_mask": answer["attention_mask"], "loss": output.loss.reshape(1), **gradients(model, output.loss)}
    record = {"questions": QUESTIONS, "rows": rows, "runs": [], "answers": ANSWERS, "ranked": []}
    with torch.no_grad():
        for question_text, row in zip(QUESTIONS, rows):  # alone: the reference's decoder looks at padding
            inputs = processor(images=images[row], text=question_text, return_tensors="pt")
            record["runs"].append(generations(lambda **options: model.generate(**inputs, **options)))
            record["ranked"].append(rank(model, processor, inputs))
    return tensors, record


def rank(model, processor, inputs):
    """The score of every answer as the authors rank them: minus the label-smoothed loss, summed over the answer's tokens."""
    features = model.vision_model(inputs["pixel_values"])[0]
    states = model.text_encoder(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], encoder_hidden_states=features)[0]
    scores = []
    for answer in ANSWERS:
        ids = processor(text=answer, return_tensors="pt")["input_ids"]
        ids[:, 0] = model.config.text_config.bos_token_id
        scores.append(-float(model.text_decoder(input_ids=ids, encoder_hidden_states=states, labels=ids, reduction="none").loss))
    return scores


def write_case(folder, name, seed):
    model_class, text, vision, side = (CASES | FULL_SIZE)[name]
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder / "vocab.txt", {**TEXT, **text}["vocab_size"])
    tokenizer = BertTokenizerFast.from_pretrained(str(folder))
    processor = BlipProcessor(BlipImageProcessor(size={"height": side, "width": side}), tokenizer)
    images = pictures(seed)
    for index, image in enumerate(images):
        image.save(folder / f"picture{index}.png")
    model = make_model(model_class, text, vision, seed)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if name.startswith("caption"):
        tensors, record = caption_case(model, processor, images, side != model.config.vision_config.image_size)
    elif name.startswith("match"):
        tensors, record = match_case(model, processor, images)
    else:
        tensors, record = answer_case(model, processor, images)
    record["transformers"] = transformers.__version__
    save_file({key: value.detach().contiguous() for key, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))
    return model


ORIGINAL = [(r"^vision_model\.embeddings\.class_embedding", "visual_encoder.cls_token"),
            (r"^vision_model\.embeddings\.position_embedding", "visual_encoder.pos_embed"),
            (r"^vision_model\.embeddings\.patch_embedding", "visual_encoder.patch_embed.proj"),
            (r"^vision_model\.encoder\.layers\.(\d+)\.layer_norm", r"visual_encoder.blocks.\1.norm"),
            (r"^vision_model\.encoder\.layers\.(\d+)\.self_attn\.qkv", r"visual_encoder.blocks.\1.attn.qkv"),
            (r"^vision_model\.encoder\.layers\.(\d+)\.self_attn\.projection", r"visual_encoder.blocks.\1.attn.proj"),
            (r"^vision_model\.encoder\.layers\.(\d+)\.mlp", r"visual_encoder.blocks.\1.mlp"),
            (r"^vision_model\.post_layernorm", "visual_encoder.norm")]


def write_original(folder, models):
    """The cases' weights as the authors saved theirs, with the momentum copies and queues of pre-training beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        tensors = {}
        for key, value in model.state_dict().items():
            for pattern, replacement in ORIGINAL:
                key = re.sub(pattern, replacement, key)
            tensors[key] = value.clone()
        prefix = "text_decoder.bert." if "text_decoder.bert.embeddings.word_embeddings.weight" in tensors else "text_encoder."
        tensors[prefix + "embeddings.position_ids"] = torch.arange(TEXT["max_position_embeddings"]).unsqueeze(0)
        if name.startswith("match"):
            tensors |= {"visual_encoder_m.cls_token": torch.zeros(1, 1, 48), "image_queue": torch.zeros(20, 6), "temp": torch.tensor(0.07),
                        "idx_queue": torch.full((1, 6), -100), "ptr_queue": torch.zeros(1, dtype=torch.long)}
        torch.save({"model": tensors, "epoch": 4}, folder / f"{name}.pth")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "blip"
    mend_cross_attention_mask()
    if transformers.__version__.startswith("4."):
        write_case(out / "caption_transformers4", "caption", 40)
        write_case(out / "answer_transformers4", "answer", 41)
        return
    if arguments.full_size:
        for seed, name in enumerate(FULL_SIZE):
            write_case(out / name, name, seed)
        return
    models = {name: write_case(out / name, name, seed) for seed, name in enumerate(CASES)}
    write_original(out / "original", {name: models[name] for name in ("caption", "match", "answer")})
    subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
