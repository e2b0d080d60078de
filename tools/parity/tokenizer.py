"""Tokenizers and what the `tokenizers` library makes of a hard text set: tokenizer.json files with expected ids, offsets and decodes.

Writes OUT/tokenizers/<name>/tokenizer.json (and, for BERT, vocab.txt) and expected.json:
  cases:   [{text, special, ids, offsets (in characters), type_ids, template, decoded, decoded_all}]
  plain:   [{text, ids}], encoded with special tokens in the text read as text
OUT/tokenizers/texts.json, characters.json (what each code point becomes) and malformed.json (bytes and Python's replacement).

Reference: tokenizers 0.23.3, transformers 5.23. No network.
"""

import argparse
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

WORDS = """a the two red blue green small large box ball dog cat person car tree house left right of above below is are in on what
which how many picture photo shows describe where who and not don't isn't it's we'll they've I'm you'd running played unbelievable
tokenization internationalization straße naïve café Ελλάδα привет мир こんにちは 世界 你好 안녕하세요 مرحبا שלום नमस्ते สวัสดี
1 2 3 10 42 1999 3.14 1,000,000 x=y+1 http://example.com/a?b=c&d=e user@example.com #tag $5 50% C++ e.g. etc.""".split()


def corpus(rng):
    for _ in range(1500):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 14))]
        yield rng.choice([" ", " ", " ", "  ", "\n"]).join(words) + rng.choice(["", ".", "?", "!", " .", "\n"])


def hard_texts(rng):
    texts = [
        "", " ", "  ", "\n", "\t\n ", "a", " a", "a ", "  a  b  ", "Hello, world!", "hello world", "HELLO WORLD", "Hello   World",
        "don't can't won't I'm we'll they've he'd it's 'S 'LL 'ſ IT'S", "a\nb\r\nc\rd\n\n\ne", " \n \n", "tab\tseparated\tvalues",
        "e\u0301a\u0300o\u0308 \u00e9\u00e0\u00f6 \u1e9b\u0323 \u0041\u030a\u0327 q\u0323\u0307 q\u0307\u0323 \u1e69", "\u0301leading mark", "a\u0301\u1df6\u0323 o\U00010f46\u0323\u0302 u\u0323\u0301\u0308 u\u0308\u0323",
        "ÀÉÎÕÜ àéîõü ÇŞŁØĐ", "straße STRASSE ẞ", "İstanbul ISTANBUL ıi", "ΑΣ Σ ΟΔΟΣ ς", "ﬁ ﬂ ﬀ Å K Ω ½ ² ① ㌀ ﷺ", "\u212b\u2126\u1e9b\u0323\u1ff7",
        "한국어 각 ᄀ\u1161\u11a8 \u1100\u1161", "你好，世界！", "日本語テキストと漢字カナ", "中abc文 def中", "𠀀𪜀𫝀𫠠 豈丽", "мир Привет ёлка Й",
        "مرحبا بالعالم", "שָׁלוֹם עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "\u202eright to left\u202c mixed \u200fabc\u200e",
        "👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 ❤️ 🏳️‍🌈 ☺ 😀😃", "a😀b", "𝓗𝓮𝓵𝓵𝓸 𝟙𝟚𝟛", "zero\u200bwidth\u200cjoin\u200der\ufeffbom", "nbsp\u00a0here\u2003em\u3000ideographic\u180emvs",
        "control \x01\x02\x1f\x7f\x80\x85\x9f end", "nul\x00nul \x00", "\ufffd replacement \ufffd\ufffd", "\ue000private\uf8ff \U000f0000",
        "\u0378unassigned\u0e7f \U000e0fff", "\U0010ffff\U0001ffff\ufdd0", "line\u2028sep\u2029para\x0bvt\x0cff", "x\u0085y",
        "3.14159 1,000,000 12345678901234567890 ١٢٣ ४५६ Ⅷ ⅷ ¼", "a1b2c3 v2.0-beta", "foo_bar-baz.qux/quux\\corge", "!!??..,,;;::''\"\"``~~",
        "<>[]{}()@#$%^&*-_=+|", "« quote » “smart” ‘single’ – — … ‽ ⸘ ¿¡", "¢£¥€©®™°±×÷", "https://example.com/path?x=1&y=2#frag", "user.name+tag@example.co.uk",
        "def f(x):\n    return x ** 2  # comment\n\n\nclass A:\n\tpass", "    indented", "trailing   ", "mixed \t \n \t spaces", "\u2581meta\u2581space\u2581", "▁ ▁a",
        "##piece ## #", "Ġspace Ċ ĉ", "<0x41><0xE4> <0x0A>", "[CLS] in text [SEP] [MASK] [PAD] [UNK]", "[cls] [sep]", "a[MASK]b [MASK] c",
        "<s>begin</s> <unk> <pad>", "<image>\nWhat is this?", "text<image>text <image> <image><image>", "</s></s>", "<|endoftext|>", "<|endoftext|><|endoftext|> a",
        "hello <mask> world", "a<mask>b", "  <mask>  ", "<|eot|>x <|eot|>", "extra1 extra12 extra1.", "EXTRA1 Extra2", "wordextra1word", "extra1", "fancyé FANCYÉ fancye\u0301",
        "a cat. a dog. two small red balls ? what ?", "the unbelievable tokenization of internationalization", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ab" * 60,
        "a" * 10000, "ab" * 5000, "é" * 10000, "中" * 3000, "😀" * 2500, " " * 10000, "\n" * 5000, "the " * 2500, "a " * 5000, "'s" * 5000, "." * 10000, "e\u0301" * 5000,
        "x" + "\u0301" * 3000, "\u0323\u0307" * 2000, "word" * 24 + "x", "w" * 100, "w" * 101, "é" * 100, "é" * 101,
    ]
    alphabet = "abcXYZ 019.,!?'\"-_\n\t\r éÉßñçøåİıſǅσς中文日本한국안مرحבשन्ह\u0301\u0308\u0323\u200b\u200d\u00a0\u3000\u2581<>[]#/\\😀👩🏽\u0000\x07\ufffd\u202e½²①ﬁÅ"
    for _ in range(400):
        texts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 40))))
    pieces = WORDS + [" ", "  ", "\n", "[SEP]", "<s>", "</s>", "<image>", "<|endoftext|>", "<mask>", "extra1", "fancyé", "[MASK]", "<0x41>", "▁", "##s", "中", "é", "."]
    for _ in range(300):
        texts.append("".join(rng.choice(pieces) + rng.choice(["", " ", ""]) for _ in range(rng.randint(1, 12))))
    for _ in range(150):  # any assigned character
        texts.append("".join(chr(rng.choice([c for c in (rng.randint(1, 0x2FFF), rng.randint(0xA000, 0xD7FF), rng.randint(0xF900, 0xFFFF), rng.randint(0x10000, 0x1FAFF))])) for _ in range(12)))
    return [text for text in texts if not uses_late_characters(text)]


