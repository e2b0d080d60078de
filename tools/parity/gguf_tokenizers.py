"""Vocabularies as GGUF files hold them, and what the libraries that made them make of the tokenizers' hard text set.

Writes OUT/gguf_tokenizers/<name>.json: {vocabulary: {model, pre, tokens, ...: the metadata under "tokenizer.ggml."},
cases: [{text, ids, decoded: unless the library lacks a token, plain: ids where special tokens are text, if it may have any}]}.

The byte-level ones have the pre-tokenizer set by hand, as the models' own tokenizer.json does; of llama.cpp's default, which is no
model's, as llama.cpp's source has it. Every seventh merge is lost, so that some tokens are made only where merges are ignored.

Reference: tokenizers 0.23.3, sentencepiece 0.2.3. No network.
"""

import argparse
import json
import random
import re
import tempfile
from pathlib import Path

import sentencepiece
from tokenizer import LLAMA3_SPLIT, byte_level, corpus, hard_texts, write_json
from tokenizers import AddedToken, Regex, Tokenizer, pre_tokenizers, processors

TEKKEN_SPLIT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4


def byte_level_rules():
    P = pre_tokenizers
    bytes_, words = P.ByteLevel(add_prefix_space=False, use_regex=False), P.ByteLevel(add_prefix_space=False)
    split = lambda expression: P.Split(Regex(expression), "isolated")
    return {
        "default": P.Sequence([split(r"[\p{P}\$\+<=>\^~\|]+"), split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"),
                               split(r"\p{N}+"), split("[0-9][0-9][0-9]"), bytes_]),
        "gpt-2": words,
        "llama-bpe": P.Sequence([split(LLAMA3_SPLIT), bytes_]),
        "smollm": P.Sequence([P.Digits(individual_digits=True), words]),
        "tekken": P.Sequence([split(TEKKEN_SPLIT), bytes_]),
    }


# What differs from file to file, beside the template that follows.
OPTIONS = {
    "default": ({}, "$A"),
    "gpt-2": ({"add_bos_token": False, "add_eos_token": True}, "$A </s>"),
    "llama-bpe": ({}, "<s> $A"),
    "smollm": ({"add_bos_token": False}, "$A"),
    "tekken": ({"add_bos_token": True, "add_eos_token": True}, "<s> $A </s>"),
}


def trained(pre, pre_tokenizer):
    tokenizer = byte_level(random.Random(11), [], pre_tokenizer, None, ignore_merges=pre in ("llama-bpe", "tekken"))
    state = json.loads(tokenizer.to_str())
    state["model"]["merges"] = [merge for i, merge in enumerate(state["model"]["merges"]) if i % 7 != 3]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in ("extra1", "fancyé", "   ", "\n\n")])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("<image>", "<mask>", "[MASK]")])
    tokenizer.post_processor = processors.TemplateProcessing(single=OPTIONS[pre][1], special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def byte_level_vocabulary(pre, tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    types = {id: CONTROL if token.special else USER_DEFINED for id, token in tokenizer.get_added_tokens_decoder().items()}
    ids = range(tokenizer.get_vocab_size())
    return {"model": "gpt2", "pre": pre, "tokens": [tokenizer.id_to_token(id) for id in ids], "token_type": [types.get(id, NORMAL) for id in ids],
            "merges": [" ".join(merge) for merge in model["merges"]], "bos_token_id": 0, "eos_token_id": 2} | OPTIONS[pre][0]


def byte_level_cases(tokenizer, texts):
    cases = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
        if len(text) < 500 and ("<" in text or "[" in text):
            tokenizer.encode_special_tokens = True
            cases[-1]["plain"] = tokenizer.encode(text).ids
            tokenizer.encode_special_tokens = False
    return cases


def sentencepiece_model(folder, blank):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(list(corpus(random.Random(5)))), model_prefix=str(folder / "model"), vocab_size=900, model_type="bpe", byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        add_dummy_prefix=blank, character_coverage=0.995, max_sentence_length=100_000, minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "model.model"))


def sentencepiece_vocabulary(processor, blank):
    def type_of(id):
        tests = {2: processor.is_unknown, 3: processor.is_control, 5: processor.is_unused, 6: processor.is_byte}
        return next((number for number, test in tests.items() if test(id)), NORMAL)

    ids = range(processor.get_piece_size())
    vocabulary = {"model": "llama", "pre": "default", "tokens": [processor.id_to_piece(id) for id in ids], "scores": [processor.get_score(id) for id in ids],
                  "token_type": [type_of(id) for id in ids]}
    vocabulary["tokens"] += ["<image>", "extra1"]
    vocabulary["scores"] += [-1000.0, -1000.0]
    vocabulary["token_type"] += [CONTROL, USER_DEFINED]
    return vocabulary if blank else vocabulary | {"add_space_prefix": False, "add_eos_token": True, "eos_token_id": 2}


def sentencepiece_cases(processor, vocabulary, texts):
    """Special tokens part the text, as in llama.cpp; the library has what lies between them."""

    def cut(text, parts):
        added = [id for id, kind in enumerate(vocabulary["token_type"]) if kind in parts]
        tokens = {vocabulary["tokens"][id]: id for id in added}
        ids = [1]
        for part in re.split("(" + "|".join(map(re.escape, tokens)) + ")", text):
            ids += [tokens[part]] if part in tokens else processor.encode(part) if part else []
        return ids + [2] * vocabulary.get("add_eos_token", False)

    cases = []
    for text in texts:
        ids = cut(text, (2, CONTROL, USER_DEFINED))
        cases.append({"text": text, "ids": ids})
        if max(ids) < processor.get_piece_size():
            cases[-1]["decoded"] = processor.decode([id for id in ids if not processor.is_control(id) and not processor.is_unknown(id)])
        if "<" in text:
            cases[-1]["plain"] = cut(text, (USER_DEFINED,))
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    out = parser.parse_args().out / "gguf_tokenizers"
    out.mkdir(parents=True, exist_ok=True)
    texts = hard_texts(random.Random(7))
    for pre, rules in byte_level_rules().items():
        tokenizer = trained(pre, rules)
        write_json(out / f"{pre.replace('-', '_')}.json", {"vocabulary": byte_level_vocabulary(pre, tokenizer), "cases": byte_level_cases(tokenizer, texts)})
    texts = [text for text in texts if len(text) < 3000 and "\0" not in text]
    for name, blank in (("llama", True), ("llama_no_blank", False)):
        with tempfile.TemporaryDirectory() as folder:
            processor = sentencepiece_model(Path(folder), blank)
        vocabulary = sentencepiece_vocabulary(processor, blank)
        write_json(out / f"{name}.json", {"vocabulary": vocabulary, "cases": sentencepiece_cases(processor, vocabulary, texts)})


if __name__ == "__main__":
    main()
