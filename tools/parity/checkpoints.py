"""Checkpoint files by the Python libraries that write them, and what they hold, for tests/parity/checkpoints.

Writes DIR/checkpoints: files of safetensors 0.8 and torch 2.13, `expected.json` with every tensor's type, shape and bytes under the
path omma gives it, and `refused.json` with hostile or foreign files and a word that the refusal must name.

    python tools/parity/checkpoints.py --out build/parity
"""
import argparse
import collections
import io
import json
import os
import pathlib
import pickle
import shutil
import tarfile
import zipfile

import huggingface_hub
import numpy as np
import safetensors.torch
import torch

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2", torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint64: "U64",
    torch.uint32: "U32", torch.uint16: "U16", torch.uint8: "U8", torch.bool: "BOOL",
}


def describe(tensor):
    raw = tensor.detach().contiguous().view(-1).view(torch.uint8) if tensor.numel() else torch.zeros(0, dtype=torch.uint8)
    return {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "hex": raw.numpy().tobytes().hex()}


def every_dtype():
    """One tensor a type: the small integers 0..5, which every type can hold."""
    tensors = {}
    for dtype, name in NAMES.items():
        values = torch.arange(6) % 2 if dtype is torch.bool else torch.arange(6)
        tensors["every." + name.lower()] = values.to(dtype).reshape(2, 3)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["größe"] = torch.ones(1)
    return tensors


def state_dict():
    torch.manual_seed(0)
    base = torch.arange(24, dtype=torch.float32)
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    tensors = module.state_dict()  # an OrderedDict with `_metadata`
    tensors["transposed"] = base.reshape(4, 6).t()
    tensors["permuted"] = base.reshape(2, 3, 4).permute(2, 0, 1)
    tensors["middle"] = base[5:9]
    tensors["step"] = base[1::5]
    tensors["reversed_rows"] = base.reshape(4, 6)[:, 2:4]
    tensors["expanded"] = torch.tensor([[1.0], [2.0]]).expand(2, 3)
    tensors["half"] = torch.tensor([1.5, -2.0]).half()
    tensors["brain"] = torch.tensor([1.5, -2.0]).bfloat16()
    tensors["byte8"] = torch.tensor([1.0, -2.0]).to(torch.float8_e4m3fn)
    tensors["wide"] = torch.tensor([7], dtype=torch.uint64)
    tensors["mask"] = torch.tensor([True, False])
    tensors["parameter"] = torch.nn.Parameter(torch.ones(2, 2))
    tensors["tied"] = tensors["0.weight"]
    tensors["none"] = torch.zeros(3, 0)
    tensors["rank0"] = torch.tensor(-1, dtype=torch.int16)
    return tensors


def nested_checkpoint():
    tensors = state_dict()
    moments = {0: {"step": torch.tensor(3.0), "exp_avg": torch.full((2,), 0.5)}}
    betas = (0.9, 0.999)  # one tuple in two groups
    checkpoint = {
        "model": tensors,
        "optimizer": {"state": moments, "param_groups": [{"lr": 1e-4, "betas": betas}, {"lr": 1e-5, "betas": betas}]},
        "args": argparse.Namespace(lr=2e-4, name="swin", device=torch.device("cuda:0"), amp=True, steps=[27, 33], nothing=None,
                                   dtype=torch.float16),
        "counts": collections.Counter([1, 1, 2]),
        "size": torch.Size([3, 4]),
        "epoch": 12, "long": -(2**40), "done": False,
    }
    expected = {"model." + name: describe(tensor) for name, tensor in tensors.items()}
    expected["optimizer.state.0.step"] = describe(moments[0]["step"])
    expected["optimizer.state.0.exp_avg"] = describe(moments[0]["exp_avg"])
    metadata = {
        "optimizer.param_groups.0.lr": "0.0001", "optimizer.param_groups.0.betas.0": "0.9",
        "optimizer.param_groups.1.betas.1": "0.999", "args.lr": "0.0002", "args.name": "swin", "args.device": "cuda:0",
        "args.amp": "true", "args.steps.1": "33", "args.dtype": "torch.float16", "counts.1": "2", "size.1": "4", "epoch": "12",
        "long": str(-(2**40)), "done": "false",
    }
    return checkpoint, expected, metadata


