"""Reference outputs of Pillow, transformers and pycocotools for tests/parity/images.

Pillow 13.0 decodes and resizes, transformers 5.23 computes DETR's sizes, pycocotools encodes masks. Writes DIR/images/manifest.json
and the pictures it names: encoded ones, and raw 8-bit RGB.

    python tools/parity/images.py --out build/parity [--photos FOLDER_OF_JPEGS]
"""
import argparse
import io
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageFile, ImageOps, PngImagePlugin
from pycocotools import mask as coco
from transformers.image_transforms import get_size_with_aspect_ratio

sys.path.insert(0, str(pathlib.Path(__file__).with_suffix("")))  # the folder beside this file
from bmp_files import bmp_files, refused_bmp_files  # noqa: E402
from gif_files import gif_files, meant_gif_files, refused_gif_files  # noqa: E402
from tiff_files import meant_tiff_files, refused_tiff_files, tiff_files  # noqa: E402

FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]  # x, y, steps


def scene(width, height, seed):
    """Smooth shades, sharp edges and noise: what a codec and a resampler find hard."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    shades = [127 + 127 * np.sin(x / (3 + 5 * c) + y / (7 - 2 * c) + c) for c in range(3)]
    picture = np.stack(shades, axis=-1)
    picture[(x // 5 + y // 3) % 4 == 0] = rng.integers(0, 256, 3)
    noisy = rng.random((height, width)) < 0.2
    picture[noisy] = rng.integers(0, 256, (noisy.sum(), 3))
    return picture.astype(np.uint8)


def png(samples, depth, color, palette=None, transparency=None, interlaced=False):
    """A PNG of `samples` [H, W, channels], of a kind that Pillow itself does not write."""
    height, width, channels = samples.shape

    def packed(block):
        rows = []
        for row in block:
            if depth == 16:
                data = row.astype(">u2").tobytes()
            elif depth == 8:
                data = row.astype(np.uint8).tobytes()
            else:
                bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth:]
                data = np.packbits(bits.reshape(-1)).tobytes()
            rows.append(b"\0" + data)
        return b"".join(rows)

    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(packed(block) for block in passes if block.size)
    else:
        data = packed(samples)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced)))
    out += chunk(b"gAMA", struct.pack(">I", 45455))
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        out += chunk(b"tRNS", transparency)
    return out + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def png_files():
    rng = np.random.default_rng(1)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    for color in channels:
        for depth in depths[color]:
            for width, height in ((1, 1), (3, 3), (13, 9), (33, 17)):
                samples = rng.integers(0, 1 << depth, (height, width, channels[color]))
                palette = rng.integers(0, 256, (1 << depth, 3)) if color == 3 else None
                for interlaced in (False, True):
                    name = f"color{color}_depth{depth}_{width}x{height}{'_adam7' if interlaced else ''}.png"
                    yield name, png(samples, depth, color, palette, interlaced=interlaced)
    gray = rng.integers(0, 256, (8, 8, 1))
    yield "gray_trns.png", png(gray, 8, 0, transparency=b"\0\x10")
    yield "palette_trns.png", png(gray, 8, 3, rng.integers(0, 256, (256, 3)), transparency=bytes(range(200)))
    yield "rgb_trns.png", png(rng.integers(0, 256, (8, 8, 3)), 8, 2, transparency=b"\0\1\0\2\0\3")


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def jpeg_files():
    for width, height in ((1, 1), (3, 3), (8, 8), (17, 31), (100, 75), (257, 129)):
        image = Image.fromarray(scene(width, height, width))
        for subsampling in (0, 1, 2):
            for quality in (30, 92):
                for progressive in (False, True):
                    name = f"{width}x{height}_s{subsampling}_q{quality}{'_progressive' if progressive else ''}.jpg"
                    yield name, saved(image, "jpeg", quality=quality, subsampling=subsampling, progressive=progressive)
        yield f"gray_{width}x{height}.jpg", saved(image.convert("L"), "jpeg")
        yield f"rgb_{width}x{height}.jpg", saved(image, "jpeg", keep_rgb=True)
        cmyk = saved(image.convert("CMYK"), "jpeg", quality=95)
        yield f"cmyk_{width}x{height}.jpg", cmyk
        marker = cmyk.index(b"\xff\xee")  # Adobe: the last of its 12 bytes tells CMYK (0) from YCCK (2)
        yield f"ycck_{width}x{height}.jpg", cmyk[:marker + 15] + b"\2" + cmyk[marker + 16:]
        yield f"cmyk_bare_{width}x{height}.jpg", cmyk[:marker] + cmyk[marker + 16:]
    image = Image.fromarray(scene(40, 25, 9))
    yield "restarts.jpg", saved(image, "jpeg", restart_marker_blocks=1)
    for orientation in range(0, 10):
        yield f"orientation{orientation}.jpg", saved(image, "jpeg", exif=exif(orientation))
        yield f"orientation{orientation}.png", saved(image, "png", exif=exif(orientation))


def webp_files():
    for width, height in ((1, 1), (3, 3), (64, 48), (131, 77)):
        image = Image.fromarray(scene(width, height, width + 1))
        alpha = image.copy()
        alpha.putalpha(Image.fromarray(scene(width, height, 5)[..., 0]))
        for name, options in (("lossy", {"quality": 80}), ("lossless", {"lossless": True})):
            yield f"{name}_{width}x{height}.webp", saved(image, "webp", **options)
            yield f"{name}_alpha_{width}x{height}.webp", saved(alpha, "webp", exact=True, **options)
    frames = [Image.fromarray(scene(50, 40, seed)) for seed in range(3)]
    yield "animated.webp", saved(frames[0], "webp", save_all=True, append_images=frames[1:], lossless=True)
    yield "orientation6.webp", saved(frames[0], "webp", lossless=True, exif=exif(6))


def tiff(kind, values, count=None, big_endian=False):
    """A TIFF structure of one entry, the orientation, whose values are of the struct format `kind`."""
    order = ">" if big_endian else "<"
    number = {"B": 1, "H": 3, "L": 4, "b": 6, "h": 8, "l": 9}[kind]
    data = struct.pack(f"{order}{len(values)}{kind}", *values)
    stored = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "L", 26)
    head = struct.pack(order + "HLHHHL", 42, 8, 1, 0x0112, number, len(values) if count is None else count)
    return (b"MM" if big_endian else b"II") + head + stored + bytes(4) + (data if len(data) > 4 else b"")


def png_texts(**texts):
    """Chunks for Image.save: keyword with `_` for spaces, text, whether compressed, whether international."""
    info = PngImagePlugin.PngInfo()
    for keyword, (text, compressed, international) in texts.items():
        add = info.add_itxt if international else info.add_text
        add(keyword.replace("_", " "), text, zip=compressed)
    return info


def orientation_files():
    """Orientations wherever Pillow looks for them, and where it does not."""
    image = Image.fromarray(scene(40, 25, 11))
    blocks = {"two": tiff("H", [6, 1]), "two_big": tiff("H", [8, 3], big_endian=True), "three": tiff("H", [5, 1, 1]),
              "long": tiff("L", [7, 1]), "signed": tiff("h", [6]), "byte": tiff("B", [6]), "none": tiff("H", [6], count=0),
              "beyond": tiff("H", [6], count=9), "second": tiff("H", [1, 6])}
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
    element = b"<tiff:Orientation>5</tiff:Orientation>"
    for name, block in blocks.items():
        yield f"exif_{name}.jpg", saved(image, "jpeg", exif=b"Exif\0\0" + block)
        yield f"exif_{name}_xmp.jpg", saved(image, "jpeg", exif=b"Exif\0\0" + block, xmp=xmp % 3)
        yield f"exif_{name}.png", saved(image, "png", exif=block)
    for kind, options in (("jpeg", {}), ("webp", {"lossless": True})):
        yield f"xmp6.{kind}", saved(image, kind, xmp=xmp % 6, **options)
        yield f"xmp9.{kind}", saved(image, kind, xmp=xmp % 9, **options)
        yield f"xmp_element.{kind}", saved(image, kind, xmp=element, **options)
    block = exif(6)
    profile = f"\nexif\n{len(block):8}\n" + "\n".join(block.hex()[i:i + 72] for i in range(0, len(block.hex()), 72)) + "\n"
    for compressed in (False, True):
        for international in (False, True):
            ending = f"{'_zip' if compressed else ''}{'_international' if international else ''}.png"
            yield "profile" + ending, saved(image, "png", pnginfo=png_texts(
                Raw_profile_type_exif=(profile, compressed, international)))
            yield "xmp" + ending, saved(image, "png", pnginfo=png_texts(**{
                "XML:com.adobe.xmp": ((xmp % 8).decode(), compressed, international)}))
    yield "profile_app1.png", saved(image, "png", pnginfo=png_texts(Raw_profile_type_APP1=(profile, False, False)))


def chunks(data):
    """Where a PNG's chunks begin, their kind and their size."""
    at = 8
    while at < len(data):
        size = struct.unpack(">I", data[at:at + 4])[0]
        yield at, data[at + 4:at + 8], size
        at += 12 + size


