#!/usr/bin/env python3
"""What captioner and filter bring: BLIP's CapFilt on web texts whose noise is known, four arms, three paired seeds.

Per seed: pre-train on human and noisy web pairs (arm `none`), fine-tune a captioner and a filter from it separately on the human pairs,
bootstrap the web pairs, and pre-train a new model on each arm's pairs with equal steps. Trains what is not trained yet, measures what is
not measured yet, and writes docs/studies/capfilt.md with its plot. Can be stopped and started again: what is finished is skipped.
"""

import argparse
import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from statistics import mean, stdev

ARMS = ["none", "filter", "captioner", "both"]
METRICS = {"tr1": "retrieval, text of a picture, R@1", "ir1": "retrieval, picture of a text, R@1", "cider": "caption CIDEr-D"}
WEB, HUMAN, SIDE, NOISE = 20_000, 2_000, 64, 0.5
BLOCKS = range(401, 406)  # each an own seed of the world: the unit of the bootstrap beside the training seed
SCENES = 200  # of a block


def omma(options, *arguments):
    command = [options.omma, *map(str, arguments), "--threads", str(options.threads), "--quiet"]
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def once(directory, make):
    """Runs `make` unless a former run finished it."""
    if not (directory / "finished").exists():
        make()
        (directory / "finished").touch()
    return directory


def train(options, out, recipe, *settings):
    def run():
        resume = ["--resume"] if (out / "checkpoint.safetensors").exists() else []
        omma(options, "train", recipe, "--out", out, *[word for setting in settings for word in ("--set", setting)], *resume)

    return once(out, run) / "model"


def unpack(shards):
    """The shards' samples, their pictures written as files beside them; `image` is relative to the shards' parent."""
    samples, pictures = [], shards / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for shard in sorted(shards.glob("*.tar")):
        found = {}
        with tarfile.open(shard) as tar:
            for member in tar:
                key, extension = member.name.split(".", 1)
                found.setdefault(key, {})[extension] = tar.extractfile(member).read()
        for key, files in found.items():
            (pictures / f"{key}.png").write_bytes(files["png"])
            samples.append({"key": key, "image": f"{shards.name}/pictures/{key}.png"} | json.loads(files["json"]))
    return samples


def render(options, out, seed, count, noise):
    def run():
        omma(options, "render", "--seed", seed, "--count", count, "--size", SIDE, "--split", "train", "--format", "webdataset", "--noise", noise,
             "--min-objects", 1, "--max-objects", 3, "--out", out)

    return once(out, run)


def write_pairs(file, pairs):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([{"image": image, "caption": text} for image, text in pairs]))
    return f"data=blip:{file}"


def pairs_of(arm, human, web, records):
    """The pairs an arm pre-trains on. The captioner's arm adds every synthetic text, the filter's drops what the filter refuses."""
    pairs = [(sample["image"], sample["caption"]) for sample in human]
    for sample in web:
        record = records.get(sample["key"])
        if arm in ("none", "captioner") or record["web_kept"]:
            pairs.append((sample["image"], sample["caption"]))
        if arm == "captioner" or (arm == "both" and record["synthetic_kept"]):
            pairs.append((sample["image"], record["synthetic"]))
    return pairs


def measure(options, out, model, captioner):
    """Each metric on each block of unseen scenes."""
    file = out / "figures.json"
    if not file.exists():
        figures = {metric: [] for metric in METRICS}
        for seed in BLOCKS:
            data = f"world:seed={seed},count={SCENES},size={SIDE},objects=1-3,captions=exact"
            retrieval = json.loads(omma(options, "eval", "retrieval", "--model", model, "--data", data + ",references=1", "--split", "test", "--json"))
            caption = json.loads(omma(options, "eval", "caption", "--model", captioner, "--data", data + ",references=5", "--split", "test", "--json"))
            for metric in METRICS:
                figures[metric].append((retrieval | caption)[metric])
        file.write_text(json.dumps(figures) + "\n")
    return json.loads(file.read_text())


