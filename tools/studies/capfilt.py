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


def unpack(shards, pictures):
    """The shards' samples, their pictures written as files."""
    samples = []
    pictures.mkdir(parents=True, exist_ok=True)
    for shard in sorted(shards.glob("*.tar")):
        found = {}
        with tarfile.open(shard) as tar:
            for member in tar:
                key, extension = member.name.split(".", 1)
                found.setdefault(key, {})[extension] = tar.extractfile(member).read()
        for key, files in found.items():
            (pictures / f"{key}.png").write_bytes(files["png"])
            samples.append({"key": key, "image": str((pictures / f"{key}.png").resolve())} | json.loads(files["json"]))
    return samples


def render(options, out, seed, count, noise):
    def run():
        omma(options, "render", "--seed", seed, "--count", count, "--size", SIDE, "--split", "train", "--format", "webdataset", "--noise", noise,
             "--objects", "1-3", "--out", out)

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
    human = unpack(render(options, base / "human", 1000 + seed, HUMAN, 0), base / "human" / "pictures")
    web_shards = render(options, base / "web", 2000 + seed, WEB, NOISE)
    web = unpack(web_shards, base / "web" / "pictures")
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--out", type=Path, default=Path("out/capfilt"), help="where the runs are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if not Path("recipes").is_dir():
        sys.exit("run this from the project's root")
    results = {seed: run_seed(options, seed) for seed in options.seeds}
    for arm in ARMS:
        print(arm, {metric: round(mean(mean(results[seed][0][arm][metric]) for seed in options.seeds), 4) for metric in METRICS})


if __name__ == "__main__":
    main()
