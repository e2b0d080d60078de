"""GIF files of kinds that Pillow does not write itself: names and bytes."""
import struct

import numpy as np
from lzw import lzw


def gif_blocks(data):
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"


def gif_palette(colors):
    return np.asarray(colors, np.uint8).tobytes()


def gif_frame(indices, bits, at=(0, 0), palette=None, interlaced=False, **coding):
    height, width = indices.shape
    if interlaced:
        indices = np.concatenate([indices[0::8], indices[4::8], indices[2::4], indices[1::2]])
    flags = 64 * interlaced
    if palette is not None:
        flags |= 128 | (len(palette) - 1).bit_length() - 1
    head = b"," + struct.pack("<HHHHB", *at, width, height, flags)
    return head + (gif_palette(palette) if palette is not None else b"") + bytes([bits]) + gif_blocks(
        lzw(indices.reshape(-1).tolist(), bits, **coding))


def gif_control(transparent=None, disposal=0):
    return b"!\xf9\4" + struct.pack("<BHBB", disposal << 2 | (transparent is not None), 10, transparent or 0, 0)


def gif(size, *parts, palette=None, background=0, version=b"GIF89a", end=b";"):
    flags = 0 if palette is None else 128 | (len(palette) - 1).bit_length() - 1
    return version + struct.pack("<HHBBB", *size, flags, background, 0) + (
        gif_palette(palette) if palette is not None else b"") + b"".join(parts) + end