# utf8proc 2.8 knows Unicode 15; the library's \p{L} and case mapping know 16 and later. Characters in between are left out.
LATE = [(0x897, 0x897), (0x1C89, 0x1C8A), (0xA7CB, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4), (0xA7DA, 0xA7DC), (0xA7F1, 0xA7F1), (0x2FFC, 0x2FFF), (0x31E4, 0x31EF),
        (0x2427, 0x2429), (0x10500, 0x1FFFF)]


def uses_late_characters(text):
    import unicodedata  # of Python 3.11: Unicode 14

    return any(unicodedata.category(c) == "Cn" and any(a <= ord(c) <= b for a, b in LATE) for c in text)


def extras():
    return [
        AddedToken("extra1", normalized=True),
        AddedToken("extra2", normalized=True, single_word=True),
        AddedToken("fancyé", normalized=True, rstrip=True),
        AddedToken("<image>", normalized=False, special=True),
        AddedToken("<|eot|>", normalized=False, special=True, lstrip=True, rstrip=True),
        AddedToken("[MASK]", normalized=False, special=True, lstrip=True),
    ]


def bert(rng, texts, lowercase=True, **normalizer):
    vocab = {}
    for token in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]:
        vocab[token] = len(vocab)
    letters = sorted({c for t in WORDS for c in (t.lower() if lowercase else t)} | set("abcdefghijklmnopqrstuvwxyz0123456789.,!?'\"-_[]#<>é中日本語😀½"))
    for token in letters + ["##" + c for c in letters] + WORDS + ["##ing", "##ization", "un", "##believ", "##able", "hello", "world", "token"]:
        vocab.setdefault(token.lower() if lowercase else token, len(vocab))
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, **normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def bert_with_extras(rng, texts):
    tokenizer = bert(rng, texts)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_tokens(extras())
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


def byte_level(rng, texts, pre_tokenizer, post_processor, size=900, **bpe):
    tokenizer = Tokenizer(models.BPE(**bpe))
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
                                  special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<|endoftext|>"])
    tokenizer.train_from_iterator(corpus(rng), trainer)
    tokenizer.post_processor = post_processor
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def gpt2(rng, texts):
    tokenizer = byte_level(rng, texts, pre_tokenizers.ByteLevel(add_prefix_space=False), processors.ByteLevel(trim_offsets=False))
    tokenizer.add_tokens(extras())
    return tokenizer


def roberta(rng, texts):
    tokenizer = byte_level(rng, texts, pre_tokenizers.ByteLevel(add_prefix_space=True), processors.RobertaProcessing(("</s>", 2), ("<s>", 0)))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    return tokenizer


