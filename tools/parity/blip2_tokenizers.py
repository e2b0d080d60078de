"""The tokenizers of BLIP-2's language models, T5's Unigram and OPT's BPE, and what the `tokenizers` library makes of hard texts.

Writes, in the form that tokenizer.py describes,
  OUT/tokenizers/<name>/  tokenizer.json, or what a directory without one has (spiece.model; vocab.json and merges.txt), and
                          expected.json
  OUT/tokenizers/charsmap.json  as characters.json: SentencePiece's rules nmt_nfkc in base64, what they make of each code point,
                                and the classes of those that share a grapheme cluster with a letter before (joins_left) or after
                                them (joins_right, below U+3000)

Reference: tokenizers 0.23.3, sentencepiece 0.2.3 (trained models and their rules), transformers 5.23 (directories). No network.
"""

import argparse
import base64
import json
import random
import shutil
import struct
import tempfile
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import sentencepiece
from tokenizer import WORDS, corpus, extras, gpt2, hard_texts, ranges, record, write_json
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import GPT2Tokenizer, T5Tokenizer, convert_slow_tokenizer

EXTRA_IDS = 100
# Rules that take a letter with the mark behind it, remove, lengthen and shorten: from => to, code points in hexadecimal.
ODD_RULES = """61\t58
65 301\t65
e9\t65 301 301
301\t
4e2d\t
bd\t31 2044 32
1f600\t3a 29
d\t20
430 431 432\t433
2581\t5f
"""


def more_texts(rng):
    texts = [
        "a\r\nb\r\n\r\nc", "\r\n", "\r", "a\u0301b\u0308\u0301c", "\u0301\u0301a\u0301", "中中a中", "中", "½½½", "é\u0301é", "e\u0301\u0301", "абв а\u0301бв",
        "1\ufe0f\u20e3 2\ufe0f", "©\u200d© ©\u200da", "\u0600a \u0600\u0301", "a\u200da a\u200ca", "\u200b\u200b", "\ufeffa", "\u2028\u2029", " \u00a0 \u3000 ",
        "<extra_id_0> and <extra_id_1>.", "a<extra_id_42>b <extra_id_99>", " <extra_id_7> ", "<extra_id_100>", "</s><pad><unk>", "a <unk> b<unk>c", "<sep>a <sep> b",
        "▁", "▁▁", "a▁b", "▁a ▁ b▁", " ▁ ", "a  b   c", " a", "  a", "a ", "a  ", "\ta\n", "ﬁﬀ™½①㌀ﷺ", "ＡＢＣ ｶﾞ", "ǅ ẛ̣ ﬃ", "가각", "\u1100\u1161\u11a8",
        "the thethe xyz xyzxyz a xyzb é中 é中é oo dog o d ka kakak",
        "question: what color is the cat? answer:", "Question: how many dogs? Answer: 2", "a photo of", "unbelievableunbelievableunbelievable",
    ]
    for symbol in ["-", "=", "a", "é", "中", "😀", "ab"]:
        texts += [symbol * count for count in (2, 3, 5, 6, 7, 9, 11, 13, 17, 23, 31, 57, 64, 100, 333, 1000)]
    alphabet = "aé½中😀\r\n\u0301\u0308\u200d\u0600абв▁ <>_-eX©ﬁ™"
    texts += ["".join(rng.choice(alphabet) for _ in range(rng.randint(1, 16))) for _ in range(400)]
    return texts


def all_texts():
    return hard_texts(random.Random(7)) + more_texts(random.Random(8))


# SentencePiece's models.


def wire_fields(data):
    """(number, value) of a protocol buffer's fields: a number of a varint, bytes of the others."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(tag & 7) or varint()
        yield tag >> 3, data[at : at + size]
        at += size


def read_model(path):
    """What transformers' SentencePieceExtractor has of a model, which takes the package protobuf to read it."""
    pieces, trainer, normalizer = [], {}, {}
    for number, value in wire_fields(Path(path).read_bytes()):
        if number == 1:
            piece = dict(wire_fields(value))
            pieces.append(SimpleNamespace(piece=piece[1].decode(), score=struct.unpack("<f", piece.get(2, bytes(4)))[0], type=piece.get(3, 1)))
        elif number == 2:
            trainer = dict(wire_fields(value))
        elif number == 3:
            normalizer = dict(wire_fields(value))
    return SimpleNamespace(
        pieces=pieces,
        trainer_spec=SimpleNamespace(unk_id=trainer.get(40, 0), model_type=trainer.get(3, 1), byte_fallback=bool(trainer.get(35, 0))),
        normalizer_spec=SimpleNamespace(precompiled_charsmap=normalizer.get(2, b"")))


def lines(rng):
    yield from corpus(rng)
    for _ in range(1500):  # words without blanks, for longer pieces, and runs
        yield "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 3))) + " " + rng.choice("-=.a") * rng.randint(1, 12)