def gif_files():
    rng = np.random.default_rng(21)

    def colors(bits):
        return rng.integers(0, 256, (1 << bits, 3))

    def indices(width, height, bits):
        noisy = rng.integers(0, 1 << bits, (height, width))
        y, x = np.mgrid[0:height, 0:width]
        return np.where((x // 4 + y // 3) % 2 == 0, noisy, (x + y) // 5 % (1 << bits))

    for width, height in ((1, 1), (3, 3), (1, 9), (13, 9), (33, 17), (100, 75)):
        for bits in (1, 2, 4, 8):
            for interlaced in (False, True):
                frame = gif_frame(indices(width, height, bits), max(bits, 2), interlaced=interlaced)
                yield f"gif{bits}_{width}x{height}{'_interlaced' if interlaced else ''}.gif", gif((width, height), frame, palette=colors(bits))
    plain = indices(20, 15, 4)
    palette = colors(4)
    yield "gif_87a.gif", gif((20, 15), gif_frame(plain, 4), palette=palette, version=b"GIF87a")
    yield "gif_local.gif", gif((20, 15), gif_frame(plain, 4, palette=colors(4)))
    yield "gif_local_over_global.gif", gif((20, 15), gif_frame(plain, 4, palette=colors(4)), palette=colors(2))
    yield "gif_no_palette.gif", gif((20, 15), gif_frame(plain, 4))
    yield "gif_gray_ramp.gif", gif((20, 15), gif_frame(plain, 4), palette=[[i] * 3 for i in range(16)])
    yield "gif_short_palette.gif", gif((20, 15), gif_frame(plain, 4), palette=colors(2))
    yield "gif_short_local.gif", gif((20, 15), gif_frame(indices(20, 15, 8), 8, palette=colors(3)), palette=colors(8))
    for transparent in (0, 3, 200):
        control = gif_control(transparent)
        yield f"gif_transparent{transparent}.gif", gif((20, 15), control, gif_frame(plain, 4), palette=palette)
        yield f"gif_part_transparent{transparent}.gif", gif((30, 25), control, gif_frame(plain, 4, (4, 5)), palette=palette, background=2)
        yield f"gif_part_transparent{transparent}_no_palette.gif", gif((30, 25), control, gif_frame(plain, 4, (4, 5)))
    for background in (0, 5, 77):
        yield f"gif_part_background{background}.gif", gif((30, 25), gif_frame(plain, 4, (4, 5)), palette=palette, background=background)
    yield "gif_part_local.gif", gif((30, 25), gif_frame(plain, 4, (4, 5), palette=colors(4)), palette=palette, background=5)
    yield "gif_part_no_palette.gif", gif((30, 25), gif_frame(plain, 4, (4, 5)), background=5)
    yield "gif_beyond.gif", gif((10, 10), gif_frame(plain, 4, (4, 5)), palette=palette)
    yield "gif_beyond_transparent.gif", gif((10, 30), gif_control(3), gif_frame(plain, 4, (4, 5)), palette=palette)
    yield "gif_screen_of_nothing.gif", gif((0, 0), gif_frame(plain, 4), palette=palette)
    comment, loop = b"!\xfe" + gif_blocks(b"words" * 80), b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"
    text = b"!\1\x0c" + bytes(12) + gif_blocks(b"some text")
    yield "gif_extensions.gif", gif((20, 15), comment, loop, text, gif_frame(plain, 4), comment, palette=palette)
    yield "gif_controls.gif", gif((30, 25), gif_control(1), gif_control(None), gif_frame(plain, 4, (3, 3)), palette=palette)
    yield "gif_stray_bytes.gif", gif((20, 15), b"\0\0", gif_control(1), b"\0", gif_frame(plain, 4), palette=palette)
    for disposal in range(4):
        frames = gif_control(2, disposal), gif_frame(plain, 4, (4, 5)), gif_control(3), gif_frame(plain[::-1], 4), gif_frame(plain, 4)
        yield f"gif_animated{disposal}.gif", gif((30, 25), *frames, palette=palette)
    large = indices(200, 150, 8)
    yield "gif_full_table.gif", gif((200, 150), gif_frame(large, 8, clear_at=None), palette=colors(8))
    yield "gif_many_clears.gif", gif((200, 150), gif_frame(large, 8, clear_at=300), palette=colors(8))
    yield "gif_late_clear.gif", gif((200, 150), gif_frame(large, 8, clear_at=4095), palette=colors(8))
    yield "gif_runs.gif", gif((200, 150), gif_frame(np.zeros((150, 200), int), 2), palette=colors(2))
    yield "gif_bits_of_more.gif", gif((20, 15), gif_frame(plain, 7), palette=palette)
    yield "gif_no_end_code.gif", gif((20, 15), gif_frame(plain, 4, ended=False), palette=palette)
    yield "gif_no_trailer.gif", gif((20, 15), gif_frame(plain, 4), palette=palette, end=b"")
    yield "gif_no_terminator.gif", gif((20, 15), gif_frame(plain, 4)[:-1], palette=palette, end=b"")
    yield "gif_rows_too_many.gif", gif((20, 15), gif_frame(np.vstack([plain, plain]), 4).replace(
        struct.pack("<HH", 20, 30), struct.pack("<HH", 20, 15)), palette=palette)


def meant_gif_files():
    """Those that Pillow shows with other pixels: names, bytes and pixels [H, W, 3]."""
    indices = np.arange(300).reshape(15, 20) % 16
    gray = [[i] * 3 for i in range(16)]  # Pillow takes the global palette
    yield "gif_gray_local.gif", gif((20, 15), gif_frame(indices, 4, palette=gray), palette=[[255, i, 0] for i in range(16)]), np.repeat(
        indices[..., None], 3, axis=2)


def refused_gif_files():
    rng = np.random.default_rng(31)
    indices, palette = rng.integers(0, 16, (15, 20)), rng.integers(0, 256, (16, 3))
    whole = gif((20, 15), gif_frame(indices, 4), palette=palette)
    for share in (0.1, 0.3, 0.6, 0.9):
        yield f"gif_cut_{share}.gif", whole[:int(share * len(whole))]
    yield "gif_no_picture.gif", gif((20, 15), gif_control(1), palette=palette)
    yield "gif_no_picture_no_trailer.gif", gif((20, 15), palette=palette, end=b"")
    yield "gif_rows_missing.gif", gif((20, 15), gif_frame(indices[:10], 4).replace(struct.pack("<HH", 20, 10), struct.pack("<HH", 20, 15)), palette=palette)
    head = gif_frame(indices, 4)[:11]
    for name, codes in (("first", [16, 20]), ("later", [16, 1, 2, 25])):  # clear, then a code that is not yet there
        bits = sum(code << 5 * i for i, code in enumerate(codes))
        yield f"gif_unknown_code_{name}.gif", gif((20, 15), head + gif_blocks(bits.to_bytes(4, "little")), palette=palette)
