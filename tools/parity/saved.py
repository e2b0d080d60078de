"""What the scripts share that load with transformers what omma saved."""

import sys
from pathlib import Path


def check(faults_of):
    """Ends the program with 1 and what is wrong, where faults_of(saved, reference) tells anything of the pairs of directories on the command line."""
    paths = list(map(Path, sys.argv[1:]))
    if wrong := [f"{reference}: {fault}" for saved, reference in zip(paths[::2], paths[1::2], strict=True) for fault in faults_of(saved, reference)]:
        sys.exit("\n".join(wrong))
