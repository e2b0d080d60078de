"""GGUF files of every type that omma reads, of random weights, and what the package `gguf` says of them: OUT/gguf_files/.

`mixed.gguf` holds a tensor of every type, `large.gguf` a few hundred rows of each, `splits/` the same tensors as mixed.gguf over several
files. Beside each lies what is in it: NAME.json with every key, and every tensor's type and shape, and NAME.safetensors with the tensors as
gguf.quants dequantises them. K-quants and IQ4_NL, which the package cannot write, are random blocks with small finite scales.

(Not called gguf.py: scripts of this folder would import it in the package's place.)
"""

import argparse
import json
import shutil
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

WRITTEN = (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1)
# Where the halves of a block begin; all its other bytes may be anything.
HALVES = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,), Type.IQ4_NL: (0,)}


def random_halves(rng, count):
    """Of both signs and many sizes, denormal ones and zeros among them."""
    values = rng.standard_normal(count) * 2.0 ** rng.integers(-28, 3, count)
    return np.where(rng.random(count) < 0.02, 0, values).astype("<f2")


def random_blocks(rng, kind, shape):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (int(np.prod(shape)) // elements, size), dtype=np.uint8)
    for at in HALVES[kind]:
        blocks[:, at:at + 2] = random_halves(rng, len(blocks)).view(np.uint8).reshape(-1, 2)
    return blocks.reshape(*shape[:-1], -1)


def random_weights(rng, shape):
    """Of many sizes from row to row, and some rows of one number only."""
    sizes = 2.0 ** rng.integers(-12, 3, (*shape[:-1], 1))
    weights = rng.standard_normal(shape) * sizes
    return np.where(rng.random((*shape[:-1], 1)) < 0.1, weights[..., :1], weights).astype(np.float32)


def random_tensor(rng, kind, shape):
    """Bytes as the file holds them; numbers of F32 and F16."""
    return random_blocks(rng, kind, shape) if kind in HALVES else gguf.quants.quantize(random_weights(rng, shape), kind)


def random_tensors(rng, shapes):
    kinds = (*WRITTEN, *HALVES)
    return {f"{kind.name.lower()}.{i}": (kind, random_tensor(rng, kind, shape)) for kind in kinds for i, shape in enumerate(shapes)}


def add_keys(writer, rng):
    """A key of every type, at its ends."""
    writer.add_name("random weights, größe")
    for bits in (8, 16, 32, 64):
        getattr(writer, f"add_uint{bits}")(f"test.u{bits}", 2 ** (bits - (bits == 64)) - 1)
        getattr(writer, f"add_int{bits}")(f"test.i{bits}", -2 ** (bits - 1))
    writer.add_float32("test.f32", 9.999999747378752e-06)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_array("test.texts", ["", "Ġthe", "größe", "\n", "x" * 1000])
    writer.add_array("test.integers", [-1, 0, 2 ** 31 - 1])
    writer.add_array("test.floats", [float(v) for v in rng.standard_normal(5).astype(np.float32)])
    writer.add_array("test.bools", [True, False, True])


def write(path, tensors, rng, alignment=None, **options):
    writer = gguf.GGUFWriter(path, "llama", **options)
    if alignment:
        writer.add_custom_alignment(alignment)
    add_keys(writer, rng)
    for name, (kind, data) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def record(beside, files):
    """What the package reads in these files, of which the first has the keys."""
    readers = [gguf.GGUFReader(file) for file in files]
    tensors = {tensor.name: tensor for reader in readers for tensor in reader.tensors}
    floats = {name: gguf.quants.dequantize(tensor.data, tensor.tensor_type) for name, tensor in tensors.items()}
    shapes = {name: [int(size) for size in reversed(tensor.shape)] for name, tensor in tensors.items()}
    assert all(np.isfinite(values).all() for values in floats.values())
    save_file({name: np.ascontiguousarray(values).reshape(shapes[name]) for name, values in floats.items()}, f"{beside}.safetensors")
    keys = {name: field.contents() for name, field in readers[0].fields.items() if not name.startswith("GGUF.")}
    told = {name: dict(type=tensor.tensor_type.name, shape=shapes[name]) for name, tensor in tensors.items()}
    Path(f"{beside}.json").write_text(json.dumps(dict(keys=keys, tensors=told)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/parity"))
    folder = parser.parse_args().out / "gguf_files"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "splits").mkdir(parents=True)
    rng = np.random.default_rng(15)

    mixed = random_tensors(rng, [(256,), (3, 512), (2, 3, 256), (2, 1, 3, 256)])
    write(folder / "mixed.gguf", mixed, rng)
    record(folder / "mixed", [folder / "mixed.gguf"])
    write(folder / "large.gguf", random_tensors(rng, [(160, 768)]), rng, alignment=64)
    record(folder / "large", [folder / "large.gguf"])
    for name, options in {"some": dict(split_max_tensors=9), "small_first": dict(split_max_tensors=20, small_first_shard=True)}.items():
        write(folder / "splits" / f"{name}.gguf", mixed, rng, **options)
        record(folder / "splits" / name, sorted((folder / "splits").glob(f"{name}-*-of-*.gguf")))
    print(f"{folder}: {len(mixed)} tensors of {len(WRITTEN) + len(HALVES)} types, whole and split")


if __name__ == "__main__":
    main()
