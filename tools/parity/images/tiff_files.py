"""TIFF files of kinds that Pillow does not write itself: names and bytes."""
import struct
import zlib

import numpy as np
from lzw import lzw


def packbits(data):
    out, x = b"", 0
    while x < len(data):
        end = x + 1
        while end < len(data) and data[end] == data[x] and end - x < 128:
            end += 1
        if end - x > 1:
            out += bytes([257 - (end - x), data[x]])
        else:
            end = min(len(data), x + 5)
            out += bytes([end - x - 1]) + data[x:end]
        x = end
    return out


TIFF_COMPRESSIONS = {"none": (1, bytes), "lzw": (5, lambda data: lzw(data, 8, tiff=True)), "deflate": (8, zlib.compress),
                     "old_deflate": (32946, zlib.compress), "packbits": (32773, packbits)}


def tiff_rows(samples, bits, order, predictor):
    """Of samples [H, W, channels], each from a whole byte on."""
    if predictor == 2:
        samples = np.diff(samples.astype(np.int64), axis=1, prepend=0) % (1 << bits)
    rows = []
    for row in samples.reshape(len(samples), -1):
        if bits < 8:
            wide = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits:]
            rows.append(np.packbits(wide.reshape(-1)).tobytes())
        else:
            rows.append(row.astype(f"{order}u{bits // 8}").tobytes())
    return rows


def tiff_picture(samples, bits, photometric, compression="none", order="<", rows=None, tile=None, planar=1, predictor=1, fill_order=1,
                 orientation=None, extra=(), palette=None, big=False, bits_count=None, more=(), without=(), sizes=True, cut=0,
                 spoiled=None):
    """A TIFF of samples [H, W, channels]; `more` are further entries: tag, type, values. Blocks lack the last `cut` bytes and
    have a wrong one at `spoiled`."""
    height, width, channels = samples.shape
    number, coded = TIFF_COMPRESSIONS[compression]
    blocks = []
    for plane in (np.split(samples, channels, axis=2) if planar == 2 else [samples]):
        if tile:
            for y in range(0, height, tile[1]):
                for x in range(0, width, tile[0]):
                    block = plane[y:y + tile[1], x:x + tile[0]]
                    blocks.append(np.pad(block, ((0, tile[1] - block.shape[0]), (0, tile[0] - block.shape[1]), (0, 0)), "edge"))
        else:
            step = rows or height
            blocks += [plane[y:y + step] for y in range(0, height, step)]
    data = []
    for block in blocks:
        lines = tiff_rows(block, bits, order, predictor)
        stored = b"".join(map(coded, lines)) if compression == "packbits" else coded(b"".join(lines))
        stored = stored[:len(stored) - cut]
        if spoiled is not None:
            stored = stored[:spoiled % len(stored)] + bytes([stored[spoiled] ^ 1]) + stored[spoiled % len(stored) + 1:]
        data.append(bytes(int(f"{byte:08b}"[::-1], 2) for byte in stored) if fill_order == 2 else stored)
    start = 16 if big else 8
    offsets, body = [], b""
    for block in data:
        offsets.append(start + len(body))
        body += block + b"\0" * (len(block) % 2)
    entries = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * (bits_count or channels)), (259, 3, [number]), (262, 3, [photometric]),
               (266, 3, [fill_order]), (277, 3, [channels]), (284, 3, [planar]), *more]
    if tile:
        entries += [(322, 4, [tile[0]]), (323, 4, [tile[1]]), (324, 4, offsets), (325, 4, [len(block) for block in data])]
    else:
        entries += [(273, 4, offsets), (278, 4, [rows or height])]
        entries += [(279, 4, [len(block) for block in data])] if sizes else []
    entries += [(274, 3, [orientation])] if orientation is not None else []
    entries += [(317, 3, [predictor])] if predictor != 1 else []
    entries += [(338, 3, list(extra))] if extra else []
    entries += [(320, 3, palette.T.reshape(-1).tolist())] if palette is not None else []
    entries = [entry for entry in entries if entry[0] not in without or entry in more]
    return tiff_file(sorted(entries, key=lambda entry: entry[0]), body, order, big)


def tiff_file(entries, body, order="<", big=False):
    """The header, what the entries' offsets point into, and the directory."""
    word, count = ("Q", "Q") if big else ("L", "H")
    size = struct.calcsize(order + word)
    mark = (b"II" if order == "<" else b"MM") + (struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42))
    start = len(mark) + size
    directory = struct.pack(order + count, len(entries))
    at = start + len(body)
    outside = b""
    after = at + struct.calcsize(order + count) + len(entries) * (4 + 2 * size) + size
    for tag, kind, values in entries:
        stored = struct.pack(order + str(len(values)) + {1: "B", 3: "H", 4: "L", 7: "B", 16: "Q"}[kind], *values)
        if len(stored) > size:
            place = after + len(outside)
            outside += stored + b"\0" * (len(stored) % 2)
            stored = struct.pack(order + word, place)
        directory += struct.pack(order + "HH" + word, tag, kind, len(values)) + stored.ljust(size, b"\0")
    return mark + struct.pack(order + word, at) + body + directory + bytes(size) + outside


