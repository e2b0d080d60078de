"""Tiny checkpoints of LLaVA's authors (haotian-liu/LLaVA), of random weights under their names, and what transformers' classes give
with the same weights where the vocabulary has grown as transformers' conversion makes it grow, by the mean.

Writes OUT/llava_original/: hub/, a Hugging Face cache with the tower tiny/clip and the language models tiny/vicuna and tiny/llama; and for each case CASE/NAME/, the authors' files, with expected/ (config.json and model.safetensors as transformers saves
them), pictures, reference.safetensors and reference.json as tools/parity/check_llava.py reads them.

    python tools/parity/llava_original.py --out build/parity
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import sentencepiece
import torch
from llava import MISTRAL as WITH_HEAD_DIM
from llava import SIZES, TEXT, TOWER, LlavaImageProcessor, LlavaNextImageProcessor, pictures
from safetensors.torch import save_file
from transformers import (AutoConfig, CLIPConfig, CLIPImageProcessor, CLIPModel, LlavaConfig, LlavaForConditionalGeneration,
                          LlavaNextConfig, LlavaNextForConditionalGeneration)

MISTRAL = {name: value for name, value in WITH_HEAD_DIM.items() if name != "head_dim"}  # which its config had not then
ROWS = 320  # of the language models' vocabularies
SPECIAL = ["<im_patch>", "<im_start>", "<im_end>"]
GRID = [[28, 56], [56, 28], [56, 56], [84, 28]]  # [width, height]
USER = ("A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite "
        "answers to the user's questions. USER: {picture}What is this? ASSISTANT:")
HUMAN = USER.replace("user", "human")
V0 = HUMAN.split(" USER")[0] + "###Human: {picture}What is this?###Assistant:"
ONE_LINE = "[INST] {picture}What is this? [/INST]"
MARKED, BARE = "<im_start><image><im_end>\n", "<image>\n"
# name of the case: directory, fields of config.json, prompt of llava/conversation.py, form of the files
CASES = {
    "v15": ("llava-v1.5-tiny", dict(model_type="llava_llama", mm_projector_type="mlp2x_gelu", image_aspect_ratio="pad"), USER.format(picture=BARE),
            "shards"),
    "v1": ("LLaVA-tiny-v1-1", dict(model_type="llava", mm_use_im_start_end=True, mm_use_im_patch_token=True, image_aspect_ratio=None,
                                   mm_vision_select_feature="cls_patch"), HUMAN.format(picture=MARKED), "bin"),
    "v16_vicuna": ("llava-v1.6-vicuna-tiny", dict(model_type="llava", mm_projector_type="mlp2x_gelu", image_aspect_ratio="anyres",
                                                  mm_patch_merge_type="spatial_unpad", image_grid_pinpoints=GRID, unfreeze_mm_vision_tower=True),
                   USER.format(picture=BARE), "safetensors"),
    "v16_mistral": ("llava-v1.6-mistral-tiny", dict(model_type="llava_mistral", mm_projector_type="mlp2x_gelu", image_aspect_ratio="anyres",
                                                    mm_patch_merge_type="spatial_unpad",
                                                    image_grid_pinpoints=str([tuple(size) for size in GRID])), ONE_LINE.format(picture=BARE), "bin"),
    "projector": ("llava-pretrain-tiny", dict(model_type="llava", mm_projector_type="mlp2x_gelu", image_aspect_ratio="square",
                                              tune_mm_mlp_adapter=True), "<image>What is this?", "projector"),
    "lora": ("llava-v1.5-tiny-lora", dict(model_type="llava_llama", mm_projector_type="mlp2x_gelu", image_aspect_ratio="pad"),
             USER.format(picture=BARE), "lora"),
    "delta": ("LLaVA-tiny-delta-v0", dict(model_type="llava", mm_use_im_start_end=True, mm_vision_select_layer=-1), V0.format(picture=MARKED), "delta"),
}


def snapshot(hub, name):
    """The folder of a repository in a Hugging Face cache."""
    repository, commit = hub / ("models--" + name.replace("/", "--")), "0123abc"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs/main").write_text(commit)
    (repository / "snapshots" / commit).mkdir(parents=True, exist_ok=True)
    return repository / "snapshots" / commit


def train_tokenizer(file):
    words = "what is this picture of a dog and the cat that sits there USER ASSISTANT INST Human Assistant hello are these".split()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(words[i:] + words[:i]) for i in range(len(words))] * 5), model_prefix=str(file.with_suffix("")),
        vocab_size=ROWS, model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        character_coverage=1.0, minloglevel=2)
    file.with_suffix(".vocab").unlink()


def write_tokenizer(folder, pieces, legacy, added=()):
    shutil.copy(pieces, folder / "tokenizer.model")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        dict(tokenizer_class="LlamaTokenizer", legacy=legacy, add_bos_token=True, add_eos_token=False, model_max_length=2048,
             bos_token={"__type": "AddedToken", "content": "<s>"})))
    (folder / "special_tokens_map.json").write_text(json.dumps(dict(eos_token="</s>", unk_token="<unk>", pad_token="<unk>")))
    if added:
        (folder / "added_tokens.json").write_text(json.dumps({token: ROWS + i for i, token in enumerate(added)}))


def encode(pieces, text, ids, legacy):
    """Special tokens by their ids, what stands between them as SentencePiece has it; without `legacy` the text alone begins with a blank."""
    model, tokens = sentencepiece.SentencePieceProcessor(model_file=str(pieces)), [1]
    for i, part in enumerate(re.split("(" + "|".join(map(re.escape, ids)) + ")", text)):
        if part in ids:
            tokens.append(ids[part])
        elif part:
            tokens += model.encode(part) if legacy or i == 0 else model.encode("\n" + part)[len(model.encode("\n")):]
    return tokens


def random_state(model):
    """Nothing zero or one, the norms' weights around one."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.03 * torch.randn(parameter.shape)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def authors_name(name):
    for ours, theirs in (("model.vision_tower.", "model.vision_tower.vision_tower.vision_model."), ("model.language_model.", "model."),
                         ("model.multi_modal_projector.linear_1.", "model.mm_projector.0."),
                         ("model.multi_modal_projector.linear_2.", "model.mm_projector.2.")):
        if name.startswith(ours):
            return theirs + name[len(ours):]
    return name


