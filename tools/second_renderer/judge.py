#!/usr/bin/env python3
"""Judges the embedded models on pictures of the second renderer: names, colour-name pairs, and the agent's counts, as one table.

  judge.py --omma build/release/apps/omma                # 200 pictures, a few minutes
  judge.py --count 20 --floor names=.5 --floor "agent, cameras=.5"  # status 1 where a figure is below its floor

Each row twice: as the world is described, and by cameras (see camera.py). The folder of --out keeps the pictures, and figures.json the
whole answers of `omma eval`.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

RENDERER = Path(__file__).with_name("render.py")
THRESHOLD = "0.37"  # of the figures in omma's README


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
        figures = self.evaluate(name, "detection", "--model", self.options.detector, "--data", f"coco:{self.folder / labels}",
                                "--threshold", THRESHOLD, *arguments)
        counts = figures["counting_overall"]
        return name, figures["ap50"], figures["f1"], counts["exact"], counts["blind_exact"], figures["absent_rate"]

    def agent(self, name, questions):
        figures = self.evaluate(name, "agent", "--detector", self.options.detector, "--data", f"jsonl:{self.folder / questions}")
        counts = figures["counting_overall"]
        return name, None, None, counts["exact"], counts["blind_exact"], None

    def rows(self):
        for kind, suffix, arguments in (("plain", "", []), ("cameras", ", cameras", ["--cameras"])):
            self.draw(kind, *arguments)
            yield self.detection("names" + suffix, f"{kind}/annotations.json", "--phrases", "6")
            yield self.detection("pairs" + suffix, f"{kind}/pairs.json", "--phrases", "6")
            yield self.detection("all names" + suffix, f"{kind}/annotations.json")
            yield self.agent("agent" + suffix, kind)


def print_table(rows):
    show = lambda value: "" if value is None else f"{value:.3f}"
    print(f"{'':20}{'AP50':>10}{'F1':>10}{'count exact':>14}{'blind':>10}{'absent':>10}")
    for name, ap50, f1, exact, blind, absent in rows:
        print(f"{name:20}{show(ap50):>10}{show(f1):>10}{show(exact):>14}{show(blind):>10}{show(absent):>10}")


def below(rows, floors):
    """AP50 of a detector, the agent's share of exact counts."""
    reached = {name: exact if ap50 is None else ap50 for name, ap50, _, exact, *_ in rows}
    return [f"{name}: expected at least {floor}, got {reached[name]:.3f}" for name, floor in floors if reached[name] < floor]


def floor(text):
    name, value = text.split("=")
    return name, float(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--detector", default="grounding-dino-nano")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--floor", type=floor, action="append", default=[], metavar="NAME=X", help="least AP50, or share of exact counts, of a row")
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