def tiff_files():
    rng = np.random.default_rng(23)

    def samples(width, height, channels, bits):
        noisy = rng.integers(0, 1 << bits, (height, width, channels))
        y, x = np.mgrid[0:height, 0:width]
        smooth = ((x + y)[..., None] * ((1 << bits) // 64 + 1) + np.arange(channels)) % (1 << bits)
        return np.where(((x // 6 + y // 5) % 2 == 0)[..., None], noisy, smooth)

    kinds = {"white1": (1, 1, 0), "black1": (1, 1, 1), "white2": (1, 2, 0), "gray2": (1, 2, 1), "white4": (1, 4, 0), "gray4": (1, 4, 1),
             "white8": (1, 8, 0), "gray8": (1, 8, 1), "rgb8": (3, 8, 2), "rgb16": (3, 16, 2), "rgba8": (4, 8, 2),
             "rgba16": (4, 16, 2), "cmyk8": (4, 8, 5), "palette1": (1, 1, 3), "palette2": (1, 2, 3), "palette4": (1, 4, 3),
             "palette8": (1, 8, 3)}
    for kind, (channels, bits, photometric) in kinds.items():
        options = {}
        if photometric == 3:
            options["palette"] = rng.integers(0, 1 << 16, (1 << bits, 3))
        if kind.startswith("rgba"):
            options["extra"] = (2,)
        for order in "<>":
            for compression in TIFF_COMPRESSIONS:
                name = f"tiff_{kind}_{'little' if order == '<' else 'big'}_{compression}"
                yield f"{name}.tif", tiff_picture(samples(37, 23, channels, bits), bits, photometric, compression, order, rows=5, **options)
                yield f"{name}_tiles.tif", tiff_picture(samples(37, 23, channels, bits), bits, photometric, compression, order, tile=(16, 16), **options)
                if bits in (8, 16) and compression in ("lzw", "deflate"):
                    yield f"{name}_predictor.tif", tiff_picture(samples(37, 23, channels, bits), bits, photometric, compression, order, rows=7, predictor=2, **options)
            if channels > 1:
                for compression in ("none", "lzw") if bits == 8 else ("lzw",):
                    for tile in (None, (16, 16)):
                        name = f"tiff_{kind}_planes_{'little' if order == '<' else 'big'}_{compression}{'_tiles' if tile else ''}.tif"
                        yield name, tiff_picture(samples(37, 23, channels, bits), bits, photometric, compression, order, rows=9, tile=tile, planar=2, **options)
        for size in ((1, 1), (3, 3), (1, 40), (16, 16)):
            yield f"tiff_{kind}_{size[0]}x{size[1]}.tif", tiff_picture(samples(*size, channels, bits), bits, photometric, "lzw", **options)
    gray, rgb, rgba = samples(20, 15, 1, 8), samples(20, 15, 3, 8), samples(20, 15, 4, 8)
    for compression in ("none", "lzw", "packbits"):
        for kind in ("white1", "gray4", "palette8", "gray8", "rgb8"):
            channels, bits, photometric = kinds[kind]
            options = {"palette": rng.integers(0, 1 << 16, (1 << bits, 3))} if photometric == 3 else {}
            yield f"tiff_{kind}_{compression}_reversed.tif", tiff_picture(samples(20, 15, channels, bits), bits, photometric, compression, rows=4, fill_order=2, **options)
    for orientation in range(0, 10):
        yield f"tiff_orientation{orientation}.tif", tiff_picture(rgb, 8, 2, orientation=orientation)
        yield f"tiff_orientation{orientation}_lzw.tif", tiff_picture(rgb, 8, 2, "lzw", orientation=orientation)
    xmp = list(b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>')
    yield "tiff_xmp.tif", tiff_picture(rgb, 8, 2, more=[(700, 1, xmp)])
    yield "tiff_xmp_and_orientation.tif", tiff_picture(rgb, 8, 2, orientation=3, more=[(700, 1, xmp)])
    yield "tiff_big_little.tif", tiff_picture(rgb, 8, 2, "lzw", rows=4, big=True)
    yield "tiff_no_sizes.tif", tiff_picture(rgb, 8, 2, sizes=False)
    yield "tiff_no_sizes_lzw.tif", tiff_picture(rgb, 8, 2, "lzw", sizes=False)
    yield "tiff_no_sizes_strips.tif", tiff_picture(rgb, 8, 2, rows=4, sizes=False)
    yield "tiff_one_depth.tif", tiff_picture(rgb, 8, 2, bits_count=1)
    yield "tiff_rows_of_all.tif", tiff_picture(rgb, 8, 2, "lzw", rows=2**32 - 1)
    for number, extra in enumerate(((0,), (1,), (2,))):
        if extra != (1,):
            yield f"tiff_extra_gray{number}.tif", tiff_picture(samples(20, 15, 2, 8), 8, 1, extra=extra)
        yield f"tiff_extra_rgb{number}.tif", tiff_picture(rgba, 8, 2, "lzw", extra=extra)
        yield f"tiff_extra_rgb16{number}.tif", tiff_picture(samples(20, 15, 4, 16), 16, 2, "lzw", extra=extra)
    yield "tiff_rgba_untold.tif", tiff_picture(rgba, 8, 2)
    yield "tiff_extra_palette.tif", tiff_picture(samples(20, 15, 2, 8), 8, 3, extra=(0,), palette=rng.integers(0, 1 << 16, (256, 3)))
    yield "tiff_five_channels.tif", tiff_picture(samples(20, 15, 5, 8), 8, 2, extra=(2, 0))
    yield "tiff_cmyk_five.tif", tiff_picture(samples(20, 15, 5, 8), 8, 5, extra=(0,))
    yield "tiff_palette_of_bytes.tif", tiff_picture(gray, 8, 3, palette=rng.integers(0, 256, (256, 3)))
    yield "tiff_two_pages.tif", tiff_picture(rgb, 8, 2)


def meant_tiff_files():
    """Those that Pillow shows with other pixels: names, bytes and pixels [H, W, 3]."""
    rng = np.random.default_rng(33)
    for order in "<>":
        for tile in (None, (16, 16)):
            end = f"{'little' if order == '<' else 'big'}{'_tiles' if tile else ''}.tif"
            gray = rng.integers(0, 1 << 16, (23, 37, 1))
            for compression in ("none", "lzw", "deflate"):
                for predictor in (1, 2) if compression != "none" else (1,):
                    yield (f"tiff_gray16_{compression}{predictor}_{end}", tiff_picture(
                        gray, 16, 1, compression, order, rows=5, tile=tile, predictor=predictor), np.repeat(gray >> 8, 3, axis=2))
            yield f"tiff_white16_{end}", tiff_picture(gray, 16, 0, "none", order, tile=tile), np.repeat(255 - (gray >> 8), 3, axis=2)
            for channels in (3, 4):
                colors = rng.integers(0, 1 << 16, (23, 37, channels))
                yield f"tiff_planes16_{channels}_{end}", tiff_picture(
                    colors, 16, 2, "none", order, rows=5, tile=tile, planar=2, extra=(2,) * (channels - 3)), colors[..., :3] >> 8


def refused_tiff_files():
    rng = np.random.default_rng(34)
    colors = rng.integers(0, 256, (15, 20, 3))
    whole = tiff_picture(colors, 8, 2, "none", rows=4)
    for share in (0.005, 0.02, 0.5, 0.9):
        yield f"tiff_cut_{share}.tif", whole[:int(share * len(whole))]
    for compression in ("lzw", "deflate", "packbits"):
        data = tiff_picture(colors, 8, 2, compression)
        directory = struct.unpack("<L", data[4:8])[0]
        yield f"tiff_short_{compression}.tif", tiff_picture(colors, 8, 2, compression, cut=40)
        yield f"tiff_no_directory_{compression}.tif", data[:directory]
    yield "tiff_wrong_sum.tif", tiff_picture(colors, 8, 2, "deflate", spoiled=-1)
    for number in (6, 34712, 50000, 99):
        yield f"tiff_compression{number}.tif", tiff_picture(colors, 8, 2, more=[(259, 3, [number])], without=(259,))
    yield "tiff_no_width.tif", tiff_picture(colors, 8, 2, without=(256,))
    yield "tiff_no_offsets.tif", tiff_picture(colors, 8, 2, without=(273,))
    yield "tiff_photometric.tif", tiff_picture(colors, 8, 9)
    yield "tiff_float64.tif", tiff_picture(colors[..., :1], 64, 1, more=[(339, 3, [3])])
    yield "tiff_mixed_bits.tif", tiff_picture(colors, 8, 2, more=[(258, 3, [8, 8, 16])], without=(258,))
    yield "tiff_many_samples.tif", tiff_picture(rng.integers(0, 256, (15, 20, 9)), 8, 2)
    yield "tiff_nothing.tif", b"II*\0"
