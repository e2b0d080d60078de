#!/usr/bin/env python3
"""fake_package.py DIR: what pull_test.cpp pulls: DIR/pull.py with a table that names one small model, `tiny`, and its wheel.

Beside the right wheel, as pip takes it, stand such that must be refused: DIR/wrong/*.whl, and one by the right name in DIR/index.
"""
import hashlib
import json
import os
import random
import sys
import zipfile
from pathlib import Path

MEMBER = "tiny_model/tiny.gguf"
WHEEL = "tiny_model-1.0-py3-none-any.whl"
CONTENTS = random.Random(0).randbytes(300_000)


def write_wheel(path, member, contents):
    metadata = {"METADATA": "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n",
                "WHEEL": "Wheel-Version: 1.0\nGenerator: fake\nRoot-Is-Purelib: true\nTag: py3-none-any\n", "RECORD": ""}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, contents)
        for name, text in metadata.items():
            archive.writestr(f"tiny_model-1.0.dist-info/{name}", text)


def write_wrong_wheels(folder, right):
    write_wheel(folder / "altered.whl", MEMBER, bytes([CONTENTS[0] ^ 1]) + CONTENTS[1:])
    write_wheel(folder / "short.whl", MEMBER, CONTENTS[:-1])
    write_wheel(folder / "long.whl", MEMBER, CONTENTS + b"\0" * 50_000_000)
    write_wheel(folder / "without.whl", "tiny_model/other.gguf", CONTENTS)
    (folder / "empty.whl").write_bytes(b"")
    (folder / "truncated.whl").write_bytes(right[:len(right) // 2])
    (folder / "flipped.whl").write_bytes(right[:1000] + bytes([right[1000] ^ 255]) + right[1001:])
    (folder / "page.whl").write_text("<html>Sign in to this network</html>")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    os.symlink(Path(__file__).resolve().parents[2] / "pull" / "pull.py", folder / "pull.py")
    model = {"what": "a test's", "package": "tiny-model", "version": "1.0", "member": MEMBER, "bytes": len(CONTENTS),
             "sha256": hashlib.sha256(CONTENTS).hexdigest(), "tasks": ["generate"], "parameters": 600_000}
    (folder / "models.json").write_text(json.dumps({"tiny": model}))
    (folder / "tiny.gguf").write_bytes(CONTENTS)
    write_wheel(folder / WHEEL, MEMBER, CONTENTS)
    write_wheel(folder / "index" / WHEEL, MEMBER, CONTENTS[::-1])  # the right size and name
    write_wrong_wheels(folder / "wrong", (folder / WHEEL).read_bytes())


if __name__ == "__main__":
    main()
