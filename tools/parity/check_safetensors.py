"""Prints what the Python safetensors library finds in a file, as JSON: run by tests/parity/checkpoints on a file omma wrote.

    python tools/parity/check_safetensors.py FILE
"""
import json
import sys

import safetensors

from checkpoints import describe

with safetensors.safe_open(sys.argv[1], "pt") as file:
    tensors = {name: describe(file.get_tensor(name)) for name in file.keys()}
    print(json.dumps({"tensors": tensors, "metadata": file.metadata() or {}}))
