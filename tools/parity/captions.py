"""Random and hand-made caption sets judged by pycocoevalcap: OUT/captions/cases.json, tokens in, BLEU and CIDEr-D out.

The tokens are given (Stanford's tokenizer needs Java), so that the figures alone are compared.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider

WORDS = "a the two red blue dog dogs cat car left of on and is there 's with small surfboard pizza riding".split()


def random_text(rng, longest=14):
    return [str(word) for word in rng.choice(WORDS, int(rng.integers(1, longest)))]


def random_candidate(rng, references):
    kind = rng.random()
    if kind < 0.15:
        return random_text(rng, 20)
    words = list(references[int(rng.integers(len(references)))])
    if kind < 0.3:
        return words
    if kind < 0.35:
        return words + words  # clipped counts
    if kind < 0.4:
        return []
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(words)))
        if rng.random() < 0.5:
            words[place] = str(rng.choice(WORDS))
        elif len(words) > 1:
            del words[place]
    return words


def random_case(rng):
    pictures = []
    for _ in range(int(rng.integers(1, 13))):
        references = [random_text(rng) for _ in range(int(rng.integers(1, 6)))]
        pictures.append(dict(candidate=random_candidate(rng, references), references=references))
    return pictures


def made(*pictures):
    return [dict(candidate=candidate.split(), references=[r.split() for r in references]) for candidate, references in pictures]


HAND_MADE = [
    made(("a red dog", ["a red dog"])),  # one picture: every n-gram is in all pictures, and nothing is rare
    made(("a red dog", ["a red dog"]), ("a blue cat", ["a blue cat"])),
    made(("the the the the", ["the cat", "a cat the"]), ("a", ["a dog"])),  # clipping; no bigram at all
    made(("a b c", ["a b c d e", "a"]), ("x", ["x y"])),  # two references as close: the shorter counts
    made(("", ["a dog"]), ("a dog", ["a dog runs"])),
    made(("a b", ["c d"]), ("e f", ["g h"])),
    made(("a dog", ["", "a dog"]), ("a cat", ["a cat", "a cat", "the cat"])),
]


def judged(pictures):
    truths = {i: [" ".join(r) for r in picture["references"]] for i, picture in enumerate(pictures)}
    candidates = {i: [" ".join(picture["candidate"])] for i, picture in enumerate(pictures)}
    bleu, _ = Bleu(4).compute_score(truths, candidates, verbose=0)
    cider, ciders = Cider().compute_score(truths, candidates)
    return dict(pictures=pictures, bleu=[float(v) for v in bleu], cider=float(cider), ciders=[float(v) for v in ciders])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    folder = parser.parse_args().out / "captions"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    cases = [judged(case) for case in HAND_MADE + [random_case(rng) for _ in range(80)]]
    (folder / "cases.json").write_text(json.dumps(cases))
    print(f"{folder}: {len(cases)} cases")


if __name__ == "__main__":
    main()
