#!/usr/bin/env python3
"""Checks the length budgets of the style guide on the library and the program, and who includes whom.

Aims: a file of at most 400 lines, a function of at most 40; the worst are told. What passes the hard limits (500 and 80) fails, and so
does an include that the folder's row below does not allow.
"""
import re
import subprocess
import sys

import lizard

FILE_AIM, FILE_LIMIT = 400, 500
FUNCTION_AIM, FUNCTION_LIMIT = 40, 80
FOLDERS = ("omma/", "apps/", "examples/", "bench/")
# What each folder may include beside itself: its row counts for the folders in it that have none.
MAY_INCLUDE = {
    "omma/base": "",
    "omma/vision": "base",
    "omma/io": "base vision",
    "omma/text": "base",
    "omma/tasks": "vision",
    "omma/nn": "base vision io text tasks",
    "omma/losses": "base nn",
    "omma/models": "base vision io text tasks nn",
    "omma/models/blip": "base vision io text tasks nn",
    "omma/models/grounding_dino": "base vision io text tasks nn",
    "omma/models/glip": "base vision io text tasks nn",
    "omma/models/clip": "base vision io text tasks nn",
    "omma/models/llava": "base vision io text tasks nn",
    "omma/models/language": "base io text tasks nn",
    "omma/models/gguf": "base io text tasks nn models/language",
    "omma/models/llama": "base vision io text tasks nn models/language",  # a model may build on the one that it comes from
    "omma/models/blip2": "base vision io text tasks nn models/blip models/language",
    "omma/models/video_llava": "base vision io text tasks nn models/llava",
    "omma/data": "base vision io text",
    "omma/eval": "base vision text tasks data",
    "omma/train": "base io text nn",
    "omma/jobs": "base vision io tasks data",
    "omma/agent": "base vision text tasks",
    "omma/agent/evaluation": "base vision text tasks agent data eval",
    "omma/recipes": "base vision io text tasks nn losses models data eval train agent",
}
KNOW_EVERY_MODEL = ("omma/models/registry.cpp", "omma/models/load.cpp", "omma/models/conversion.cpp")  # of the library, beside the recipes


def folder_of(path):
    """The row of MAY_INCLUDE that counts for a file."""
    folder = path.rpartition("/")[0]
    while folder and folder not in MAY_INCLUDE:
        folder = folder.rpartition("/")[0]
    return folder


def wrong_includes(name, lines):
    """Includes of the library that the file's folder may not have."""
    folder = folder_of(name)
    if not folder:
        return
    allowed = {folder, *("omma/" + other for other in MAY_INCLUDE[folder].split())}
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s+"(omma/[^"]+)"', line)
        if not found:
            continue
        other = folder_of(found[1])
        if other in allowed or folder == "omma/recipes" and other.startswith(("omma/models/", "omma/agent/")):
            continue
        if name in KNOW_EVERY_MODEL and other.startswith("omma/models/"):
            continue
        if folder.startswith("omma/models/") and other == "omma/models":
            continue
        yield f"{name}:{number}: {found[1]}: {folder} may not include it"


def main():
    names = subprocess.run(["git", "ls-files", "*.h", "*.cpp", "*.cu"], capture_output=True, text=True, check=True).stdout.split()
    long_files, long_functions, wrong = [], [], []
    for name in names:
        if not name.startswith(FOLDERS):
            continue
        with open(name, encoding="utf-8") as file:
            lines = file.read().splitlines()
        wrong += wrong_includes(name, lines)
        if len(lines) > FILE_AIM:
            long_files.append((len(lines), name))
        for function in lizard.analyze_file(name).function_list:
            length = function.end_line - function.start_line + 1
            if length > FUNCTION_AIM:
                long_functions.append((length, f"{name}:{function.start_line}: {function.name}"))
    print(f"length budgets: {len(long_files)} files over {FILE_AIM} lines, {len(long_functions)} functions over {FUNCTION_AIM}")
    for length, what in sorted(long_files, reverse=True)[:5] + sorted(long_functions, reverse=True)[:10]:
        print(f"  {length:4d}  {what}")
    over = [what for length, what in long_files if length > FILE_LIMIT] + [what for length, what in long_functions if length > FUNCTION_LIMIT]
    if over:
        sys.exit("over the hard limits: " + "; ".join(over))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