def llama3(rng, texts):
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3_SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    post = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)])])
    tokenizer = byte_level(rng, texts, split, post, ignore_merges=True)
    tokenizer.add_tokens(extras())
    return tokenizer


def qwen(rng, texts):
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = byte_level(rng, texts, split, processors.ByteLevel(trim_offsets=True, add_prefix_space=False))
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def sentencepiece(rng, texts, bytes_=True, legacy=True, size=800, **bpe):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=bytes_, **bpe))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=True)
    special = ["<unk>", "<s>", "</s>"] + ([f"<0x{b:02X}>" for b in range(256)] if bytes_ else [])
    trainer = trainers.BpeTrainer(vocab_size=size + 256 * bytes_, special_tokens=special, show_progress=False, limit_alphabet=90)
    tokenizer.train_from_iterator(corpus(rng), trainer)
    if bytes_:  # byte tokens are ordinary tokens of the model, not added ones
        state = json.loads(tokenizer.to_str())
        state["added_tokens"] = state["added_tokens"][:3]
        tokenizer = Tokenizer.from_str(json.dumps(state))
    if legacy:  # LLaMA-2's: normalizers write the marks, no pre-tokenizer
        tokenizer.pre_tokenizer = None
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", "<image>", "<pad>"])
    return tokenizer


def llama2(rng, texts):
    tokenizer = sentencepiece(rng, texts, fuse_unk=True)
    tokenizer.add_tokens([AddedToken("extra1", normalized=True), AddedToken("<|eot|>", special=True, normalized=False, lstrip=True, rstrip=True)])
    return tokenizer


def metaspace(rng, texts):
    tokenizer = sentencepiece(rng, texts, legacy=False)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(replacement="▁", prepend_scheme="first")])
    return tokenizer


