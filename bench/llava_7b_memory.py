#!/usr/bin/env python3
"""LLaVA 1.5 7B at its published size, 32 layers, random weights in bf16: one answer about a picture, and the memory it took.

The directory is made of peer_llava.py's, whose 8 layers stand in it four times, a file a layer: 14 GB of disk, written once. The peak is
the process's resident memory, pages of mapped files among it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import peer
import peer_llava

LAYERS = 32
AIM = 18e9  # bytes


def write_whole(small, whole):
    from safetensors import safe_open
    from safetensors.torch import save_file

    whole.mkdir(parents=True, exist_ok=True)
    for file in small.iterdir():
        if file.suffix in (".json", ".jinja") and not file.name.endswith(".index.json"):
            shutil.copy(file, whole)
    place = {}
    for file in sorted(small.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            place |= {name: file for name in opened.keys()}
    in_layer = lambda name: int(name.split(".layers.")[1].split(".")[0]) if "language_model" in name and ".layers." in name else None
    written = {}

    def write(shard, names):
        """names: the new one of each."""
        tensors = {}
        for name, new in names.items():
            with safe_open(place[name], "pt") as opened:
                tensors[new] = opened.get_tensor(name)
        save_file(tensors, whole / shard, metadata={"format": "pt"})
        written.update({new: shard for new in tensors})

    write("model-00000.safetensors", {name: name for name in place if in_layer(name) is None})
    for layer in range(LAYERS):
        source = layer % peer_llava.TEXT["num_hidden_layers"]
        names = {name: name.replace(f".layers.{source}.", f".layers.{layer}.") for name in place if in_layer(name) == source}
        write(f"model-{layer + 1:05}.safetensors", names)
    (whole / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": written}))
    config = json.loads((whole / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = LAYERS
    (whole / "config.json").write_text(json.dumps(config))  # last: what main() looks at


def is_whole(directory):
    config = directory / "config.json"
    return config.exists() and json.loads(config.read_text())["text_config"]["num_hidden_layers"] == LAYERS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omma", default="build/release/apps/omma")
    parser.add_argument("--work", type=Path, default="build/bench/llava")
    parser.add_argument("--tokens", type=int, default=16)
    arguments = parser.parse_args()
    small, whole, picture = arguments.work / "language", arguments.work / "whole", arguments.work / "picture.png"
    arguments.work.mkdir(parents=True, exist_ok=True)
    if not (small / "processor_config.json").exists():
        peer_llava.write_model(small, peer_llava.TOWER, peer_llava.TEXT, peer_llava.VOCABULARY, peer_llava.IMAGE_TOKEN)
    if not is_whole(whole):
        write_whole(small, whole)
    peer.write_picture(picture, peer_llava.SIDE, peer_llava.SIDE)
    command = [arguments.omma, "ask", str(picture), "What is this?", "--model", str(whole), "--dtype", "bf16", "--min-tokens", str(arguments.tokens),
               "--max-tokens", str(arguments.tokens), "--json", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    times, peak = json.loads(answer)["timing_ms"], 1024 * usage.ru_maxrss
    size = sum(file.stat().st_size for file in whole.glob("*.safetensors"))
    print(f"LLaVA 1.5 7B, bf16, {size / 1e9:.1f} GB of weights; {peer.cpu_model()}: load {times['load']:.0f} ms, picture and prompt "
          f"{times['encode']:.0f} ms, {arguments.tokens} tokens {times['decode']:.0f} ms; peak {peak / 1e9:.2f} GB, aim {AIM / 1e9:.0f}, "
          f"{'reached' if peak <= AIM else 'missed'}")


if __name__ == "__main__":
    main()