def write_accepted(out):
    files = {}
    tensors = every_dtype()
    safetensors.torch.save_file(tensors, out / "every_dtype.safetensors", metadata={"format": "pt", "note": "größe"})
    files["every_dtype.safetensors"] = {"tensors": {name: describe(t) for name, t in tensors.items()},
                                        "metadata": {"format": "pt", "note": "größe"}}
    checkpoint, expected, metadata = nested_checkpoint()
    for name, options in {
        "zip.pth": {}, "zip_protocol4.pth": {"pickle_protocol": 4}, "zip_protocol5.pth": {"pickle_protocol": 5},
        "sequential.pth": {"_use_new_zipfile_serialization": False},
        "sequential_protocol4.pth": {"_use_new_zipfile_serialization": False, "pickle_protocol": 4},
    }.items():
        torch.save(checkpoint, out / name, **options)
        files[name] = {"tensors": expected, "metadata": metadata}
    tensors = {f"layer.{i}.weight": torch.full((16, 16), float(i)) for i in range(5)}
    for folder, options in {"sharded_safetensors": {}, "sharded_bin": {"safe_serialization": False}}.items():
        shutil.rmtree(out / folder, ignore_errors=True)
        (out / folder).mkdir()
        huggingface_hub.save_torch_state_dict(tensors, out / folder, max_shard_size=2100, **options)
        files[folder] = {"tensors": {name: describe(t) for name, t in tensors.items()}, "metadata": {}}
    (out / "expected.json").write_text(json.dumps(files, indent=1))


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def rewrite_zip(source, target, records=None, compression=zipfile.ZIP_STORED):
    """Copies a zip archive with some records replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, (records or {}).get(name.split("/", 1)[1], old.read(name)))


def write_refused(out):
    plain = {"w": torch.ones(2)}
    looped = {"w": torch.ones(2)}
    looped["self"] = looped
    deep = {}
    for _ in range(200):
        deep = {"d": deep}
    sparse = torch.sparse_coo_tensor(torch.tensor([[0], [5]]), torch.ones(1), (2, 2), check_invariants=False)
    values = {
        "system": (Calls(os.system, "touch /tmp/omma-pwned"), "posix.system"),
        "eval": (Calls(eval, "1"), "__builtin__.eval"),
        "exec_module": (Calls(__import__, "os"), "__import__"),
        "numpy_scalar": (np.float64(1.5), "numpy"),
        "numpy_array": (np.ones(2), "numpy"),
        "complex": (torch.ones(1, dtype=torch.complex64), "ComplexFloatStorage"),
        "sparse": (sparse, "sparse"),
        "quantized": (torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "qtensor"),
        "module": (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        "set": ({1, 2}, "set"),
        "looped": (looped, "contains itself"),
        "deep": (deep, "nested deeper than"),
        "path": (pathlib.PurePosixPath("a"), "pathlib"),
    }
    refused = {}
    for name, (value, word) in values.items():
        for kind, options in {"zip": {}, "sequential": {"_use_new_zipfile_serialization": False}}.items():
            file = f"refused_{name}_{kind}.pth"
            torch.save({"w": value}, out / file, **options)
            refused[file] = word
    torch.save(plain, out / "plain.pth")
    rewrite_zip(out / "plain.pth", out / "refused_big_endian.pth", {"byteorder": b"big"})
    refused["refused_big_endian.pth"] = "byteorder"
    rewrite_zip(out / "plain.pth", out / "refused_future.pth", {"version": b"11\n"})
    refused["refused_future.pth"] = "version"
    rewrite_zip(out / "plain.pth", out / "refused_deflated.pth", compression=zipfile.ZIP_DEFLATED)
    refused["refused_deflated.pth"] = "compression method 8"
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), out / "refused_script.pt")
    refused["refused_script.pt"] = "TorchScript"
    (out / "refused_raw_pickle.pth").write_bytes(pickle.dumps({"w": 1}, protocol=2))
    refused["refused_raw_pickle.pth"] = "Python pickle"
    safetensors.torch.save_file(plain, out / "refused_renamed.pth")
    refused["refused_renamed.pth"] = "a safetensors file"
    with tarfile.open(out / "refused_tar.pth", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("storages"), io.BytesIO())
    refused["refused_tar.pth"] = "tar archive"
    (out / "refused.json").write_text(json.dumps(refused, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out / "checkpoints"
    out.mkdir(parents=True, exist_ok=True)
    write_accepted(out)
    write_refused(out)


if __name__ == "__main__":
    main()