def metaspace_unknown(rng, texts, fuse):
    tokenizer = sentencepiece(rng, texts, bytes_=False, legacy=False, fuse_unk=fuse)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(True, True)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def pieces(rng, texts, normalizer, pre_tokenizer, **bpe):
    """BPE over characters with the given steps; no decoder, no template."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", **bpe))
    tokenizer.pre_tokenizer = pre_tokenizer
    affixes = {name: bpe[name] for name in ("continuing_subword_prefix", "end_of_word_suffix") if name in bpe}
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=["[UNK]"], show_progress=False, limit_alphabet=120, **affixes)
    tokenizer.train_from_iterator(corpus(rng), trainer)
    tokenizer.normalizer = normalizer
    return tokenizer


def build_all():
    P, N = pre_tokenizers, normalizers
    built = {
        "bert_uncased": bert,
        "bert_cased": lambda r, t: bert(r, t, lowercase=False),
        "bert_accents": lambda r, t: bert(r, t, strip_accents=False),
        "bert_raw": lambda r, t: bert(r, t, lowercase=False, strip_accents=True, clean_text=False, handle_chinese_chars=False),
        "bert_extras": bert_with_extras,
        "gpt2": gpt2, "roberta": roberta, "llama3": llama3, "qwen": qwen, "llama2": llama2, "metaspace": metaspace,
        "unknown_fused": lambda r, t: metaspace_unknown(r, t, True),
        "unknown_single": lambda r, t: metaspace_unknown(r, t, False),
        "prefix_suffix": lambda r, t: pieces(r, t, N.NFD(), P.Whitespace(), continuing_subword_prefix="##", end_of_word_suffix="</w>"),
        "whitespace": lambda r, t: pieces(r, t, N.Sequence([N.NFKD(), N.StripAccents(), N.Lowercase()]), P.Whitespace()),
        "whitespace_split": lambda r, t: pieces(r, t, N.NFC(), P.Sequence([P.WhitespaceSplit(), P.Punctuation(), P.Digits(individual_digits=True)])),
        "digits": lambda r, t: pieces(r, t, N.Strip(True, False), P.Sequence([P.Digits(individual_digits=False), P.Punctuation("contiguous")])),
    }
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        built["split_" + behavior] = lambda r, t, b=behavior: pieces(r, t, N.Strip(False, True), P.Split(" ", b))
        built["split_invert_" + behavior] = lambda r, t, b=behavior: pieces(r, t, None, P.Split(Regex(r"\w+|[^\w\s]"), b, invert=True))
    built["split_empty_matches"] = lambda r, t: pieces(r, t, N.Replace(Regex(r"x*"), "-"), P.Split(Regex(r"\s*"), "isolated"))
    return built


def record(tokenizer, texts):
    cases, plain = [], []
    for text in texts:
        for special in (True, False) if len(text) < 500 else (True,):
            e = tokenizer.encode(text, add_special_tokens=special)
            cases.append({"text": text, "special": special, "ids": e.ids, "offsets": e.offsets, "type_ids": e.type_ids, "template": e.special_tokens_mask,
                          "decoded": tokenizer.decode(e.ids, skip_special_tokens=True), "decoded_all": tokenizer.decode(e.ids, skip_special_tokens=False)})
    tokenizer.encode_special_tokens = True
    for text in texts:
        if len(text) < 500 and ("<" in text or "[" in text):
            plain.append({"text": text, "ids": tokenizer.encode(text).ids})
    tokenizer.encode_special_tokens = False
    return {"cases": cases, "plain": plain}


def characters():
    """What single code points become, those up to Unicode 15; as ranges of equal answers where the answer is a class."""
    N, P = normalizers, pre_tokenizers
    import unicodedata

    every = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
    classes = {
        "control": lambda c: N.BertNormalizer(handle_chinese_chars=False, strip_accents=False, lowercase=False).normalize_str("a" + c + "b") == "ab",
        "nonspacing_mark": lambda c: N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False).normalize_str("a" + c + "b") == "ab",
        "cjk": lambda c: N.BertNormalizer(clean_text=False, strip_accents=False, lowercase=False).normalize_str(c) == " " + c + " ",
        "mark": lambda c: N.StripAccents().normalize_str("a" + c + "b") == "ab",
        "punctuation": lambda c: len(P.Punctuation().pre_tokenize_str("a" + c + "b")) == 3,
        "number": lambda c: len(P.Digits(individual_digits=True).pre_tokenize_str("a" + c + "b")) == 3,
        "white_space": lambda c: len(P.WhitespaceSplit().pre_tokenize_str("a" + c + "b")) == 2,
        "word": lambda c: len(P.Whitespace().pre_tokenize_str("a" + c + "b")) == 1,
    }
    for name, expression in {"regex_l": r"\p{L}", "regex_n": r"\p{N}", "regex_s": r"\s", "regex_w": r"\w", "regex_p": r"\p{P}", "regex_lu": r"\p{Lu}"}.items():
        split = P.Split(Regex(expression), "isolated")
        classes[name] = lambda c, s=split: len(s.pre_tokenize_str("\x01" + c + "\x01")) == 3
    out = {"assigned": ranges(every), "classes": {name: ranges(c for c in every if test(chr(c))) for name, test in classes.items()}, "forms": {}}
    for name, form in {"lower": N.Lowercase(), "nfc": N.NFC(), "nfd": N.NFD(), "nfkc": N.NFKC(), "nfkd": N.NFKD()}.items():
        changed = {c: form.normalize_str(chr(c)) for c in every}
        out["forms"][name] = {str(c): s for c, s in changed.items() if s != chr(c)}
    return out


def ranges(codes):
    out = []
    for c in codes:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def malformed(rng):
    cases = [bytes([a]) for a in range(256)] + [bytes([a, b]) for a in range(0x80, 256) for b in (0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)]
    cases += [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"a\xe4\xb8b\xf0\x9f\x98c", b"\xef\xbb\xbfbom"]
    for _ in range(3000):
        cases.append(bytes(rng.choice([rng.randrange(256), rng.choice(b"a\x80\xbf\xc2\xe0\xed\xef\xf0\xf4\xa0\x9f\x90\x8f")]) for _ in range(rng.randint(1, 12))))
    return [{"hex": c.hex(), "text": c.decode("utf-8", errors="replace")} for c in cases]


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    out = parser.parse_args().out / "tokenizers"
    out.mkdir(parents=True, exist_ok=True)
    texts = hard_texts(random.Random(7))
    for name, build in build_all().items():
        tokenizer = build(random.Random(11), texts)
        folder = out / name
        folder.mkdir(exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        reloaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
        write_json(folder / "expected.json", record(reloaded, texts))
        print(f"{name}: {reloaded.get_vocab_size()} tokens")
    write_vocab_txt(out)
    write_json(out / "characters.json", characters())
    write_json(out / "malformed.json", malformed(random.Random(5)))


def write_vocab_txt(out):
    """A directory with vocab.txt alone, as transformers' BERT reads it."""
    from transformers import BertTokenizerFast

    vocab = Tokenizer.from_file(str(out / "bert_cased/tokenizer.json")).get_vocab()
    for name, lower in (("vocab_txt_cased", False), ("vocab_txt_uncased", True)):
        folder = out / name
        folder.mkdir(exist_ok=True)
        (folder / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.get)) + "\n", encoding="utf-8")
        write_json(folder / "tokenizer_config.json", {"do_lower_case": lower, "tokenizer_class": "BertTokenizer"})
        tokenizer = BertTokenizerFast.from_pretrained(str(folder)).backend_tokenizer
        write_json(folder / "expected.json", record(tokenizer, hard_texts(random.Random(7))))


if __name__ == "__main__":
    main()