def save_language_model(folder, state, text, pieces, legacy):
    (folder / "config.json").write_text(json.dumps(text | {"architectures": ["LlamaForCausalLM"]}))
    (folder / "generation_config.json").write_text(json.dumps(dict(max_length=77, eos_token_id=2, temperature=0.9, top_p=0.6)))
    torch.save({authors_name(name): tensor for name, tensor in state.items() if "language_model" in name or name == "lm_head.weight"},
               folder / "pytorch_model.bin")
    write_tokenizer(folder, pieces, legacy)


def save_tower(folder, state):
    """A whole CLIP, of which the tower is to be taken."""
    texts = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=20, max_position_embeddings=8,
                 bos_token_id=1, eos_token_id=2)
    clip = CLIPModel(CLIPConfig(text_config=texts, vision_config={k: v for k, v in TOWER.items() if k != "model_type"}, projection_dim=8))
    clip.vision_model.load_state_dict({name.removeprefix("model.vision_tower."): tensor for name, tensor in state.items() if "vision_tower" in name})
    clip.save_pretrained(folder)
    side = TOWER["image_size"]
    CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side}).save_pretrained(folder)


def split_lora(state, base, rank, alpha):
    """Adapters of all linear layers of the language model, and the weights that they and the base amount to."""
    adapter = {}
    for name, weight in base.items():
        if "language_model.layers" not in name or weight.dim() != 2:
            if "language_model" in name or name == "lm_head.weight":
                state[name] = weight
            continue
        a, b = 0.1 * torch.randn(rank, weight.shape[1]), 0.1 * torch.randn(weight.shape[0], rank)
        layer = "base_model.model." + authors_name(name).removesuffix(".weight")
        adapter |= {layer + ".lora_A.weight": a, layer + ".lora_B.weight": b}
        state[name] = weight + alpha / rank * b @ a
    return adapter


def save_shards(folder, files):
    names, weight_map = sorted(files), {}
    for i, part in enumerate((names[::2], names[1::2])):
        shard = f"pytorch_model-0000{i + 1}-of-00002.bin"
        torch.save({name: files[name] for name in part}, folder / shard)
        weight_map |= {name: shard for name in part}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(dict(metadata={}, weight_map=weight_map)))


