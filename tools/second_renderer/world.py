"""The picture-book world as its description tells it: pictograms of Noto Color Emoji in six colours on pale grounds."""
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

NAMES = {
    "car": 0x1F697, "bus": 0x1F68C, "bicycle": 0x1F6B2, "train": 0x1F682, "airplane": 0x2708, "boat": 0x26F5,
    "dog": 0x1F415, "cat": 0x1F408, "horse": 0x1F40E, "cow": 0x1F404, "bird": 0x1F426, "fish": 0x1F41F,
    "tree": 0x1F333, "flower": 0x1F337, "mushroom": 0x1F344, "plant": 0x1FAB4, "apple": 0x1F34E, "banana": 0x1F34C, "star": 0x2B50,
    "house": 0x1F3E0, "person": 0x1F9CD, "cup": 0x2615, "chair": 0x1FA91, "clock": 0x23F0, "umbrella": 0x2602, "ball": 0x26BD,
    "book": 0x1F4D6, "key": 0x1F511, "shoe": 0x1F45E, "hat": 0x1F3A9, "lamp": 0x1F4A1, "balloon": 0x1F388,
}
HUES = {"red": 0.0, "yellow": 0.14, "green": 0.34, "blue": 0.61, "purple": 0.79}
COLORS = [*HUES, "gray"]

# Of the 192 pairs those that no training shows: what `omma render --split combo` draws and `--split train` never does.
PAIRS_HELD_OUT = {
    ("red", "star"), ("red", "mushroom"), ("red", "bus"), ("red", "lamp"),
    ("yellow", "chair"), ("yellow", "ball"), ("yellow", "apple"), ("yellow", "banana"),
    ("green", "airplane"), ("green", "cat"), ("green", "dog"), ("green", "cup"),
    ("blue", "horse"), ("blue", "tree"), ("blue", "hat"), ("blue", "flower"),
    ("purple", "bicycle"), ("purple", "clock"), ("purple", "cow"), ("purple", "bird"),
    ("gray", "house"), ("gray", "fish"), ("gray", "shoe"), ("gray", "person"),
}

LARGEST_COVER = 0.3  # of an earlier object that a later one may hide


# How one thing stands to another: the axis of their centres, and which way along it.
PLACES = {"left of": (0, -1), "right of": (0, 1), "above": (1, -1), "below": (1, 1)}
CLEARLY = 0.08  # of the canvas, by which centres differ where a place is told


def with_article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def plural_of(name):
    irregular = {"person": "people", "fish": "fish"}
    return irregular.get(name) or name + ("es" if name.endswith("s") else "s")


class Glyphs:
    """The font's pictograms, each at its one bitmap size, cut to what can be seen of it."""

    FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
    STRIKE = 109  # pixels

    def __init__(self, font):
        font = ImageFont.truetype(font, self.STRIKE)
        self._pictures = {name: self._draw(font, chr(code)) for name, code in NAMES.items()}

    @staticmethod
    def _draw(font, character):
        sheet = Image.new("RGBA", (3 * Glyphs.STRIKE, 3 * Glyphs.STRIKE))
        ImageDraw.Draw(sheet).text((Glyphs.STRIKE, Glyphs.STRIKE), character, font=font, embedded_color=True)
        # Pasted onto nothing, colours come out multiplied by their alpha.
        sheet = Image.frombytes("RGBa", sheet.size, sheet.tobytes()).convert("RGBA")
        return sheet.crop(sheet.getchannel("A").getbbox())

    def __getitem__(self, name):
        return self._pictures[name]


def tinted(glyph, color):
    """Its luminance shows as brightness .25 + .7 L of the colour, so that black pictograms still have one."""
    pixels = np.asarray(glyph, dtype=np.float64) / 255
    luminance = pixels[..., :3] @ [0.299, 0.587, 0.114]
    value = 0.25 + 0.7 * luminance
    if color == "gray":
        rgb = np.repeat(0.75 * value[..., None], 3, axis=-1)
    else:
        rgb = value[..., None] * rgb_of_hue(HUES[color], saturation=0.85)
    rgba = np.concatenate([rgb, pixels[..., 3:]], axis=-1)
    return Image.fromarray(np.round(255 * rgba).astype(np.uint8), "RGBA")


