"""BMP files of kinds that Pillow does not write itself: names and bytes."""
import struct

import numpy as np


def bmp_rows(samples, bits):
    rows = []
    for row in samples:
        if bits < 8:
            wide = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits:]
            data = np.packbits(wide.reshape(-1)).tobytes()
        else:
            data = row.astype(f"<u{bits // 8}").tobytes() if bits != 24 else row.astype(np.uint8).tobytes()
        rows.append(data + bytes(-len(data) % 4))
    return b"".join(rows)


def bmp(size, bits, pixels, palette=b"", compression=0, header=40, masks=(), colors=0, top_down=False, gap=0):
    """`masks` stand in the header, or behind it where it has 40 bytes."""
    width, height = size
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(pixels), 2835, 2835, colors, 0)
        stored = struct.pack(f"<{len(masks)}I", *masks)
        info = info + stored if header == 40 else (info + stored).ljust(header, b"\0")
    offset = 14 + len(info) + len(palette) + gap
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + palette + bytes(gap) + pixels


def bmp_palette(colors, padded=True):
    return b"".join(bytes([b, g, r]) + b"\0" * padded for r, g, b in colors)


def rle8(rows):
    """Runs and, of what differs, absolute rows in turn."""
    out = b""
    for row in rows:
        x = 0
        while x < len(row):
            end = x + 1
            while end < len(row) and row[end] == row[x] and end - x < 255:
                end += 1
            if end - x > 1 or len(row) - x < 4:
                out += bytes([end - x, row[x]])
                x = end
            else:
                end = min(len(row), x + 3 + x % 5)
                some = bytes(row[x:end].tolist())
                out += bytes([0, len(some)]) + some + b"\0" * (len(some) % 2)
                x = end
        out += b"\0\0"
    return out + b"\0\1"


def rle4(rows):
    out = b""
    for row in rows:
        for number, x in enumerate(range(0, len(row), 7)):
            some = row[x:x + 7].tolist()
            if number % 2 and len(some) > 2:
                pairs = some + [0] * (len(some) % 2)
                data = bytes(a << 4 | b for a, b in zip(pairs[::2], pairs[1::2]))
                out += bytes([0, len(some)]) + data + b"\0" * (len(data) % 2)
            else:
                for value in some:
                    out += bytes([1, value << 4])
        out += b"\0\0"
    return out + b"\0\1"