def save_checkpoint(folder, form, config, state, base):
    """In the authors' names; `state` becomes what the files stand for."""
    of_tower = {name for name in state if "vision_tower" in name}
    if form == "lora":
        adapter = split_lora(state, base, 4, 6)
        torch.save(adapter, folder / "adapter_model.bin")
        torch.save({"base_model.model." + authors_name(name): tensor for name, tensor in state.items() if "projector" in name},
                   folder / "non_lora_trainables.bin")
        (folder / "adapter_config.json").write_text(json.dumps(
            dict(peft_type="LORA", task_type="CAUSAL_LM", r=4, lora_alpha=6, lora_dropout=0.05, bias="none", fan_in_fan_out=False,
                 init_lora_weights=True, inference_mode=True, modules_to_save=None, base_model_name_or_path="tiny/vicuna",
                 target_modules=["q_proj"])))
        return
    files = {authors_name(name): tensor for name, tensor in state.items() if name not in of_tower or config.get("unfreeze_mm_vision_tower")}
    if config.get("mm_projector_type", "linear") == "linear":
        files = {name.replace("mm_projector.0", "mm_projector"): tensor for name, tensor in files.items() if "mm_projector.2" not in name}
    if form == "projector":
        torch.save({name: tensor for name, tensor in files.items() if "projector" in name}, folder / "mm_projector.bin")
        return
    if form == "delta":
        for name, weight in base.items():
            if name in state and ("language_model" in name or name == "lm_head.weight"):
                delta = files[authors_name(name)] = files[authors_name(name)].clone()
                delta[:len(weight)] -= weight
                sums = delta.clone()
                sums[:len(weight)] += weight
                state[name] = sums
    files["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(5)  # of old checkpoints
    if form == "safetensors":
        save_file({name: tensor.contiguous() for name, tensor in files.items()}, folder / "model.safetensors", {"format": "pt"})
    elif form == "shards":
        save_shards(folder, files)
    else:
        torch.save(files, folder / "pytorch_model.bin")


def make_model(config, rows, image_token):
    is_next = config.get("image_aspect_ratio") == "anyres"
    config_class, model_class = ((LlavaNextConfig, LlavaNextForConditionalGeneration) if is_next else
                                 (LlavaConfig, LlavaForConditionalGeneration))
    linear = config.get("mm_projector_type", "linear") == "linear"
    text = (MISTRAL if config["model_type"] == "llava_mistral" else TEXT) | dict(vocab_size=rows)
    fields = dict(image_grid_pinpoints=[[height, width] for width, height in GRID]) if is_next else {}
    return model_class(config_class(
        vision_config=AutoConfig.for_model(**TOWER), text_config=AutoConfig.for_model(**text), image_token_index=image_token,
        vision_feature_layer=config.get("mm_vision_select_layer", -2), projector_hidden_act="linear" if linear else "gelu",
        vision_feature_select_strategy="full" if config.get("mm_vision_select_feature") == "cls_patch" else "default",
        image_seq_length=16 + (config.get("mm_vision_select_feature") == "cls_patch"), **fields)).eval()


def grown(state, rows):
    def grow(weight):
        mean = weight.float().mean(0, keepdim=True).to(weight.dtype)
        return torch.cat([weight, mean.expand(rows - len(weight), -1)])
    return {name: grow(tensor) if name.endswith(("embed_tokens.weight", "lm_head.weight")) else tensor for name, tensor in state.items()}


def make_image_processor(config, pinpoints):
    side = TOWER["image_size"]
    size = dict(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    if config.get("image_aspect_ratio") == "anyres":
        return LlavaNextImageProcessor(**size, image_grid_pinpoints=pinpoints)
    return LlavaImageProcessor(**size, do_pad=True) if config.get("image_aspect_ratio") == "pad" else CLIPImageProcessor(**size)


def write_reference(folder, model, processor, prompt, encoded, image_token, dtype):
    images = pictures(7)
    for i, image in enumerate(images):
        image.save(folder / f"picture{i}.png")
    tensors, record = {}, dict(prompts=[], image_token=image_token, dtype=str(dtype).removeprefix("torch."),
                               chats=[dict(turns=[["user", "What is this?", [0]]], prompt=prompt)])
    for i, (which, text) in enumerate([([j], prompt) for j in range(len(SIZES))] + [([], "hello there")]):
        ids, inputs = encoded(text), {}
        if which:
            inputs = dict(processor(images=[images[which[0]]], return_tensors="pt"))
            output = model.get_image_features(**{k: v for k, v in inputs.items() if k in ("pixel_values", "image_sizes")})
            features = output.pooler_output[0].reshape(-1, output.pooler_output[0].shape[-1])
            place = ids.index(image_token)
            ids = ids[:place] + [image_token] * len(features) + ids[place + 1:]
            tensors[f"features{i}"] = features
        tensors[f"ids{i}"] = torch.tensor([ids])
        tensors[f"logits{i}"] = model(input_ids=tensors[f"ids{i}"], **inputs).logits
        record["prompts"].append(dict(pictures=which, text=text))
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, folder / "reference.safetensors")
    (folder / "reference.json").write_text(json.dumps(record))


def write_case(out, name, tower, bases, pieces):
    directory, fields, prompt, form = CASES[name]
    folder = out / name
    checkpoint = folder / directory
    checkpoint.mkdir(parents=True, exist_ok=True)
    marked = fields.get("mm_use_im_start_end", False)
    legacy = fields.get("mm_projector_type") is None or form in ("projector", "lora")
    rows, dtype = ROWS + 3 * marked, torch.float16 if name in ("v15", "delta") else torch.float32
    text = MISTRAL if fields["model_type"] == "llava_mistral" else TEXT
    config = text | dict(
        architectures=["LlavaMistralForCausalLM" if "mistral" in fields["model_type"] else "LlavaLlamaForCausalLM"], vocab_size=rows,
        mm_vision_tower="tiny/clip", mm_hidden_size=TOWER["hidden_size"], mm_vision_select_layer=-2, mm_vision_select_feature="patch",
        use_mm_proj=True, mm_use_im_start_end=False, _name_or_path="tiny/vicuna" if form == "projector" else "./checkpoints/tiny") | fields
    if name != "delta":
        config.setdefault("mm_use_im_patch_token", False)

    image_token, grown_rows = rows, 384
    state = random_state(make_model(fields, rows, 0))
    if not fields.get("unfreeze_mm_vision_tower"):
        state |= tower
    if fields.get("mm_projector_type") is None:
        state["model.multi_modal_projector.linear_2.weight"] = torch.eye(TEXT["hidden_size"])
        state["model.multi_modal_projector.linear_2.bias"] = torch.zeros(TEXT["hidden_size"])
    base = bases["llama" if form == "delta" else "vicuna"]
    if form == "projector":
        state |= {key: value for key, value in base.items() if "language_model" in key or key == "lm_head.weight"}
    if form == "delta":  # fine-tuned: near the base
        for key, weight in base.items():
            if "language_model" in key or key == "lm_head.weight":
                state[key][:len(weight)] = weight + 0.05 * torch.randn(weight.shape)
        base = {key: value.to(dtype) for key, value in base.items()}
    state = {key: value.to(dtype) for key, value in state.items()}
    save_checkpoint(checkpoint, form, config, state, base)
    (checkpoint / "config.json").write_text(json.dumps(config))
    if form not in ("projector", "lora"):
        write_tokenizer(checkpoint, pieces, legacy, SPECIAL if name == "v1" else ())
        (checkpoint / "generation_config.json").write_text(json.dumps(dict(max_length=99, eos_token_id=2, pad_token_id=0)))

    state = grown(state, grown_rows)
    model = make_model(fields, grown_rows, image_token)
    model.load_state_dict(state)  # in fp32: rotary frequencies lose digits on a way through fp16
    model.config.save_pretrained(folder / "expected")
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "expected/model.safetensors")
    ids = ({token: ROWS + i for i, token in enumerate(SPECIAL)} if marked else {}) | {"<image>": image_token}
    with torch.no_grad():
        processor = make_image_processor(fields, [[height, width] for width, height in GRID])
        write_reference(folder, model, processor, prompt, lambda text: encode(pieces, text, ids, legacy), image_token, dtype)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "llava_original"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.manual_seed(11)
    pieces = out / "tokenizer.model"
    train_tokenizer(pieces)
    bases = {}
    for name in ("vicuna", "llama"):
        bases[name] = random_state(make_model(dict(model_type="llava"), ROWS, 0))
        save_language_model(snapshot(out / "hub", "tiny/" + name), bases[name], TEXT, pieces, legacy=True)
    tower = {name: tensor for name, tensor in bases["vicuna"].items() if "vision_tower" in name}
    save_tower(snapshot(out / "hub", "tiny/clip"), tower)
    for name in CASES:
        write_case(out, name, tower, bases, pieces)


if __name__ == "__main__":
    main()