def rgb_of_hue(hue, saturation, value=1.0):
    """HSV to RGB: each channel is full within a sixth of its own hue and gone from a third on."""
    distance = np.abs((hue - np.array([0, 1 / 3, 2 / 3]) + 0.5) % 1 - 0.5)
    return value * (1 - saturation + saturation * np.clip(2 - 6 * distance, 0, 1))


def posed(glyph, side, mirrored, degrees):
    """Mirrored, turned and scaled until its long side is `side` pixels. Colours carry no fringe of what is transparent ("RGBa")."""
    picture = glyph.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else glyph
    picture = picture.convert("RGBa").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    picture = picture.crop(picture.getchannel("a").point(lambda alpha: 255 * (alpha >= 128)).getbbox())
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")


def pale_color(rng):
    return 255 * rgb_of_hue(rng.random(), saturation=rng.uniform(0.02, 0.3), value=rng.uniform(0.75, 1.0))


def background(size, rng):
    """Two pale colours that run into each other in some direction, under soft noise of a few levels."""
    noise = np.random.default_rng(rng.getrandbits(64))
    angle = noise.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size] / max(1, size - 1) - 0.5
    along = x * np.cos(angle) + y * np.sin(angle)
    share = (along - along.min()) / max(1e-9, np.ptp(along))
    ground = pale_color(rng) * (1 - share[..., None]) + pale_color(rng) * share[..., None]
    cells = Image.fromarray(noise.normal(0, noise.uniform(1, 4), (size // 4 + 1, size // 4 + 1)).astype(np.float32), "F")
    ground += np.asarray(cells.resize((size, size), Image.Resampling.BICUBIC))[..., None]
    return Image.fromarray(np.clip(np.round(ground), 0, 255).astype(np.uint8), "RGB")


@dataclass
class WorldObject:
    name: str
    color: str
    whole: np.ndarray    # [H, W] bool: where it stands
    visible: np.ndarray  # and where nothing later hides it

    @property
    def box(self):
        """Tight on what is visible: x0, y0, x1, y1 as edges of pixels."""
        columns, rows = np.flatnonzero(self.visible.any(axis=0)), np.flatnonzero(self.visible.any(axis=1))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @property
    def center(self):
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2


def stands(one, place, other, size):
    axis, way = PLACES[place]
    return way * (one.center[axis] - other.center[axis]) >= CLEARLY * size


@dataclass
class Scene:
    size: int
    image: Image.Image
    objects: list


def choose_pair(pairs, earlier, rng):
    """At times another of a kind that is there, in its colour or in another: something to count."""
    if earlier and rng.random() < 0.35:
        like = rng.choice(earlier)
        kin = [pair for pair in pairs if pair[1] == like.name]
        return (like.color, like.name) if rng.random() < 0.5 else rng.choice(kin)
    return rng.choice(pairs)


def draw_scene(glyphs, pairs, size, rng, smallest=0.17, most_objects=6):
    scene = Scene(size, background(size, rng), [])
    for _ in range(rng.randint(1, most_objects)):
        color, name = choose_pair(pairs, scene.objects, rng)
        picture = posed(tinted(glyphs[name], color), size * rng.uniform(smallest, 0.42), rng.random() < 0.5, rng.uniform(-10, 10))
        place_object(scene, name, color, picture, rng)
    return scene


def place_object(scene, name, color, picture, rng):
    """Somewhere inside the canvas where it hides no earlier object too much; nowhere, if a hundred tries find no such place."""
    solid = np.asarray(picture.getchannel("A")) >= 128
    for _ in range(100):
        x, y = rng.randint(0, scene.size - picture.width), rng.randint(0, scene.size - picture.height)
        mask = np.zeros((scene.size, scene.size), dtype=bool)
        mask[y:y + picture.height, x:x + picture.width] = solid
        if all((earlier.whole & ~(earlier.visible & ~mask)).sum() <= LARGEST_COVER * earlier.whole.sum() for earlier in scene.objects):
            break
    else:
        return
    scene.image.paste(picture, (x, y), picture)
    for earlier in scene.objects:
        earlier.visible &= ~mask
    scene.objects.append(WorldObject(name, color, mask, mask.copy()))