def run_seed(options, seed):
    base = options.out / f"seed-{seed}"
    human = unpack(render(options, base / "human", 1000 + seed, HUMAN, 0))
    web_shards = render(options, base / "web", 2000 + seed, WEB, NOISE)
    web = unpack(web_shards)
    pretrain, finetune = "recipes/capfilt-pretrain.json", "recipes/capfilt-finetune.json"
    human_pairs = write_pairs(base / "human.json", pairs_of("none", human, [], {}))

    def pretrained(arm, records):
        data = write_pairs(base / f"{arm}.json", pairs_of(arm, human, web, records))
        return train(options, base / arm, pretrain, f"seed={seed}", data)

    def tuned(name, start, *settings):
        return train(options, base / name, finetune, f"seed={seed}", human_pairs, f'initial_weights=["{start}"]', *settings)

    captioning = ('model.architectures=["BlipForConditionalGeneration"]', "objective.itc=0", "objective.itm=0", "objective.lm=1")
    start = pretrained("none", {})
    captioner = tuned("captioner-model", start, *captioning)
    matcher = tuned("filter-model", start)
    clean = once(base / "clean", lambda: omma(options, "bootstrap", "--data", f"webdataset:{web_shards}", "--captioner", captioner, "--filter", matcher,
                                              "--out", base / "clean", "--seed", seed, "--batch", 64))
    records = {}
    for file in sorted(clean.glob("records-*.jsonl")):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            records[record["key"]] = record
    figures = {}
    for arm in ARMS:
        model = pretrained(arm, records)
        figures[arm] = measure(options, base / arm, model, tuned(f"{arm}-caption", model, *captioning))
    return figures, json.loads((clean / "summary.json").read_text())


def interval(differences, draws=10_000):
    """95 % interval of the mean of differences[seed][block]: a bootstrap that redraws seeds and, within each, blocks."""
    rng = random.Random(0)
    means = sorted(mean(mean(rng.choices(blocks, k=len(blocks))) for blocks in rng.choices(differences, k=len(differences)))
                   for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws)]


def plot(results, seeds):
    """One panel a metric: the arms in order, the runs of a seed joined."""
    width, height, pad = 270, 240, 44
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * len(METRICS)}" height="{height}" font-family="sans-serif" '
           f'font-size="11"><rect width="100%" height="100%" fill="white"/>']
    for panel, (metric, title) in enumerate(METRICS.items()):
        left = panel * width
        values = {seed: [mean(results[seed][0][arm][metric]) for arm in ARMS] for seed in seeds}
        low, high = min(map(min, values.values())), max(map(max, values.values()))
        span = (high - low) or 1
        y_of = lambda value: height - pad - (value - low) / span * (height - 2 * pad)
        x_of = [left + 60 + 55 * i for i in range(len(ARMS))]
        svg.append(f'<text x="{left + 145}" y="20" text-anchor="middle" font-weight="bold">{title}</text>')
        for value in (low, (low + high) / 2, high):
            svg.append(f'<line x1="{left + 45}" x2="{left + 245}" y1="{y_of(value):.1f}" y2="{y_of(value):.1f}" stroke="#ddd"/>'
                       f'<text x="{left + 40}" y="{y_of(value) + 4:.1f}" text-anchor="end">{value:.3f}</text>')
        svg += [f'<text x="{x}" y="{height - 16}" text-anchor="middle">{arm}</text>' for arm, x in zip(ARMS, x_of)]
        for seed in seeds:
            points = " ".join(f"{x},{y_of(value):.1f}" for x, value in zip(x_of, values[seed]))
            svg.append(f'<polyline points="{points}" fill="none" stroke="#1f77b4"/>')
            svg += [f'<circle cx="{x}" cy="{y_of(value):.1f}" r="4" fill="#1f77b4"/>' for x, value in zip(x_of, values[seed])]
    return "\n".join(svg + ["</svg>"]) + "\n"


