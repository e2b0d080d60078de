"""What LLaVA's training makes of dialogues and of a batch.

Writes OUT/llava_training/:
  NAME/              a tokenizer: tokenizer.model, tokenizer_config.json, added_tokens.json (<image>) and the same as tokenizer.json.
                     "tokenizer" is cut as Vicuna 1.5's (USER is one piece, " USER" two), "legacy" has the same pieces and the older
                     reading of text after special tokens, "split" has no piece for USER.
  labels.json        [{name, tokenizer, template (as the authors name it), conversations, has_image, model_max_length, prompt, input_ids,
                     labels, masked_whole, warning, same_with_json}]: what the authors' data set and collator give, -200 for the picture,
                     -100 where nothing is learned. same_with_json: tokenizer.json, which cannot say all that the authors' tokenizer
                     does, gives the same ids. Runs in an environment of its own (tools/requirements-llava.txt)
  one_step/CASE/     a model directory of transformers; batch.safetensors (what the model is given, its logits and the loss);
                     gradients.safetensors, under the directory's names, of all but the frozen tower

    python tools/parity/llava_training.py --out build/parity
"""

import argparse
import contextlib
import io
import json
import random
import subprocess
import sys
import types
from importlib import metadata
from pathlib import Path

import torch
from PIL import Image

OTHER_PYTHON = Path(__file__).resolve().parents[2] / ".venv-llava/bin/python"
AUTHORS = Path(sys.prefix) == OTHER_PYTHON.parents[1]
if AUTHORS:  # started with -P: else our llava.py would be found first
    from llava import conversation
    from llava.train import train
    from transformers import LlamaTokenizer
    assert metadata.version("llava-torch") == "1.2.2.post1"  # export.sh runs this anew when this changes
else:
    import sentencepiece
    from llava import IMAGE_TOKEN, TEXT, TOWER, make_processor, make_tokenizer
    from safetensors.torch import load_file, save_file
    from tokenizer import WORDS
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import AutoConfig, LlavaConfig, LlavaForConditionalGeneration
    from transformers.convert_slow_tokenizer import generate_merges

