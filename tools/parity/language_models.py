"""What transformers' OPT and T5 give at small odd configurations: whole directories, texts to states, logits and generated tokens.

Writes OUT/language_models/CASE/ (NAME_transformers4 by 4.x, the others by 5.x):
  the directory as transformers saves it, with a tokenizer (OPT's puts </s> before a text, T5's behind it)
  reference.safetensors  idsI [1, T] of each prompt alone; batch_ids and batch_mask [prompts, T] of all of them as one batch
                         OPT: logitsI [1, T, V] of each prompt; batch_logits [prompts, V] of the last token, padded on the left
                         T5: decoder_ids [1, S] (the target shifted by the model itself), encodedI [1, T, C] and logitsI [1, S, V] of each
                         prompt; batch_encoded [prompts, T, C] and batch_logits [prompts, S, V], padded on the right
  reference.json         prompts: [{text, ids, runs: [{options, ids, text}]}]; target: of T5, the text that decoder_ids are of. A run's ids
                         are the new tokens without the start token and the end token, its text is theirs without special tokens.
                         The batch of all prompts gives the same runs, which is asserted here.

    python tools/parity/language_models.py --out build/parity

opt_pickled is as facebook/opt-* were first published: pytorch_model.bin in float16, made by convert_opt_original_pytorch_checkpoint_to_
pytorch.py, which saves an OPTModel: keys begin with "decoder.", not "model.decoder.", and there is no lm_head (vLLM's loader maps
that prefix and skips an lm_head.weight where embeddings are tied, so there are files with one too); the tokenizer is vocab.json and
merges.txt. Its reference is of the rounded weights in float32. opt_transformers4 is in several shards.

Of transformers' own ways:
- OPT's positions count the tokens that are not padding, from 0, and the table has two rows more, before those: padding's position is -1,
  row 1.
- OPT's queries are scaled before they are split into heads, the rest of attention is not.
- 5.23 cannot generate with a T5 whose decoder is deeper than its encoder (its cache has as many layers as the encoder).
- A repetition penalty is for all tokens that the decoder was given: with OPT those of the prompt and so </s>, its end too, and padding,
  so that only tokens that nobody says make a batch the same as its prompts alone.
- T5's attention is not scaled. Distances of max_distance and more share the last bucket; one whose logarithm falls exactly between
  two buckets (4 and 8 of t5_flan's encoder) is in the upper one, which float32 happens to give.
- T5's head is of the states times d_model^-0.5 where tie_word_embeddings is true. 5.x ties the head whatever the config says, unless
  a checkpoint has both matrices and they differ; it writes tie_word_embeddings as true and the scaling as scale_decoder_outputs. 4.x writes
  tie_word_embeddings false and no scale_decoder_outputs, as the files of the hub have it.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1")
import blip2_tokenizers
import torch

torch.set_num_threads(1)  # nothing here is worth a second
import transformers
from blip import OTHER_PYTHON
from safetensors.torch import save_file
from transformers import (AddedToken, GPT2Tokenizer, GPT2TokenizerFast, OPTConfig, OPTForCausalLM, T5Config, T5ForConditionalGeneration,
                          T5TokenizerFast)

OLDER = transformers.__version__.startswith("4.")
OPT = dict(vocab_size=912, hidden_size=40, word_embed_proj_dim=40, ffn_dim=72, num_hidden_layers=3, num_attention_heads=4,
           max_position_embeddings=160, init_std=0.15)
T5 = dict(vocab_size=448, d_model=40, d_kv=10, d_ff=72, num_layers=3, num_decoder_layers=2, num_heads=4, decoder_start_token_id=0,
          relative_attention_num_buckets=32, relative_attention_max_distance=128)
FLAN = T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False, d_kv=7, num_heads=3, relative_attention_num_buckets=11,
                 relative_attention_max_distance=16)
# name: (fields of the config, a seed that makes texts of different length that do not only repeat a word)
CASES = {
    "opt": (OPT, 1),
    "opt_projected": (OPT | dict(word_embed_proj_dim=24, do_layer_norm_before=False), 7),  # as opt-350m
    "opt_untied_gelu": (OPT | dict(tie_word_embeddings=False, activation_function="gelu", enable_bias=False,
                                   layer_norm_elementwise_affine=False), 1),
    "opt_pickled": (OPT | dict(num_hidden_layers=2), 4),
    "t5": (T5, 5),
    "t5_flan": (FLAN, 6),
}
CASES4 = {
    "opt_transformers4": (OPT | dict(num_attention_heads=5), 1),
    "t5_transformers4": (T5 | dict(num_heads=5, num_decoder_layers=1), 5),
    "t5_flan_transformers4": (FLAN, 6),
}
PROMPTS = [
    "a photo of", "Question: how many cats are there? Answer:", "hello",
    "two small red balls are left of the box.\nwhat is right of it? é中😀",
    "where is the small dog? the small dog is below the tree and the large cat is above the house, left of the blue car. who are they? a "
    "person and a cat. how many pictures describe it? 3.14 or 1,000,000. Question: which picture shows the red ball? Answer:",
]
TARGET = "a large cat is left of the red box"
ASKED = [dict(max_new_tokens=12), dict(max_new_tokens=10, num_beams=5, length_penalty=-1.0),
         dict(max_new_tokens=10, num_beams=3, length_penalty=1.0, repetition_penalty=1.5)]


def opt_tokenizer(folder, as_files=False):
    """BLIP-2's, <image> and all. as_files: folder gets vocab.json and merges.txt, as from before there was a tokenizer.json."""
    if as_files:
        blip2_tokenizers.write_vocabulary(folder, blip2_tokenizers.opt())
        blip2_tokenizers.write_json(folder / "tokenizer_config.json", blip2_tokenizers.OPT_CONFIG)
        return GPT2Tokenizer.from_pretrained(folder)
    end = AddedToken("</s>", normalized=True, special=True)
    return GPT2TokenizerFast(tokenizer_object=blip2_tokenizers.opt(), bos_token=end, eos_token=end, unk_token=end,
                             pad_token=AddedToken("<pad>", normalized=True, special=True), add_bos_token=True)


