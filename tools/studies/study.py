"""What the studies share: trainings that are skipped once finished, a record of figures, the tables, intervals and plot of a page."""

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev


def arguments(description, name, add=lambda parser: None):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma", help="the program")
    parser.add_argument("--out", type=Path, default=Path("out") / name, help="where the runs are kept")
    parser.add_argument("--pages", type=Path, default=Path("docs/studies"), help="where the page, its plot and its figures go")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    add(parser)
    options = parser.parse_args()
    if not Path("recipes").is_dir():
        sys.exit("run this from the project's root")
    options.name = name
    return options


def omma(options, *words):
    command = [options.omma, *map(str, words), "--threads", str(options.threads), "--quiet"]
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def once(directory, make):
    """Runs `make` unless a former run finished it."""
    if not (directory / "finished").exists():
        make()
        (directory / "finished").touch()
    return directory


def train(options, out, recipe, *settings):
    """The saved model's directory; a run that was stopped goes on."""
    def run():
        resume = ["--resume"] if (out / "checkpoint.safetensors").exists() else []
        omma(options, "train", recipe, "--out", out, *[word for setting in settings for word in ("--set", setting)], *resume)

    return once(out, run) / "model"


def minutes_of(out):
    """Wall time of a training."""
    return max(json.loads(line).get("seconds", 0) for line in (out / "log.jsonl").read_text().splitlines()) / 60


def measured(options, key, make):
    """The figures of `key` from the record beside the page, measured by `make` where they are missing. The record is committed: a
    comparison goes on on another machine where it stopped on this one."""
    file = options.pages / f"{options.name}.json"
    known = lambda: json.loads(file.read_text()) if file.exists() else {}
    if key not in known():
        figures = make()
        file.write_text(json.dumps(known() | {key: figures}, indent=1, sort_keys=True) + "\n")  # read anew: others may have added
    return known()[key]


def table(title, rows, seeds, digits=3):
    """rows: {label: a value for each seed}."""
    lines = [f"| {title} | " + " | ".join(f"seed {seed}" for seed in seeds) + " | mean (std) |", "|---|" + "---|" * (len(seeds) + 1)]
    for label, values in rows.items():
        spread = stdev(values) if len(values) > 1 else 0
        lines.append(f"| {label} | " + " | ".join(f"{v:.{digits}f}" for v in values) + f" | {mean(values):.{digits}f} ({spread:.{digits}f}) |")
    return lines


def difference(label, ours, theirs, scale=1, unit=""):
    """One line on ours - theirs, both [seed][block]: the mean with the 95 % interval of a bootstrap that redraws seeds and, within
    each, blocks of scenes."""
    differences = [[a - b for a, b in zip(*blocks)] for blocks in zip(ours, theirs)]
    rng = random.Random(0)
    means = sorted(mean(mean(rng.choices(blocks, k=len(blocks))) for blocks in rng.choices(differences, k=len(differences)))
                   for _ in range(10_000))
    low, high = means[250], means[9750]
    verdict = "resolved" if low > 0 or high < 0 else "not resolved: the interval holds 0"
    digits = 1 if scale == 100 else 3
    return (f"- {label}: {scale * mean(map(mean, differences)):+.{digits}f}{unit}, 95 % interval "
            f"[{scale * low:+.{digits}f}, {scale * high:+.{digits}f}]; {verdict}.")


def plot(panels, arms, seeds):
    """panels: {title: {arm: a value for each seed}}. One panel each with the arms in order, the runs of a seed joined."""
    step, height, pad = 62, 240, 44
    width = max(70 + step * len(arms), 66 + 7 * max(map(len, panels)))
    left_pad = 50 + (width - 70 - step * len(arms)) // 2
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * len(panels)}" height="{height}" font-family="sans-serif" '
           f'font-size="11"><rect width="100%" height="100%" fill="white"/>']
    for panel, (title, values) in enumerate(panels.items()):
        left = panel * width
        every = [value for arm in arms for value in values[arm]]
        low, high = min(every), max(every)
        span = (high - low) or 1
        y_of = lambda value: height - pad - (value - low) / span * (height - 2 * pad)
        x_of = {arm: left + left_pad + step // 2 + step * i for i, arm in enumerate(arms)}
        svg.append(f'<text x="{left + left_pad + step * len(arms) / 2}" y="20" text-anchor="middle" font-weight="bold">{title}</text>')
        for value in (low, (low + high) / 2, high):
            svg.append(f'<line x1="{left + left_pad}" x2="{left + left_pad + step * len(arms)}" y1="{y_of(value):.1f}" y2="{y_of(value):.1f}" stroke="#ddd"/>'
                       f'<text x="{left + left_pad - 5}" y="{y_of(value) + 4:.1f}" text-anchor="end">{value:.3f}</text>')
        svg += [f'<text x="{x}" y="{height - 16}" text-anchor="middle">{arm}</text>' for arm, x in x_of.items()]
        for i in range(len(seeds)):
            points = " ".join(f"{x_of[arm]},{y_of(values[arm][i]):.1f}" for arm in arms)
            svg.append(f'<polyline points="{points}" fill="none" stroke="#1f77b4"/>')
            svg += [f'<circle cx="{x_of[arm]}" cy="{y_of(values[arm][i]):.1f}" r="4" fill="#1f77b4"/>' for arm in arms]
    return "\n".join(svg + ["</svg>"]) + "\n"


def write_page(options, lines, svg=None):
    if svg:
        (options.pages / f"{options.name}.svg").write_text(svg)
    (options.pages / f"{options.name}.md").write_text("\n".join(lines) + "\n")
    print(f"wrote {options.pages / options.name}.md")
