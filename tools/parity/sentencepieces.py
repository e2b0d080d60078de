"""A SentencePiece model trained as LLaMA's was, and what the library makes of the tokenizers' hard text set.

Writes OUT/sentencepiece/tokenizer.model, tokenizer_config.json, added_tokens.json and expected.json [{text, ids, decoded}].

    python tools/parity/sentencepieces.py --out build/parity
"""

import argparse
import json
import random
from pathlib import Path

import sentencepiece
from tokenizer import corpus, hard_texts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "sentencepiece"
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(5)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(list(corpus(rng))), model_prefix=str(out / "tokenizer"), vocab_size=900, model_type="bpe", byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
        character_coverage=0.995, max_sentence_length=100_000, minloglevel=2)
    (out / "tokenizer.vocab").unlink()
    (out / "tokenizer_config.json").write_text(json.dumps(dict(legacy=False, add_bos_token=True, add_eos_token=False)))
    (out / "added_tokens.json").write_text(json.dumps({"<image>": 900}))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(out / "tokenizer.model"))
    texts = [text for text in hard_texts(rng) if len(text) < 3000 and "\0" not in text]
    cases = []
    for text in texts:
        ids = processor.encode(text)
        cases.append(dict(text=text, ids=ids, decoded=processor.decode(ids)))
    (out / "expected.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