# name: (has the piece USER, legacy)
TOKENIZERS = {"tokenizer": (True, False), "legacy": (True, True), "split": (False, False)}
LIMIT = 2048
LONG = "The picture shows a small red box on the left of a large blue ball, and below it a green tree. " * 3
WHAT, BOX = "What is in the picture?", "A red box."
MORE = ["Which colour is the ball?", "It is blue.", "How many trees are there?", "There are 3 trees."]
# name: (shows a picture, [model_max_length if not LIMIT,] turns: the human's first)
V1 = {
    "picture": (True, ["<image>\n" + WHAT, BOX]),
    "text": (False, [WHAT, BOX]),
    "two_rounds": (True, ["<image>\n" + WHAT, BOX, *MORE[:2]]),
    "three_rounds": (True, ["<image>\n" + WHAT, BOX, *MORE]),
    "three_rounds_of_text": (False, [WHAT, BOX, *MORE]),
    "image_last": (True, [WHAT + "\n<image>", BOX]),
    "image_in_the_middle": (True, ["What is this <image> in the picture?", BOX, *MORE[:2]]),
    "image_alone": (True, ["<image>", BOX]),
    "image_twice_in_a_turn": (True, ["<image> and <image>\nWhat differs?", BOX]),
    "image_in_the_second_round": (True, [*MORE[:2], "<image>\n" + WHAT, BOX]),
    "image_in_the_answer": (True, ["<image>\n" + WHAT, "A box <image> is red."]),
    "image_as_text": (False, ["What does <image> say?", BOX]),
    "blanks_around_the_question": (True, ["<image>\n  " + WHAT + "  ", BOX]),
    "blanks_around_a_text_question": (False, ["  " + WHAT + "  ", BOX, " \n" + MORE[0], MORE[1]]),
    "answer_begins_with_a_blank": (True, ["<image>\n" + WHAT, " " + BOX, MORE[0], "  " + MORE[1]]),
    "answer_begins_with_a_newline": (True, ["<image>\n" + WHAT, "\n" + BOX, MORE[0], "\n\n" + MORE[1]]),
    "answer_begins_with_a_tab": (False, [WHAT, "\t" + BOX, MORE[0], MORE[1]]),
    "answer_begins_with_a_digit": (True, ["<image>\nHow many?", "3", MORE[0], "42 balls."]),
    "answer_ends_with_blanks": (True, ["<image>\n" + WHAT, BOX + " \n", MORE[0], MORE[1] + "  "]),
    "unicode": (True, ["<image>\nWas ist das? 世界", "Ελλάδα 世界 😀.", "e\u0301\u00e9?", "über"]),
    "mark_of_the_blank": (False, [WHAT, "a\u2581b \u2581 c", *MORE[:2]]),
    "empty_answer": (True, ["<image>\n" + WHAT, ""]),
    "empty_answer_first": (False, [WHAT, "", *MORE[:2]]),
    "blank_answer": (True, ["<image>\n" + WHAT, " ", *MORE[:2]]),
    "empty_question": (False, ["", BOX]),
    "assistant_in_the_answer": (True, ["<image>\n" + WHAT, "He said: ASSISTANT: yes.", *MORE[:2]]),
    "assistant_in_the_question": (False, ["What does ASSISTANT: mean?", BOX]),
    "assistant_in_the_second_round": (False, [WHAT, BOX, "What does ASSISTANT: mean?", BOX]),
    "assistant_begins_the_answer": (False, [WHAT, "ASSISTANT: yes."]),
    "user_in_the_texts": (True, ["<image>\nUSER: " + WHAT, "USER: hello USER: a", "Is USER: a role?", "USER"]),
    "end_in_the_answer": (True, ["<image>\n" + WHAT, "A</s> box."]),
    "end_ends_the_answer": (False, [WHAT, BOX + "</s>", *MORE[:2]]),
    "end_in_the_question": (False, ["What is </s> here?", BOX]),
    "begin_in_the_answer": (False, [WHAT, "A <s> box.", *MORE[:2]]),
    "unknown_in_the_answer": (False, [WHAT, "An <unk> box.", *MORE[:2]]),
    "unknown_in_a_picture's": (True, ["<image>\n" + WHAT, "An <unk> box."]),
    "assistant_first": (False, [None, "Hello!", WHAT, BOX]),
    "no_last_answer": (True, ["<image>\n" + WHAT, BOX, MORE[0]]),
    "text_cut_in_the_answer": (False, 110, [WHAT, LONG]),
    "picture_cut_in_the_answer": (True, 110, ["<image>\n" + WHAT, LONG]),
    "text_cut_in_the_second_round": (False, 140, [WHAT, BOX, WHAT, LONG]),
    "picture_cut_in_the_second_round": (True, 140, ["<image>\n" + WHAT, BOX, WHAT, LONG]),
    "text_cut_before_the_answer": (False, 110, [LONG, BOX]),
    "picture_cut_before_the_answer": (True, 110, ["<image>\n" + LONG, BOX]),
    "picture_cut_away": (True, 60, [WHAT + "\n<image>", BOX]),
    "cut_and_mismatched": (True, 110, ["<image>\n" + LONG, "He said: ASSISTANT: yes."]),
    "cut_after_three_rounds": (False, 150, [WHAT, BOX, *MORE, LONG, BOX]),
}
PLAIN = {
    "caption": (True, ["<image>", "a red box on a table"]),
    "question_too": (True, ["Describe the picture.\n<image>", BOX]),
    "blank": (True, ["<image>", " a red box "]),
    "newline": (True, ["<image>", "\na red box\n"]),
    "digit": (True, ["<image>", "3 boxes"]),
    "unicode": (True, ["<image>", "世界 😀"]),
    "empty": (True, ["<image>", ""]),
    "end": (True, ["<image>", "a red</s> box"]),
    "image": (True, ["<image>", "a red <image> box"]),
    "cut": (True, 40, ["<image>", LONG]),
}
OTHERS = {
    "picture": (True, ["<image>\n" + WHAT, BOX]),
    "two_rounds": (True, [WHAT + "\n<image>", BOX, *MORE[:2]]),
    "three_rounds_of_text": (False, [WHAT, BOX, *MORE]),
    "odd_answers": (False, [WHAT, " " + BOX, MORE[0], "### [/INST] a </s>"]),
    "empty_answer": (True, ["<image>\n" + WHAT, "", *MORE[:2]]),
    "cut": (True, 420, ["<image>\n" + WHAT, BOX, WHAT, 5 * LONG]),
    "text_cut": (False, 420, [WHAT, BOX, WHAT, 5 * LONG]),
}
DIALOGUES = {"v1": V1, "plain": PLAIN} | dict.fromkeys(["llava_v1", "v1_mmtag", "llama_2", "llava_llama_2", "llava_v0", "v0_mmtag"], OTHERS)
BATCH = [(1, 9), (0, 14), (1, 5)]  # pictures and text tokens
CASES = {"separate": dict(num_key_value_heads=2), "tied": dict(tie_word_embeddings=True)}


