"""What differs between pictures of one scene: light, lens, scaling, sensor and file. A camera has some of these faults, by a coin each."""
import io

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX]


def light(image, rng):
    for enhance, least, most in ((ImageEnhance.Brightness, 0.75, 1.15), (ImageEnhance.Contrast, 0.75, 1.2), (ImageEnhance.Color, 0.75, 1.2)):
        image = enhance(image).enhance(rng.uniform(least, most))
    return image


def focus(image, rng):
    if rng.random() < 0.5:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9) * image.width / 128))
    return image.filter(ImageFilter.UnsharpMask(radius=1, percent=rng.randint(50, 150), threshold=0))


def scaling(image, rng):
    side = round(image.width * rng.uniform(0.7, 2))
    return image.resize((side, side), rng.choice(FILTERS)).resize(image.size, rng.choice(FILTERS))


def sensor(image, rng):
    noise = np.random.default_rng(rng.getrandbits(64)).normal(0, rng.uniform(1, 8), np.asarray(image).shape)
    return Image.fromarray(np.clip(np.round(np.asarray(image) + noise), 0, 255).astype(np.uint8), "RGB")


def file(image, rng):
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(40, 95))
    return Image.open(data).convert("RGB")


def photographed(image, rng):
    for fault in (light, focus, scaling, sensor, file):
        if rng.random() < 0.5:
            image = fault(image, rng)
    return image
