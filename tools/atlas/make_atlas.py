"""Draws the glyph atlas of the picture-book world from Noto Color Emoji (Debian: fonts-noto-color-emoji; OFL 1.1).

    .venv/bin/python tools/atlas/make_atlas.py --font /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf

writes omma/data/world/atlas/glyphs.png. Run once; the result is committed, so neither the font nor this tool is needed to build,
train or run anything. See omma/data/world/atlas/README.md for the layout.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# In the order of omma/data/world/words.cpp.
GLYPHS = [
    ("car", 0x1F697), ("bus", 0x1F68C), ("bicycle", 0x1F6B2), ("train", 0x1F682), ("airplane", 0x2708), ("boat", 0x26F5),
    ("dog", 0x1F415), ("cat", 0x1F408), ("horse", 0x1F40E), ("cow", 0x1F404), ("bird", 0x1F426), ("fish", 0x1F41F),
    ("tree", 0x1F333), ("flower", 0x1F337), ("mushroom", 0x1F344), ("plant", 0x1FAB4), ("apple", 0x1F34E),
    ("banana", 0x1F34C), ("star", 0x2B50),
    ("house", 0x1F3E0), ("person", 0x1F9CD), ("cup", 0x2615), ("chair", 0x1FA91), ("clock", 0x23F0), ("umbrella", 0x2602),
    ("ball", 0x26BD), ("book", 0x1F4D6), ("key", 0x1F511), ("shoe", 0x1F45E), ("hat", 0x1F3A9), ("lamp", 0x1F4A1),
    ("balloon", 0x1F388),
]
FONT_SIZE = 109  # the only size of the font's bitmaps
CELL = 128
GLYPH = 124  # long side; the rest is a transparent border
COLUMNS = 8


def draw_glyph(font, code_point):
    canvas = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    ImageDraw.Draw(canvas).text((30, 30), chr(code_point), font=font, embedded_color=True)
    box = canvas.getchannel("A").point(lambda a: 255 if a >= 16 else 0).getbbox()
    if box is None:
        raise SystemExit(f"the font has no glyph for U+{code_point:04X}")
    glyph = canvas.crop(box)
    scale = GLYPH / max(glyph.size)
    return glyph.resize([max(1, round(side * scale)) for side in glyph.size], Image.Resampling.LANCZOS)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "omma/data/world/atlas/glyphs.png")
    arguments = parser.parse_args()

    font = ImageFont.truetype(str(arguments.font), FONT_SIZE)
    rows = len(GLYPHS) // COLUMNS
    atlas = Image.new("RGB", (COLUMNS * CELL, 2 * rows * CELL))
    for i, (_, code_point) in enumerate(GLYPHS):
        glyph = draw_glyph(font, code_point)
        x = i % COLUMNS * CELL + (CELL - glyph.width) // 2
        y = i // COLUMNS * CELL + (CELL - glyph.height) // 2
        alpha = glyph.getchannel("A")
        opaque = Image.composite(glyph.convert("RGB"), Image.new("RGB", glyph.size), alpha.point(lambda a: 255 if a else 0))
        atlas.paste(opaque, (x, y))
        atlas.paste(Image.merge("RGB", [alpha] * 3), (x, y + rows * CELL))
    atlas.save(arguments.out, optimize=True)


if __name__ == "__main__":
    main()