def bmp_files():
    rng = np.random.default_rng(22)
    for width, height in ((1, 1), (3, 3), (13, 9), (33, 17)):
        for bits in (1, 4, 8):
            indices = rng.integers(0, 1 << bits, (height, width))
            colors = rng.integers(0, 256, (1 << bits, 3)).tolist()
            for top_down in (False, True):
                name = f"bmp{bits}_{width}x{height}{'_top_down' if top_down else ''}.bmp"
                yield name, bmp((width, height), bits, bmp_rows(indices, bits), bmp_palette(colors), top_down=top_down)
            yield f"bmp{bits}_{width}x{height}_os2.bmp", bmp((width, height), bits, bmp_rows(indices, bits), bmp_palette(colors, False), header=12)
            yield f"bmp{bits}_{width}x{height}_gray.bmp", bmp((width, height), bits, bmp_rows(indices, bits), bmp_palette([[i * 255 // ((1 << bits) - 1)] * 3 for i in range(1 << bits)]))
        deep = rng.integers(0, 1 << 16, (height, width))
        yield f"bmp16_{width}x{height}.bmp", bmp((width, height), 16, bmp_rows(deep, 16))
        yield f"bmp16_565_{width}x{height}.bmp", bmp((width, height), 16, bmp_rows(deep, 16), compression=3, masks=(0xF800, 0x7E0, 0x1F))
        yield f"bmp16_555_{width}x{height}.bmp", bmp((width, height), 16, bmp_rows(deep, 16), compression=3, masks=(0x7C00, 0x3E0, 0x1F))
        triples = rng.integers(0, 256, (height, width, 3))
        yield f"bmp24_{width}x{height}.bmp", bmp((width, height), 24, bmp_rows(triples, 24))
        yield f"bmp24_{width}x{height}_top_down.bmp", bmp((width, height), 24, bmp_rows(triples, 24), top_down=True)
        yield f"bmp24_{width}x{height}_os2.bmp", bmp((width, height), 24, bmp_rows(triples, 24), header=12)
        words = rng.integers(0, 1 << 32, (height, width))
        yield f"bmp32_{width}x{height}.bmp", bmp((width, height), 32, bmp_rows(words, 32))
        for number, masks in enumerate(((0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0),
                                        (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
                                        (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0))):
            for header in (40, 52, 56, 108, 124):
                if header <= 52 and masks[3]:
                    continue
                stored = masks[:3] if header <= 52 else masks
                yield f"bmp32_masks{number}_header{header}_{width}x{height}.bmp", bmp((width, height), 32, bmp_rows(words, 32), compression=3, header=header, masks=stored)
    runs = np.repeat(rng.integers(0, 256, (12, 14)), rng.integers(1, 9, 14), axis=1)
    colors = rng.integers(0, 256, (256, 3)).tolist()
    size = (runs.shape[1], 12)
    yield "bmp_rle8.bmp", bmp(size, 8, rle8(runs), bmp_palette(colors), compression=1)
    yield "bmp_rle8_no_end.bmp", bmp(size, 8, rle8(runs)[:-2], bmp_palette(colors), compression=1)
    yield "bmp_rle8_gray.bmp", bmp(size, 8, rle8(runs), bmp_palette([[i] * 3 for i in range(256)]), compression=1)
    yield "bmp_rle4.bmp", bmp(size, 4, rle4(runs % 16), bmp_palette(colors[:16]), compression=2)
    yield "bmp_rle4_long_runs.bmp", bmp((9, 2), 4, b"\x0a\x5a\0\0\x09\x12\0\0\0\1", bmp_palette(colors[:16]), compression=2)
    yield "bmp_rle8_skips.bmp", bmp((9, 5), 8, b"\4\7\0\2\2\1\3\5\0\0\0\2\0\1\x09\x0b\0\0\x09\3\0\0\0\1", bmp_palette(colors), compression=1)
    yield "bmp_rle8_long_runs.bmp", bmp((9, 2), 8, b"\x0c\7\0\0\4\5\x09\6\0\0\0\1", bmp_palette(colors), compression=1)
    indices = rng.integers(0, 16, (9, 13))
    yield "bmp_few_colors.bmp", bmp((13, 9), 8, bmp_rows(indices, 8), bmp_palette(colors[:16]), colors=16)
    yield "bmp_too_few_colors.bmp", bmp((13, 9), 8, bmp_rows(indices, 8), bmp_palette(colors[:5]), colors=5)
    yield "bmp_gap.bmp", bmp((13, 9), 8, bmp_rows(indices, 8), bmp_palette(colors[:16]), colors=16, gap=40)
    yield "bmp_os2_v2.bmp", bmp((13, 9), 8, bmp_rows(indices, 8), bmp_palette(colors), header=64)
    bits = rng.integers(0, 2, (9, 13))
    for name, pair in (("black_white", [[0] * 3, [255] * 3]), ("white_black", [[255] * 3, [0] * 3]), ("both_black", [[0] * 3, [0] * 3])):
        yield f"bmp1_{name}.bmp", bmp((13, 9), 1, bmp_rows(bits, 1), bmp_palette(pair))
    yield "bmp1_one_color.bmp", bmp((13, 9), 1, bmp_rows(bits, 1), bmp_palette([[10, 20, 30]]), colors=1)
    yield "bmp24_bitfields.bmp", bmp((13, 9), 24, bmp_rows(rng.integers(0, 256, (9, 13, 3)), 24), compression=3, masks=(0xFF0000, 0xFF00, 0xFF))


def refused_bmp_files():
    rng = np.random.default_rng(32)
    triples = rng.integers(0, 256, (9, 13, 3))
    whole = bmp((13, 9), 24, bmp_rows(triples, 24))
    for share in (0.05, 0.1, 0.5, 0.98):
        yield f"bmp_cut_{share}.bmp", whole[:int(share * len(whole))]
    yield "bmp_header.bmp", whole[:14] + struct.pack("<I", 16) + whole[18:]
    yield "bmp_two_bits.bmp", bmp((13, 9), 2, bytes(400), bmp_palette([[1, 2, 3]] * 4))
    for compression in (4, 5, 6, 11):
        yield f"bmp_compression{compression}.bmp", bmp((13, 9), 24, bmp_rows(triples, 24), compression=compression)
    yield "bmp_masks16.bmp", bmp((13, 9), 16, bytes(400), compression=3, masks=(0xF00, 0xF0, 0xF))
    yield "bmp_masks32.bmp", bmp((13, 9), 32, bytes(800), compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF))
    yield "bmp_masks_of_palette.bmp", bmp((13, 9), 8, bytes(400), bmp_palette([[1, 2, 3]] * 256), compression=3)
    colors = bmp_palette([[i, 2, 3] for i in range(256)])
    yield "bmp_rle8_cut.bmp", bmp((13, 9), 8, b"\x0d\1\0\0" * 7, colors, compression=1)
    yield "bmp_rle8_ended.bmp", bmp((13, 9), 8, b"\x0d\1\0\0" * 7 + b"\0\1", colors, compression=1)
    yield "bmp_nothing.bmp", b"BM"