def t5_tokenizer():
    with tempfile.TemporaryDirectory() as temporary:
        model = blip2_tokenizers.train(Path(temporary) / "model")
    return T5TokenizerFast(tokenizer_object=blip2_tokenizers.flan_t5(model))


def add_noise(model):
    """What starts at zero or one would hide errors. Much of it in the layers and positions, or a tied head repeats what was said last."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            inside = (".layers." in name or ".block." in name) and parameter.dim() > 1
            deviation = 1.0 if "relative_attention_bias" in name else 0.5 if "embed_positions" in name else 0.3 if inside else 0.1
            if name.endswith("shared.weight"):
                parameter *= 0.4
            parameter += deviation * torch.randn(parameter.shape)


def favour(head, tokenizer, end):
    """Makes texts that can be read, and end: tokens that are no words in ASCII are hardly ever said, the end is often."""
    names = [name.lstrip("\u2581") for name in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
    texts = [tokenizer.decode([i]).strip() for i in range(len(tokenizer))]
    words = [text.isascii() and text and name[:1] + name[-1:] not in ("<>", "[]") for name, text in zip(names, texts)]
    with torch.no_grad():
        for i in range(len(head)):
            if not (i < len(words) and words[i]):
                head[i] *= 0.1
        head[end] *= 24.0


def make_model(fields, tokenizer, seed):
    is_t5 = "d_model" in fields
    torch.manual_seed(seed)
    config = (T5Config if is_t5 else OPTConfig)(**fields)
    model = (T5ForConditionalGeneration if is_t5 else OPTForCausalLM)(config).eval()
    if is_t5 and fields.get("tie_word_embeddings") is False:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(model.lm_head.weight.shape) / config.d_model**0.5)  # 5.x has tied it
    add_noise(model)
    favour(model.lm_head.weight, tokenizer, config.eos_token_id)
    return model


def without_end(tokens, end):
    tokens = tokens.tolist()
    return tokens[:tokens.index(end)] if end in tokens else tokens


def generations(model, inputs, options):
    """Of each row the new tokens."""
    output = model.generate(**inputs, do_sample=False, **options)
    first = 1 if model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    return [without_end(row[first:], model.config.eos_token_id) for row in output]


def runs_of(model, tokenizer, alone, batch):
    """Of each prompt; the batch's are the same."""
    runs = [[] for _ in alone]
    for options in ASKED:
        together = generations(model, batch, options)
        for i, inputs in enumerate(alone):
            (ids,) = generations(model, inputs, options)
            assert ids == together[i], (options, i, ids, together[i])
            runs[i].append({"options": options, "ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)})
    return runs


def tensors_of(model, tokenizer, alone, batch):
    tensors = {"batch_ids": batch["input_ids"], "batch_mask": batch["attention_mask"]}
    if not model.config.is_encoder_decoder:
        tensors["batch_logits"] = model(**batch).logits[:, -1]
        return tensors | {f"logits{i}": model(**inputs).logits for i, inputs in enumerate(alone)}
    target = tokenizer(TARGET, return_tensors="pt")["input_ids"]
    tensors["decoder_ids"] = model._shift_right(target)
    output = model(**batch, decoder_input_ids=tensors["decoder_ids"].expand(len(alone), -1))
    tensors |= {"batch_encoded": output.encoder_last_hidden_state, "batch_logits": output.logits}
    for i, inputs in enumerate(alone):
        output = model(**inputs, decoder_input_ids=tensors["decoder_ids"])
        tensors |= {f"encoded{i}": output.encoder_last_hidden_state, f"logits{i}": output.logits}
    return tensors


def save(model, folder, tokenizer, sharded=False):
    model.save_pretrained(folder, max_shard_size="60KB" if sharded else "5GB")
    tokenizer.save_pretrained(folder)


def save_pickled(model, folder):
    """As facebook/opt-* first were."""
    torch.save({name.removeprefix("model."): value.half() for name, value in model.state_dict().items() if name != "lm_head.weight"},
               folder / "pytorch_model.bin")
    config = model.config.to_dict() | dict(architectures=["OPTForCausalLM"], torch_dtype="float16")
    del config["dtype"]
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    model.generation_config.save_pretrained(folder)
    return OPTForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@torch.no_grad()
def write_case(folder, fields, seed):
    folder.mkdir(parents=True, exist_ok=True)
    pickled = folder.name == "opt_pickled"
    tokenizer = t5_tokenizer() if "d_model" in fields else opt_tokenizer(folder, pickled)
    model = make_model(fields, tokenizer, seed)
    if pickled:
        model = save_pickled(model, folder)
    else:
        save(model, folder, tokenizer, sharded=folder.name == "opt_transformers4")
    alone = [tokenizer(text, return_tensors="pt") for text in PROMPTS]
    alone = [{name: inputs[name] for name in ("input_ids", "attention_mask")} for inputs in alone]
    tokenizer.padding_side = "right" if model.config.is_encoder_decoder else "left"
    batch = tokenizer(PROMPTS, return_tensors="pt", padding=True)
    batch = {name: batch[name] for name in ("input_ids", "attention_mask")}
    tensors = {f"ids{i}": inputs["input_ids"] for i, inputs in enumerate(alone)} | tensors_of(model, tokenizer, alone, batch)
    record = {"transformers": transformers.__version__, "target": TARGET, "prompts": [
        {"text": text, "ids": inputs["input_ids"][0].tolist(), "runs": runs}
        for text, inputs, runs in zip(PROMPTS, alone, runs_of(model, tokenizer, alone, batch), strict=True)]}
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "language_models"
    for name, (fields, seed) in (CASES4 if OLDER else CASES).items():
        write_case(out / name, fields, seed)
    if not OLDER:
        subprocess.run([OTHER_PYTHON, __file__, "--out", str(out.parent)], check=True)


if __name__ == "__main__":
    main()