def page(results, seeds):
    lines = [
        "# CapFilt: none, filter, captioner, both",
        "",
        "BLIP pre-trains on web texts of which many do not describe their picture. Its bootstrap drops what a filter refuses and adds what a "
        "captioner writes. In the paper (14M pictures) retrieval R@1 on COCO goes from 78.4 / 60.7 to 80.6 / 63.1 with both, and each part "
        "alone helps less. Here is the same in small, on web texts whose noise is known.",
        "",
        f"Per seed: {HUMAN:,} human pairs (exact captions) and {WEB:,} web pairs of the picture-book world at {SIDE} px, {NOISE:.0%} of their texts "
        "wrong (two in five another picture's, two one attribute swapped, one about nothing visible). A model pre-trained on all of them "
        "(arm none) is fine-tuned on the human pairs, once as a captioner and once as a filter; `omma bootstrap` writes one caption a "
        "picture (nucleus, p .9) and scores both texts. Every arm pre-trains a new model with equal steps. Judged on "
        f"{len(BLOCKS) * SCENES:,} unseen scenes (split test, seeds {BLOCKS[0]} to {BLOCKS[-1]}); CIDEr-D after fine-tuning on the human pairs.",
        "",
        "Stated before the runs: both minus none is above 0 in every seed and at least 3 points of R@1 on average.",
        "",
    ]
    for metric, title in METRICS.items():
        lines += [f"| {title} | " + " | ".join(f"seed {seed}" for seed in seeds) + " | mean (std) |", "|---|" + "---|" * (len(seeds) + 1)]
        for arm in ARMS:
            values = [mean(results[seed][0][arm][metric]) for seed in seeds]
            spread = stdev(values) if len(values) > 1 else 0
            lines.append(f"| {arm} | " + " | ".join(f"{v:.3f}" for v in values) + f" | {mean(values):.3f} ({spread:.3f}) |")
        for arm in ARMS[1:]:
            differences = [[a - b for a, b in zip(results[seed][0][arm][metric], results[seed][0]["none"][metric])] for seed in seeds]
            low, high = interval(differences)
            verdict = "resolved" if low > 0 or high < 0 else "not resolved: the interval holds 0"
            lines += ["", f"{arm} minus none: {mean(mean(d) for d in differences):+.3f}, 95 % interval [{low:+.3f}, {high:+.3f}]; {verdict}."]
        lines.append("")
    lines += ["| the filter on web texts | " + " | ".join(f"seed {seed}" for seed in seeds) + " |", "|---|" + "---|" * len(seeds)]
    for name in ("precision", "recall"):
        lines.append(f"| {name} of what it drops | " + " | ".join(f"{results[seed][1]['web_filter'][name]:.3f}" for seed in seeds) + " |")
    lines += ["", "![The four arms](capfilt.svg)", "", "Intervals: paired bootstrap over seeds and blocks of scenes. Only sign and rough size are "
              "claimed: the models are small and trained briefly, and the world is drawn.", "", "```",
              "tools/studies/capfilt.py   # trains what is missing, measures, writes this page", "```", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--out", type=Path, default=Path("out/capfilt"), help="where the runs are kept")
    parser.add_argument("--pages", type=Path, default=Path("docs/studies"), help="where the page goes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if not Path("recipes").is_dir():
        sys.exit("run this from the project's root")
    train(options, Path("out/capfilt-vision"), "recipes/capfilt-vision.json")
    results = {seed: run_seed(options, seed) for seed in options.seeds}
    (options.pages / "capfilt.svg").write_text(plot(results, options.seeds))
    (options.pages / "capfilt.md").write_text(page(results, options.seeds))
    print(f"wrote {options.pages / 'capfilt.md'}")


if __name__ == "__main__":
    main()