def cut_files():
    """Files that lack nothing of their picture: an end marker, what follows a PNG's pixels, the sum of a chunk."""
    image = Image.fromarray(scene(40, 25, 12))
    for name, options in (("baseline", {}), ("restarts", {"restart_marker_blocks": 1}), ("progressive", {"progressive": True})):
        data = saved(image, "jpeg", **options)
        yield f"{name}_without_end.jpg", data[:-2]
        yield f"{name}_with_half_an_end.jpg", data[:-1]
    data = saved(image, "png")
    for at, kind, size in chunks(data):
        if kind == b"IDAT":
            end = at + 8 + size
            yield "wrong_checksum.png", data[:end] + bytes([data[end] ^ 1]) + data[end + 1:]
            for cut in (0, 3, 4, 7, 15):
                yield f"ends_{cut}_behind_pixels.png", data[:end + cut]


def refused_files():
    """Files that lack a part of their picture, or whose pixels fail their sum. Pillow refuses them, too."""
    image = Image.fromarray(scene(40, 25, 13))
    data = saved(image, "jpeg")
    yield "cut.jpg", data[:-20]
    yield "cut_progressive.jpg", saved(image, "jpeg", progressive=True)[:-40]
    data = saved(image, "png")
    yield "cut.png", data[:-40]
    for at, kind, size in chunks(data):
        if kind == b"IDAT":
            body = data[at + 4:at + 7 + size] + bytes([data[at + 7 + size] ^ 1])
            yield "wrong_adler.png", data[:at + 4] + body + struct.pack(">I", zlib.crc32(body)) + data[at + 12 + size:]
        if kind == b"IHDR":
            yield "wrong_header_checksum.png", data[:at + 8 + size] + bytes(4) + data[at + 12 + size:]


