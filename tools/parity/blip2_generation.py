"""What transformers' BLIP-2 and InstructBLIP give at small odd configurations: picture file and prompt to a text.

Writes OUT/blip2_generation/CASE/ (NAME_transformers4 by 4.x, the others by 5.x):
  the directory as transformers saves it; pictureI.png
  reference.safetensors  pixels [pictures, 3, S, S] and features [pictures, N, C]; query_states [prompts, Q, C] of the Q-Former and
                         projected [prompts, Q, D] of each prompt and its picture; idsI [1, T] and embeddingsI [1, T, D], what the
                         language model reads; of a decoder alone logitsI [1, T, V], else encodedI [1, T, D] and logitsI [1, 1, V] of
                         the first step; batch_ids and batch_mask [prompts, T], batch_logits [prompts, V] of the last token or the first
                         step; of InstructBLIP also qformer_idsI, batch_qformer_ids and batch_qformer_mask
  reference.json         prompts: [{picture, text, ids, runs: [{options, ids, text}]}]. A run's ids are the new tokens without the end
                         token, its text is theirs without special tokens and blanks at the ends. The batch of all prompts gives the same
                         runs, which is asserted here; so does, for BLIP-2, a picture without a text in place of the text "".

    python tools/parity/blip2_generation.py --out build/parity

With --full-size: the widths of ViT-g and OPT-2.7B or Flan-T5-XL, with two layers each (2 GB of memory each, on disk too).

Of transformers' own ways:
- The processor puts num_query_tokens <image> tokens before a text, before its </s> too. In a batch padded on the left the padding is
  between the <image> tokens and the text, masked; OPT's positions do not count it, so nothing changes but the last bits.
- InstructBLIP's processor pads the Q-Former's texts on the side that the language model's tokenizer is set to. On the left their positions,
  which count padding, move, and a batch differs from its prompts alone. Here, as in the authors' code, they are padded on the right.
- Without a text BLIP-2 reads the queries and text_config.bos_token_id (OPT's </s>; of T5 1, also </s>, which the published configs set,
  T5Config itself has none); InstructBLIP needs a text for its Q-Former, which reads "" as [CLS] [SEP].
- The language model's own generation config counts, made of text_config, not generation_config.json: OPT's eos_token_id there is the
  newline (50118 as published), and </s> is said like any other token.
- Published configs with T5 have dense_act_fn "gelu" beside feed_forward_proj "gated-gelu": the activation is the exact one, not gelu_new.
- query_tokens and the Q-Former stay in float32 where the model is loaded in float16, and so they are in opt_fp16's file, whose
  config.json says float32 of the whole and float16 of the parts. Its reference is of the weights in that file, in float32.
- InstructBLIP's Vicuna has </s> before a text, as the conversion script sets it up. With a decoder alone a repetition penalty is for the
  prompt's tokens too, <image> and padding among them.

as_published has opt's weights and reference with files as in early 2023, as far as I know them (from the conversion script and the code
of then; I have not seen the files): config.json without image_token_index and with torch_dtype, of vision_config and qformer_config only
what is not the default (assumed: the very first may have had every field); preprocessor_config.json of a BlipImageProcessor for a
Blip2Processor; a tokenizer without <image> in vocab.json, merges.txt and tokenizer.json; no processor_config.json; pytorch_model.bin in two
shards, with lm_head beside the embeddings it is tied to. Today's transformers cannot run it. Those of then put the queries before
the embeddings of the text, which gives opt's embeddings and logits; the reference's ids are opt's, with <image>.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1")
import blip2
import language_models
import llava
import torch
import transformers
from blip import OTHER_PYTHON, VOCABULARY, pictures, write_vocabulary
from language_models import OLDER, opt_tokenizer, t5_tokenizer, without_end
from safetensors.torch import save_file
from tokenizers import processors
from transformers import (AutoConfig, BertTokenizerFast, Blip2Config, Blip2ForConditionalGeneration, Blip2Processor, BlipImageProcessor,
                          InstructBlipConfig, InstructBlipForConditionalGeneration, InstructBlipProcessor)

QUERIES = 5
NEWLINE = 202  # of opt_tokenizer
QFORMER = {name: value for name, value in blip2.QFORMER.items() if name not in ("vocab_size", "use_qformer_text_input")}
WITH_TEXT = QFORMER | dict(vocab_size=VOCABULARY, max_position_embeddings=128)
OPT = dict(model_type="opt", **language_models.OPT) | dict(eos_token_id=NEWLINE)
T5 = dict(model_type="t5", **language_models.FLAN) | dict(dense_act_fn="gelu", bos_token_id=1, relative_attention_max_distance=24)
LLAMA = llava.TEXT | dict(pad_token_id=llava.IMAGE_TOKEN, num_key_value_heads=2)
# name: (changes of the picture's config, Q-Former's config, language model's, seed)
CASES = {
    "opt": ({}, QFORMER, OPT, 0),
    "opt_fp16": (dict(hidden_act="gelu_new"), QFORMER | dict(cross_attention_frequency=3), OPT | dict(word_embed_proj_dim=40), 1),
    "t5": (dict(patch_size=10), QFORMER, T5, 2),
    "instruct_vicuna": ({}, WITH_TEXT, LLAMA, 9),
    "instruct_t5": (dict(qkv_bias=False), WITH_TEXT | dict(num_hidden_layers=3), T5, 4),
}
CASES4 = {"opt_transformers4": ({}, QFORMER, OPT, 5), "t5_transformers4": ({}, QFORMER, T5, 2),
          "instruct_transformers4": ({}, WITH_TEXT, LLAMA, 6)}
VIT_G = dict(hidden_size=1408, intermediate_size=6144, num_attention_heads=16, num_hidden_layers=2, image_size=224, patch_size=14,
             initializer_range=0.02)
WIDE = dict(num_hidden_layers=2, initializer_range=0.02, encoder_hidden_size=1408)
FULL_SIZE = {
    "opt_2.7b_wide": (VIT_G, WIDE, dict(model_type="opt", hidden_size=2560, word_embed_proj_dim=2560, ffn_dim=10240, num_attention_heads=32,
                                        num_hidden_layers=2, vocab_size=50272, eos_token_id=NEWLINE), 7),
    "flan_t5_xl_wide": (VIT_G, WIDE, T5 | dict(d_model=2048, d_kv=64, num_heads=32, d_ff=5120, num_layers=2, num_decoder_layers=2,
                                               vocab_size=32128, relative_attention_num_buckets=32,
                                               relative_attention_max_distance=128), 8),
}
LONG = ("where is the small dog? the small dog is below the tree and the large cat is above the house, left of the blue car. who are they? "
        "a person and a cat.\nQuestion: which picture shows the red ball? Answer:")
PROMPTS = [(0, ""), (1, "a photo of"), (0, "Question: how many cats are there? Answer:"), (1, LONG)]  # (picture, text)
ASKED = [dict(max_new_tokens=12), dict(max_new_tokens=10, num_beams=5, length_penalty=-1.0)]
ASKED_TO_INSTRUCT = [*ASKED, dict(max_new_tokens=10, num_beams=5, length_penalty=1.0, repetition_penalty=1.5)]  # the authors' way


def llama_tokenizer():
    """As published: </s> before a text, [PAD] behind the vocabulary."""
    tokenizer = llava.make_tokenizer(("[PAD]", "<image>"))
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", pair="</s> $A </s> $B",
                                                                               special_tokens=[("</s>", 2)])
    tokenizer.bos_token, tokenizer.unk_token, tokenizer.pad_token = "</s>", "</s>", "[PAD]"
    return tokenizer


def bert_tokenizer():
    with tempfile.TemporaryDirectory() as temporary:
        write_vocabulary(Path(temporary) / "vocab.txt", VOCABULARY)
        tokenizer = BertTokenizerFast.from_pretrained(temporary, truncation_side="left")
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    return tokenizer


def make_processor(text, side, instruct):
    tokenizer = {"opt": opt_tokenizer, "t5": lambda _: t5_tokenizer(), "llama": lambda _: llama_tokenizer()}[text["model_type"]](None)
    tokenizer.padding_side = "right" if text["model_type"] == "t5" else "left"
    images = BlipImageProcessor(size={"height": side, "width": side})
    if instruct:
        return InstructBlipProcessor(images, tokenizer, bert_tokenizer(), num_query_tokens=QUERIES)
    return Blip2Processor(images, tokenizer, num_query_tokens=QUERIES)


def make_model(vision, qformer, text, seed, tokenizer, instruct, wide):
    torch.manual_seed(seed)
    fields = dict(vision_config=blip2.VISION | vision, qformer_config=qformer, text_config=text, num_query_tokens=QUERIES,
                  image_token_index=tokenizer.convert_tokens_to_ids("<image>"))
    model = (InstructBlipForConditionalGeneration(InstructBlipConfig(**fields)) if instruct else
             Blip2ForConditionalGeneration(Blip2Config(**fields)))
    language = model.language_model
    if text["model_type"] == "t5":
        language.lm_head.weight = torch.nn.Parameter(torch.randn(language.lm_head.weight.shape) / text["d_model"]**0.5)  # 5.x has tied it
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if wide or not name.startswith("language_model."):
                parameter += (0.01 if wide else 0.1) * torch.randn(parameter.shape)
    if not wide:
        language_models.add_noise(language)
    language_models.favour(language.lm_head.weight, tokenizer, language.config.eos_token_id)
    return model.eval()


def save(model, processor, folder):
    model.save_pretrained(folder, max_shard_size="300KB" if folder.name == "opt_transformers4" else "9GB")
    if folder.name == "opt_fp16":
        model = type(model).from_pretrained(folder, dtype=torch.float16)
        model.save_pretrained(folder)
        model = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    processor.save_pretrained(folder)
    return model


def prepared(processor, images, prompts):
    texts = [text for _, text in prompts]
    inputs = processor(images=[images[picture] for picture, _ in prompts], text=texts, return_tensors="pt", padding=len(texts) > 1)
    if isinstance(processor, InstructBlipProcessor):  # it pads on the side that the language model's tokenizer asks for
        text = processor.qformer_tokenizer(texts, return_tensors="pt", padding=True, padding_side="right")
        inputs |= {f"qformer_{name}": text[name] for name in ("input_ids", "attention_mask")}
    return inputs


def watched(model, inputs):
    """The output, and what went from part to part."""
    seen = {}
    hooks = [model.vision_model.register_forward_hook(lambda *call: seen.update(features=call[-1][0])),
             model.qformer.register_forward_hook(lambda *call: seen.update(query_states=call[-1][0][:, :QUERIES])),
             model.language_projection.register_forward_hook(lambda *call: seen.update(projected=call[-1])),
             model.language_model.register_forward_pre_hook(lambda _, given, named: seen.update(embeddings=named["inputs_embeds"]),
                                                            with_kwargs=True)]
    if model.language_model.config.is_encoder_decoder:
        inputs = inputs | dict(decoder_input_ids=torch.zeros(len(inputs["input_ids"]), 1, dtype=torch.long))
    output = model(**inputs)
    for hook in hooks:
        hook.remove()
    return output, seen


def tensors_of(model, processor, images):
    tensors = {"pixels": processor.image_processor(images, return_tensors="pt")["pixel_values"]}
    tensors["features"] = model.vision_model(tensors["pixels"]).last_hidden_state
    states = []
    for i, prompt in enumerate(PROMPTS):
        inputs = prepared(processor, images, [prompt])
        output, seen = watched(model, dict(inputs))
        states.append(seen)
        tensors |= {f"ids{i}": inputs["input_ids"], f"embeddings{i}": seen["embeddings"], f"logits{i}": output.logits}
        if "qformer_input_ids" in inputs:
            tensors[f"qformer_ids{i}"] = inputs["qformer_input_ids"]
        if model.language_model.config.is_encoder_decoder:
            tensors[f"encoded{i}"] = output.language_model_outputs.encoder_last_hidden_state
    tensors |= {name: torch.cat([seen[name] for seen in states]) for name in ("query_states", "projected")}
    inputs = prepared(processor, images, PROMPTS)
    output, seen = watched(model, dict(inputs))
    assert (seen["projected"] - tensors["projected"]).abs().max() < 1e-4 * tensors["projected"].abs().max()
    tensors |= {"batch_ids": inputs["input_ids"], "batch_mask": inputs["attention_mask"], "batch_logits": output.logits[:, -1]}
    if "qformer_input_ids" in inputs:
        tensors |= {"batch_qformer_ids": inputs["qformer_input_ids"], "batch_qformer_mask": inputs["qformer_attention_mask"]}
    return tensors


def generated(model, inputs, options):
    """Of each row the new tokens."""
    output = model.generate(**inputs, do_sample=False, **options)
    language = model.language_model.config
    if language.is_encoder_decoder:
        output = output[:, 1:]
    elif "input_ids" in inputs:
        assert torch.equal(output[:, :inputs["input_ids"].shape[1]], inputs["input_ids"])
        output = output[:, inputs["input_ids"].shape[1]:]
    else:
        output = output[:, QUERIES + 1:]
    return [without_end(row, language.eos_token_id) for row in output]


def runs_of(model, processor, images):
    instruct = isinstance(processor, InstructBlipProcessor)
    runs = [[] for _ in PROMPTS]
    for options in ASKED_TO_INSTRUCT if instruct else ASKED:
        together = generated(model, prepared(processor, images, PROMPTS), options)
        for i, (picture, text) in enumerate(PROMPTS):
            (ids,) = generated(model, prepared(processor, images, [(picture, text)]), options)
            assert ids == together[i], (options, i, ids, together[i])
            if not instruct and not text:
                assert generated(model, processor(images=images[picture], return_tensors="pt"), options) == [ids]
            runs[i].append({"options": options, "ids": ids, "text": processor.decode(ids, skip_special_tokens=True).strip()})
    return runs


@torch.no_grad()
def write_case(folder, case):
    vision, qformer, text, seed = case
    folder.mkdir(parents=True, exist_ok=True)
    instruct, wide = folder.name.startswith("instruct"), folder.name in FULL_SIZE
    processor = make_processor(text, (blip2.VISION | vision)["image_size"], instruct)
    model = make_model(vision, qformer, text, seed, processor.tokenizer, instruct, wide)
    model = save(model, processor, folder)
    images = pictures(seed)
    for i, image in enumerate(images):
        image.save(folder / f"picture{i}.png")
    tensors = tensors_of(model, processor, images)
    record = {"transformers": transformers.__version__, "prompts": [
        {"picture": picture, "text": prompt, "ids": tensors[f"ids{i}"][0].tolist(), "runs": runs}
        for i, ((picture, prompt), runs) in enumerate(zip(PROMPTS, runs_of(model, processor, images), strict=True))]}
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def sparse(config):
    defaults = AutoConfig.for_model(config["model_type"]).to_dict()
    return {name: value for name, value in config.items() if name == "model_type" or value != defaults[name]}


def write_as_published(folder, opt):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("picture0.png", "picture1.png", "reference.safetensors", "reference.json"):
        shutil.copy(opt / name, folder)
    weights = [*Blip2ForConditionalGeneration.from_pretrained(opt).state_dict().items()]
    names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    for name, part in zip(names, (weights[:100], weights[100:])):
        torch.save(dict(part), folder / name)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(dict(
        metadata=dict(total_size=sum(value.nbytes for _, value in weights)),
        weight_map={name: names[i >= 100] for i, (name, _) in enumerate(weights)})))
    config = json.loads((opt / "config.json").read_text())
    config |= {name: sparse(config[name]) for name in ("vision_config", "qformer_config")}
    del config["image_token_index"], config["image_text_hidden_size"]
    config["torch_dtype"], config["transformers_version"] = config.pop("dtype"), None
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    images = json.loads((opt / "processor_config.json").read_text())["image_processor"]
    (folder / "preprocessor_config.json").write_text(json.dumps(images | dict(processor_class="Blip2Processor")))
    opt_tokenizer(folder, as_files=True)
    tokenizer = json.loads((opt / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = [token for token in tokenizer["added_tokens"] if token["content"] != "<image>"]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out / "blip2_generation"
    for name, case in (CASES4 if OLDER else FULL_SIZE if arguments.full_size else CASES).items():
        write_case(out / name, case)
    if not OLDER and not arguments.full_size:
        write_as_published(out / "as_published", out / "opt")
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
