"""LZW for GIF and TIFF files, with the liberties that writers take."""
import numpy as np


class Codes:
    """LZW codes as bits: from the low end of bytes in GIF, from the high end in TIFF."""

    def __init__(self, high_first):
        self.bits, self.high_first = [], high_first

    def put(self, code, width):
        bits = [code >> i & 1 for i in range(width)]
        self.bits += reversed(bits) if self.high_first else bits

    def bytes(self):
        return np.packbits(np.array(self.bits, np.uint8), bitorder="big" if self.high_first else "little").tobytes()


def lzw(data, bits, tiff=False, clear_at=4093, ended=True):
    """LZW of bytes below 2 ** bits. TIFF widens its codes one code earlier. A table of 4096 is kept where `clear_at` is None."""
    clear, out = 1 << bits, Codes(tiff)
    table, width, previous = {}, bits + 1, b""
    out.put(clear, width)
    for byte in data:
        word = previous + bytes([byte])
        if len(word) == 1 or word in table:
            previous = word
            continue
        out.put(table[previous] if len(previous) > 1 else previous[0], width)
        size = clear + 2 + len(table)
        if size < 4096:
            table[word] = size
            if size + 1 + tiff > 1 << width and width < 12:
                width += 1
        if clear_at is not None and size >= clear_at:
            out.put(clear, width)
            table, width = {}, bits + 1
        previous = bytes([byte])
    out.put(table[previous] if len(previous) > 1 else previous[0], width)
    size = clear + 3 + len(table)
    if size + tiff > 1 << width and width < 12:
        width += 1
    if ended:
        out.put(clear + 1, width)
    return out.bytes()