def upright_rgb(data):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


class Folder:
    def __init__(self, path):
        self.path = path
        self.path.mkdir(parents=True, exist_ok=True)
        self.raw_count = 0

    def raw(self, pixels):
        name = f"{self.raw_count:05d}.rgb"
        self.raw_count += 1
        (self.path / name).write_bytes(np.ascontiguousarray(pixels).tobytes())
        return {"raw": name, "width": pixels.shape[1], "height": pixels.shape[0]}


def decode_cases(folder, photos):
    cases = []
    for files in (png_files(), jpeg_files(), webp_files(), orientation_files(), gif_files(), bmp_files(), tiff_files()):
        for name, data in files:
            (folder.path / name).write_bytes(data)
            cases.append({"file": name} | folder.raw(upright_rgb(data)))
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # without it Pillow takes a JPEG without its end marker by the luck of the last bits
    for name, data in cut_files():
        (folder.path / name).write_bytes(data)
        cases.append({"file": name} | folder.raw(upright_rgb(data)))
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    for name, data, pixels in (*meant_gif_files(), *meant_tiff_files()):
        (folder.path / name).write_bytes(data)
        cases.append({"file": name} | folder.raw(pixels.astype(np.uint8)))
    for photo in photos:
        cases.append({"file": str(photo.resolve())} | folder.raw(upright_rgb(photo.read_bytes())))
    return cases


def refused_cases(folder):
    cases = []
    for name, data in (*refused_files(), *refused_gif_files(), *refused_bmp_files(), *refused_tiff_files()):
        (folder.path / name).write_bytes(data)
        try:
            upright_rgb(data)
        except (OSError, SyntaxError, EOFError, KeyError, TypeError, ValueError):
            cases.append(name)
        else:
            raise AssertionError(f"{name}: Pillow takes it")
    return cases


