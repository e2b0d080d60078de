#!/usr/bin/env python3
"""Judges the embedded models on pictures of the second renderer: names, colour-name pairs, the agent's counts, captions, texts
that match or do not, and questions, as one table.

  judge.py --omma build/release/apps/omma                # 200 pictures, a few minutes
  judge.py --only captions --captioner out/captioner/model  # one row, of another model
  judge.py --count 20 --floor names=.5 --floor "agent, cameras=.5"  # status 1 where a row's first figure is below its floor

Each row twice: as the world is described, and by cameras (see camera.py). Captions and matching are of pictures with at most three
objects. The folder of --out keeps the pictures, and figures.json the whole answers of `omma eval`.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from captions import named_objects

RENDERER = Path(__file__).with_name("render.py")
THRESHOLD = "0.37"  # of the figures in omma's README
ROWS = ["names", "pairs", "all names", "agent", "captions", "matching", "retrieval", "questions"]


class Judge:
    def __init__(self, options, folder):
        self.options, self.folder, self.figures = options, folder, {}

    def draw(self, kind, *arguments):
        subprocess.run([sys.executable, RENDERER, "--seed", str(self.options.seed), "--count", str(self.options.count),
                        "--out", self.folder / kind, *arguments], check=True)

    def evaluate(self, name, *arguments):
        command = [self.options.omma, "eval", *arguments, "--json", "--quiet", "--threads", str(self.options.threads)]
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.figures[name] = json.loads(answer)
        return self.figures[name]

    def detection(self, name, labels, *arguments):
        figures = self.evaluate(name, "detection", "--model", self.options.detector, "--data", f"coco:{labels}",
                                "--threshold", THRESHOLD, *arguments)
        counts = figures["counting_overall"]
        return {"AP50": figures["ap50"], "F1": figures["f1"], "count exact": counts["exact"], "blind": counts["blind_exact"],
                "fires on absent": figures["absent_rate"]}

    def agent(self, name, questions):
        counts = self.evaluate(name, "agent", "--detector", self.options.detector, "--captioner", self.options.captioner,
                               "--answerer", self.options.answerer, "--data", f"jsonl:{questions}")["counting_overall"]
        return {"count exact": counts["exact"], "blind": counts["blind_exact"]}

    def captions(self, name, pictures):
        answers = self.folder / f"{name}.jsonl"
        figures = self.evaluate(name, "caption", "--model", self.options.captioner, "--data", f"coco:{pictures / 'captions.json'}",
                                "--answers", answers)
        present = objects_of(pictures / "annotations.json")
        told = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
        exact = sum(named_objects(answer["caption"]) == present[answer["key"]] for answer in told)
        return {"exact scene": exact / len(told), "CIDEr-D": figures["cider"]}

    def matching(self, name, pictures):
        """How often the true caption scores higher than the one with a fault."""
        figures = self.evaluate(name, "matching", "--model", self.options.matcher, "--data", f"webdataset:{pictures / 'matching.tar'}",
                                "--split", "")
        return {"separated": figures["all"]["separated"], "by colour": figures["color"]["separated"],
                "by name": figures["name"]["separated"], "accepted": figures["all"]["accepted"], "refused": figures["all"]["refused"]}

    def retrieval(self, name, pictures):
        figures = self.evaluate(name, "retrieval", "--model", self.options.matcher, "--data", f"coco:{pictures / 'captions.json'}")
        return {"text R@1": figures["tr1"], "picture R@1": figures["ir1"], "by contrast": figures["itc_tr1"],
                "picture": figures["itc_ir1"]}

    def questions(self, name, questions):
        figures = self.evaluate(name, "vqa", "--model", self.options.answerer, "--data", f"jsonl:{questions}")
        return {"accuracy": figures["accuracy"], "majority": figures["majority"], "grey picture": figures["blind"]}

    def rows(self):
        """Names with their figures, the first of which floors are about."""
        for kind, suffix, arguments in (("plain", "", []), ("cameras", ", cameras", ["--cameras"])):
            many, few = self.folder / kind, self.folder / f"{kind}-few"
            measures = {
                "names": lambda name: self.detection(name, many / "annotations.json", "--phrases", "6"),
                "pairs": lambda name: self.detection(name, many / "pairs.json", "--phrases", "6"),
                "all names": lambda name: self.detection(name, many / "annotations.json"),
                "agent": lambda name: self.agent(name, many / "counts.jsonl"),
                "captions": lambda name: self.captions(name, few),
                "matching": lambda name: self.matching(name, few),
                "retrieval": lambda name: self.retrieval(name, few),
                "questions": lambda name: self.questions(name, many / "questions.jsonl"),
            }
            self.draw(many.name, *arguments)
            self.draw(few.name, "--most-objects", "3", *arguments)
            for row in self.options.only or ROWS:
                yield row + suffix, measures[row](row + suffix)


def objects_of(annotations):
    """Of each picture how many there are of each colour and name."""
    labels = json.loads(annotations.read_text(encoding="utf-8"))
    names = {picture["id"]: picture["file_name"] for picture in labels["images"]}
    present = {name: Counter() for name in names.values()}
    for item in labels["annotations"]:
        present[names[item["image_id"]]][item["attributes"]["color"], item["attributes"]["name"]] += 1
    return present


def print_table(rows):
    show = lambda value: "-" if value is None else f"{value:.3f}"
    for name, figures in rows:
        print(f"{name:20}" + "".join(f"{title:>16} {show(value)}" for title, value in figures.items()))


def below(rows, floors):
    reached = {name: next(iter(figures.values())) for name, figures in rows}
    return [f"{name}: expected at least {floor}, got {reached[name]:.3f}" for name, floor in floors if reached[name] < floor]


def floor(text):
    name, value = text.split("=")
    return name, float(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--detector", default="grounding-dino-nano")
    parser.add_argument("--captioner", default="blip-nano-caption")
    parser.add_argument("--matcher", default="blip-nano-itm")
    parser.add_argument("--answerer", default="blip-nano-vqa")
    parser.add_argument("--only", choices=ROWS, action="append", help="this row; repeat for several")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--floor", type=floor, action="append", default=[], metavar="NAME=X", help="least first figure of a row")
    parser.add_argument("--out", type=Path, help="keep the pictures and the figures here; an empty folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        judge = Judge(options, folder)
        rows = list(judge.rows())
        (folder / "figures.json").write_text(json.dumps(judge.figures, indent=1) + "\n", encoding="utf-8")
    print_table(rows)
    if failures := below(rows, options.floor):
        sys.exit("; ".join(failures))


if __name__ == "__main__":
    main()