def corpus(rng, has_user):
    """Words as everywhere, and the roles' and templates' so that pieces are cut as in LLaMA's: USER, but not " USER"."""
    roles = ["US", "US", "TUSER" if has_user else "ERA", "A", "ASS", "SST", "IST", "ANT", "INST", "Human", "Assistant"]
    words = WORDS + roles * 3 + LONG.split() + " ".join([WHAT, BOX, *MORE]).split()
    for _ in range(2500):
        line = [rng.choice(words) for _ in range(rng.randint(1, 14))]
        yield rng.choice([" ", " ", " ", "  ", "\n"]).join(line) + rng.choice(["", ".", "?", "!", " .", "\n", ":"])


def write_tokenizer(folder, has_user, legacy):
    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=corpus(random.Random(5), has_user), model_prefix=str(folder / "tokenizer"), vocab_size=800, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True, character_coverage=0.99, max_sentence_length=100_000, minloglevel=2)
    (folder / "tokenizer.vocab").unlink()
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert model.encode("USER", out_type=str) == ["\u2581US", "ER"]
    pieces = {model.id_to_piece(i): i for i in range(len(model))}
    assert has_user == ("USER" in pieces)
    merges = generate_merges(pieces, {piece: model.get_score(i) for piece, i in pieces.items()}, ("<unk>", "<s>", "</s>"))
    tokenizer = Tokenizer(models.BPE(vocab=pieces, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    if legacy:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(content=" ", left=1)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("<unk>", "<s>", "</s>", "<image>")])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "added_tokens.json").write_text(json.dumps({"<image>": len(model)}))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        dict(tokenizer_class="LlamaTokenizer", legacy=legacy, add_bos_token=True, add_eos_token=False, bos_token="<s>", eos_token="</s>",
             unk_token="<unk>", pad_token="<unk>", padding_side="right", model_max_length=LIMIT)))


class Listening(LlamaTokenizer if AUTHORS else object):
    def __call__(self, text, **options):
        self.heard = [*getattr(self, "heard", []), text if isinstance(text, str) else text[0]]
        return super().__call__(text, **options)


def labels_of(folder, legacy, template, name, has_image, *limit_and_turns):
    limit, turns = limit_and_turns if len(limit_and_turns) == 2 else (LIMIT, *limit_and_turns)
    said = [{"from": ("human", "gpt")[i % 2], "value": value} for i, value in enumerate(turns) if value is not None]
    tokenizer = Listening(str(folder / "tokenizer.model"), legacy=legacy, pad_token="<unk>", model_max_length=limit, padding_side="right")
    conversation.default_conversation = conversation.conv_templates[template]
    file, picture = folder / "dialogue.json", folder / "dialogue.png"
    file.write_text(json.dumps([{"conversations": said} | ({"image": picture.name} if has_image else {})]))
    Image.new("RGB", (4, 4)).save(picture)
    arguments = train.DataArguments(is_multimodal=True, image_folder=str(folder))
    arguments.mm_use_im_start_end = False
    arguments.image_processor = types.SimpleNamespace(crop_size=dict(height=2, width=2),
                                                      preprocess=lambda image, return_tensors: {"pixel_values": [torch.zeros(3, 2, 2)]})
    data = train.LazySupervisedDataset(data_path=str(file), tokenizer=tokenizer, data_args=arguments)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        sample = data[0]
        batch = train.DataCollatorForSupervisedDataset(tokenizer)([sample])
    prompt = "<image>".join(tokenizer.heard[:1 + sample["input_ids"].tolist().count(-200)])  # the whole is read first, in pieces
    file.unlink()
    picture.unlink()
    labels = batch["labels"][0].tolist()
    return dict(name=name, tokenizer=folder.name, template=template, conversations=said, has_image=has_image, model_max_length=limit,
                prompt=prompt, input_ids=batch["input_ids"][0].tolist(), labels=labels, masked_whole=set(labels) == {-100},
                warning=printed.getvalue().strip() or None)