def resize_cases(folder, photos):
    sizes = [((1, 1), (7, 5)), ((1, 40), (3, 9)), ((40, 1), (9, 3)), ((3, 3), (3, 3)), ((3, 3), (64, 2)), ((2, 3), (224, 224)),
             ((50, 40), (50, 13)), ((50, 40), (13, 40)), ((64, 64), (32, 32)), ((101, 67), (100, 68)), ((101, 67), (1, 1)),
             ((200, 150), (333, 250)), ((640, 5), (13, 4)), ((97, 211), (64, 64)), ((640, 480), (336, 336)),
             # Pillow goes down before across where the height loses more than twice what the width loses: both sides of that edge.
             ((100, 300), (80, 240)), ((100, 300), (70, 240)), ((100, 300), (71, 240)), ((30, 61), (45, 60)), ((30, 61), (45, 61)),
             ((61, 200), (61, 99)), ((300, 100), (240, 80)), ((200, 500), (384, 384)), ((480, 640), (384, 384))]
    pairs = [(scene(*size, seed=i), to) for i, (size, to) in enumerate(sizes)]
    black, white = np.zeros((9, 9, 3), np.uint8), np.full((9, 9, 3), 255, np.uint8)
    pairs += [(black, (5, 17)), (white, (5, 17))]
    rng = np.random.default_rng(3)
    for seed in range(60):
        width, height, to_width, to_height = (int(n) for n in rng.integers(1, 130, 4))
        pairs.append((scene(width, height, 100 + seed), (to_width, to_height)))
    for photo in photos:
        pixels = upright_rgb(photo.read_bytes())
        pairs += [(pixels, (384, 384)), (pixels, (1066, 800)), (pixels, (77, 41))]
    cases = []
    for pixels, size in pairs:
        source = folder.raw(pixels)
        for name, resample in FILTERS.items():
            resized = np.asarray(Image.fromarray(pixels).resize(size, resample))
            cases.append({"filter": name, "from": source, "to": folder.raw(resized)})
    return cases


def detr_cases():
    rng = np.random.default_rng(4)
    cases = []
    limits = [(800, 1333), (480, 640), (100, 100), (800, 800), (128, 213), (7, 11)]
    for shortest, longest in limits:
        sizes = rng.integers(1, 3000, (400, 2)).tolist() + [[shortest, 500], [500, shortest], [longest, longest], [640, 480]]
        for width, height in sizes:
            out_height, out_width = get_size_with_aspect_ratio((height, width), shortest, longest)
            if min(out_height, out_width) >= 1:
                cases.append([width, height, shortest, longest, out_width, out_height])
    return cases


def mask_cases():
    rng = np.random.default_rng(5)
    cases = []
    for number in range(200):
        height, width = (int(n) for n in rng.integers(1, 60, 2))
        density = (0.0, 1.0, 0.5, 0.02, 0.98)[number % 5]
        bits = np.asfortranarray((rng.random((2, height, width)) < density).astype(np.uint8))
        if number % 3 == 0:
            bits[:, height // 4:height // 2 + 1, width // 3:width // 2 + 1] ^= 1
        rles = [coco.encode(np.asfortranarray(one)) for one in bits]
        cases.append({"width": width, "height": height,
                      "bits": ["".join(map(str, one.reshape(-1))) for one in bits],  # rows from the top
                      "counts": [rle["counts"].decode() for rle in rles],
                      "area": [int(coco.area(rle)) for rle in rles],
                      "box": [coco.toBbox(rle).tolist() for rle in rles],  # x, y, width, height
                      "iou": float(coco.iou([rles[0]], [rles[1]], [0])[0, 0])})
    large = np.zeros((3000, 2000), np.uint8, order="F")
    large[17:2900, 40:1990] = 1
    rle = coco.encode(large)
    return cases, {"width": 2000, "height": 3000, "box": [40, 17, 1990, 2900], "counts": rle["counts"].decode()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/parity"))
    parser.add_argument("--photos", type=pathlib.Path, help="a folder of photographs to decode and resize as well")
    arguments = parser.parse_args()
    photos = sorted(arguments.photos.glob("*.jpg"))[:12] if arguments.photos else []
    folder = Folder(arguments.out / "images")
    masks, large_mask = mask_cases()
    manifest = {"decode": decode_cases(folder, photos), "refused": refused_cases(folder), "resize": resize_cases(folder, photos), "detr": detr_cases(),
                "masks": masks, "large_mask": large_mask}
    (folder.path / "manifest.json").write_text(json.dumps(manifest))
    print({name: len(cases) for name, cases in manifest.items()})


if __name__ == "__main__":
    main()