def train(folder, rule="nmt_nfkc", rules=None, **options):
    """Writes folder/spiece.model and returns what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        table.write(rules or "")
        table.flush()
        rule = {"normalization_rule_tsv": table.name} if rules else {"normalization_rule_name": rule}
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(list(lines(random.Random(5)))), model_prefix=str(folder / "spiece"), vocab_size=900, hard_vocab_limit=False,
            model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, character_coverage=0.995, minloglevel=2, num_threads=1, **rule, **options)
    (folder / "spiece.vocab").unlink()
    return read_model(folder / "spiece.model")


# Tokenizers.


def scores_of(model):
    return [(piece.piece, piece.score) for piece in model.pieces]


def t5_template(tokenizer):
    tokenizer.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)])


def t5(model):
    """As T5's tokenizer.json: an older transformers wrote it."""
    tokenizer = Tokenizer(models.Unigram(scores_of(model) + [(f"<extra_id_{i}>", 0.0) for i in reversed(range(EXTRA_IDS))], 2, False))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    t5_template(tokenizer)
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"] + [f"<extra_id_{i}>" for i in range(EXTRA_IDS)])
    return tokenizer


def flan_t5(model):
    """As transformers 4 converts spiece.model."""
    tokenizer = t5(model)
    steps = [normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def first_with_bytes(model):
    """Unknown characters as bytes, a mark before the text alone, no cut at blanks, added tokens of every kind."""
    tokenizer = Tokenizer(models.Unigram(scores_of(model) + [(f"<0x{byte:02X}>", 0.0) for byte in range(256)], 2, True))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    tokenizer.add_tokens(extras())
    return tokenizer


def never_with_some_bytes(model):
    tokenizer = Tokenizer(models.Unigram(scores_of(model) + [(f"<0x{byte:02X}>", -1.0) for byte in range(0xF0)], 2, True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    return tokenizer


def odd_rules(model):
    tokenizer = t5(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.add_tokens(extras())
    return tokenizer


def trained():
    """The library's own trainer; whole texts as words."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=700, special_tokens=["<unk>", "<s>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(list(lines(random.Random(3))), trainer)
    tokenizer.pre_tokenizer = None
    return tokenizer


def ties(rng):
    """Scores whose sums tie on paper: the order of the sums and their last bits decide."""
    float32 = lambda value: struct.unpack("f", struct.pack("f", value))[0]
    pieces = [("<unk>", 0.0)]
    for symbol in ["-", "=", "a", "é", "ab", "😀", " "]:
        pieces += [(symbol * count, float32(-rng.uniform(4, 13))) for count in (1, 2, 3, 4, 5, 8)]
    tokenizer = Tokenizer(models.Unigram(pieces, 0, False))
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def positive():
    """Unknown characters score better than pieces that they spell."""
    pieces = [("<unk>", 150.0), ("a", 300.0), ("ab", 310.0), ("ka", 449.0), (" ", 200.0)] + [(word, 160.0) for word in ["the", "é中", "xyz", "o d", "中a"]]
    return Tokenizer(models.Unigram(pieces, 0, False))


def opt():
    """As in BLIP-2's directories: GPT-2's words behind </s>, and <image>."""
    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
                                  special_tokens=["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.train_from_iterator(list(lines(random.Random(3))), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", pair="</s> $A $B:1", special_tokens=[("</s>", 2)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<image>", normalized=False, special=True)])
    return tokenizer


# Directories.


def token_of_config(content):
    return {"__type": "AddedToken", "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True}


OPT_CONFIG = {
    "errors": "replace", "unk_token": token_of_config("</s>"), "bos_token": token_of_config("</s>"), "eos_token": token_of_config("</s>"),
    "pad_token": token_of_config("<pad>"), "add_prefix_space": False, "add_bos_token": True, "tokenizer_class": "GPT2Tokenizer"}


def write_vocabulary(folder, tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    folder.mkdir(exist_ok=True)
    write_json(folder / "vocab.json", model["vocab"])
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")


def write_directories(out, texts):
    texts = [text for text in texts if len(text) < 500]
    expect = lambda folder, loaded: write_json(folder / "expected.json", record(loaded.backend_tokenizer, texts))
    convert_slow_tokenizer.SentencePieceExtractor.__init__ = lambda self, model: setattr(self, "proto", read_model(model))

    folder = out / "t5_spiece"
    train(folder, user_defined_symbols=["<sep>", "<image>"], control_symbols=["<ctl>"])
    expect(folder, T5Tokenizer.from_pretrained(str(folder)))

    folder = out / "t5_spiece_few"
    shutil.copytree(out / "t5_spiece", folder, dirs_exist_ok=True)
    config = {"extra_ids": 3, "tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    write_json(folder / "tokenizer_config.json", config)
    expect(folder, T5Tokenizer.from_pretrained(str(folder)))

    folder = out / "opt_files"
    write_vocabulary(folder, opt())
    image = {"content": "<image>", "lstrip": True, "rstrip": False, "single_word": False, "normalized": False, "special": True}
    tokens = {str(opt().token_to_id(name)): dict(image, content=name, lstrip=False, normalized=True) for name in ("<pad>", "</s>")}
    size = opt().get_vocab_size(with_added_tokens=False)
    write_json(folder / "tokenizer_config.json", OPT_CONFIG | {"added_tokens_decoder": tokens | {str(size): image}})
    expect(folder, GPT2Tokenizer.from_pretrained(str(folder)))

    folder = out / "opt_files_old"  # from before added_tokens_decoder
    write_vocabulary(folder, opt())
    write_json(folder / "tokenizer_config.json", OPT_CONFIG)
    write_json(folder / "special_tokens_map.json", {name: "</s>" for name in ("bos_token", "eos_token", "unk_token")} | {"pad_token": "<pad>"})
    write_json(folder / "added_tokens.json", {"<image>": size, "extra1": size + 1})
    expect(folder, GPT2Tokenizer.from_pretrained(str(folder)))

    folder = out / "gpt2_files"
    write_vocabulary(folder, gpt2(random.Random(11), texts))
    write_json(folder / "tokenizer_config.json", {"model_max_length": 1024})
    expect(folder, GPT2Tokenizer.from_pretrained(str(folder)))


# SentencePiece's rules.


def charsmap(blob):
    rules = normalizers.Precompiled(blob)
    every = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
    changed = {c: rules.normalize_str(chr(c)) for c in every}
    # A rule for the first character of a short cluster takes the whole cluster.
    letter = normalizers.Precompiled(compile_rules({c: "X" for c in "a"}))
    joins_left = [c for c in every if c >= 0x80 and letter.normalize_str("a" + chr(c)) == "X"]
    prefixes = [c for c in every if 0x80 <= c < 0x3000]
    joins_right = []
    for begin in range(0, len(prefixes), 1000):
        part = prefixes[begin : begin + 1000]
        first = normalizers.Precompiled(compile_rules({chr(c): "X" for c in part}))
        joins_right += [c for c in part if first.normalize_str(chr(c) + "a") == "X"]
    return {"charsmap": base64.b64encode(blob).decode(), "assigned": ranges(every),
            "forms": {"nmt_nfkc": {str(c): s for c, s in changed.items() if s != chr(c)}},
            "classes": {"joins_left": ranges(joins_left), "joins_right": ranges(joins_right)}}


def compile_rules(rules):
    """A precompiled_charsmap of {from: to}, without NUL: a double array of states in blocks of 256, and the replacements."""
    trie, blob = {}, b""
    for source, target in rules.items():
        node = trie
        for byte in source.encode():
            node = node.setdefault(byte, {})
        node[0] = len(blob)
        blob += target.encode() + b"\0"
    units, states = {0: 0}, set()

    def place(node, at, label):
        state = at + 1
        while state in states or any(state ^ byte in units for byte in node) or (at ^ state) >= 1 << 21:
            state += 1
        states.add(state)
        units.update({state ^ byte: 0 for byte in node})
        units[at] = (at ^ state) << 10 | (0 in node) << 8 | label
        for byte, child in node.items():
            if byte == 0:
                units[state] = child | 1 << 31
            else:
                place(child, state ^ byte, byte)

    place(trie, 0, 0)
    array = [units.get(i, 0) for i in range((max(units) | 0xFF) + 1)]
    return struct.pack(f"<{len(array) + 1}I", 4 * len(array), *array) + blob


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    out = parser.parse_args().out / "tokenizers"
    texts = all_texts()
    with tempfile.TemporaryDirectory() as temporary:
        model = train(Path(temporary) / "model", user_defined_symbols=["<sep>"])
        folded = train(Path(temporary) / "folded", rule="nmt_nfkc_cf")
        odd = train(Path(temporary) / "odd", rules=ODD_RULES)
    built = {"t5": t5(model), "flan_t5": flan_t5(model), "unigram_first_bytes": first_with_bytes(folded), "unigram_never_some_bytes": never_with_some_bytes(model),
             "unigram_odd_rules": odd_rules(odd), "unigram_trained": trained(), "unigram_ties": ties(random.Random(3)), "unigram_positive": positive(), "opt": opt()}
    for name, tokenizer in built.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        reloaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
        write_json(folder / "expected.json", record(reloaded, texts))
        print(f"{name}: {reloaded.get_vocab_size()} tokens")
    write_directories(out, texts)
    write_json(out / "charsmap.json", charsmap(model.normalizer_spec.precompiled_charsmap))


if __name__ == "__main__":
    main()