def ids_of(record, tokenizer):
    pieces = [tokenizer.encode(piece).ids for piece in (record["prompt"].split("<image>") if record["has_image"] else [record["prompt"]])]
    return (pieces[0] + [i for piece in pieces[1:] for i in [-200, *piece[1:]]])[:record["model_max_length"]]


def make_batch(seed):
    """Right-padded; a question, the pictures' places, and an answer that is learned."""
    generator = torch.Generator().manual_seed(seed)
    places = (TOWER["image_size"] // TOWER["patch_size"])**2
    longest = max(pictures * places + words for pictures, words in BATCH)
    ids, labels = torch.zeros(len(BATCH), longest, dtype=torch.long), torch.full((len(BATCH), longest), -100)
    mask = torch.zeros_like(ids)
    for row, (pictures, words) in enumerate(BATCH):
        text = torch.randint(3, IMAGE_TOKEN, (words - 1,), generator=generator)
        whole = torch.cat([torch.tensor([1]), text[:2], torch.full((pictures * places,), IMAGE_TOKEN), text[2:]])
        ids[row, :len(whole)], mask[row, :len(whole)] = whole, 1
        answer = slice(len(whole) - words // 2, len(whole))
        labels[row, answer] = whole[answer]
    labels[1, 3:5] = ids[1, 3:5]  # two answers
    pixels = torch.randn(sum(pictures for pictures, _ in BATCH), 3, TOWER["image_size"], TOWER["image_size"], generator=generator)
    return dict(input_ids=ids, attention_mask=mask, labels=labels, pixel_values=pixels)


def gradients_of(model, batch):
    model.zero_grad()
    output = model(**batch)
    output.loss.backward()
    return output, {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.requires_grad}


def write_one_step(folder, text, seed):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = LlavaConfig(vision_config=AutoConfig.for_model(**TOWER), text_config=AutoConfig.for_model(**TEXT | text),
                         image_token_index=IMAGE_TOKEN, image_seq_length=(TOWER["image_size"] // TOWER["patch_size"])**2,
                         tie_word_embeddings=text.get("tie_word_embeddings", False))
    model = LlavaForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():  # what starts at zero or one would hide errors
            parameter += 0.03 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    make_processor(config, "crop", make_tokenizer()).save_pretrained(folder)
    model.model.vision_tower.requires_grad_(False)
    batch = make_batch(seed)
    output, gradients = gradients_of(model.eval(), batch)
    model.activation_checkpointing_enable()
    others = [gradients_of(model.train(), batch)]
    model.activation_checkpointing_disable()
    others.append(gradients_of(model, batch))
    for other, found in others:  # in training, with recomputation and without
        assert torch.equal(other.loss, output.loss) and all(torch.equal(found[name], value) for name, value in gradients.items())
    saved, names = load_file(folder / "model.safetensors"), {}
    for name, value in model.named_parameters():
        names[name], = [key for key, tensor in saved.items() if tensor.shape == value.shape and torch.equal(tensor, value)]
    save_file(batch | {"loss": output.loss.detach(), "logits": output.logits.detach()}, folder / "batch.safetensors")
    save_file({names[name]: value for name, value in gradients.items()}, folder / "gradients.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "llava_training"
    if AUTHORS:
        records = [labels_of(out / tokenizer, legacy, template, name, *dialogue) for tokenizer, (_, legacy) in TOKENIZERS.items()
                   for template, dialogues in DIALOGUES.items() for name, dialogue in dialogues.items()]
        (out / "labels.json").write_text(json.dumps(records))
        return
    for name, (has_user, legacy) in TOKENIZERS.items():
        write_tokenizer(out / name, has_user, legacy)
    for seed, (name, text) in enumerate(CASES.items()):
        write_one_step(out / "one_step" / name, text, seed)
    subprocess.run([OTHER_PYTHON, "-P", "-W", "ignore", __file__, "--out", out.parent], check=True)
    records = json.loads((out / "labels.json").read_text())
    tokenizers = {name: Tokenizer.from_file(str(out / name / "tokenizer.json")) for name in TOKENIZERS}
    for record in records:
        record["same_with_json"] = ids_of(record, tokenizers[record["tokenizer"]]) == record["input_ids"]
    (out / "labels.json").write_text(json.dumps(records))


if __name__ == "__main__":
    main()
