"""Pictures for the sample catalogue, drawn here: a bowl of something in the product's colour."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageColor, ImageDraw, ImageFilter

SIZE = 800


def draw(colour: str, *, seed: str) -> bytes:
    """A WebP of 800 × 800. The same seed draws the same picture."""
    choice = random.Random(seed)  # noqa: S311 - decoration
    red, green, blue = ImageColor.getrgb(colour)[:3]
    background = tuple(230 + part // 10 for part in (red, green, blue))
    picture = Image.new("RGB", (SIZE, SIZE), background)
    shadow = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(shadow).ellipse((130, 490, 690, 660), fill=90)
    picture.paste((90, 80, 70), mask=shadow.filter(ImageFilter.GaussianBlur(24)))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((110, 180, 690, 580), fill=(250, 248, 244), outline=(220, 214, 204), width=6)
    pen.ellipse((160, 215, 640, 515), fill=(236, 230, 220))
    for _ in range(170):
        x, y = choice.gauss(400, 105), choice.gauss(350, 58)
        if ((x - 400) / 225) ** 2 + ((y - 360) / 130) ** 2 > 1:
            continue
        size = choice.randint(16, 42)
        shade = choice.uniform(0.75, 1.2)
        fill = tuple(min(255, int(part * shade)) for part in (red, green, blue))
        edge = tuple(int(part * 0.7) for part in fill)
        pen.ellipse((x - size, y - size * 0.7, x + size, y + size * 0.7), fill=fill, outline=edge, width=2)
    stored = io.BytesIO()
    picture.save(stored, "WEBP", quality=82)
    return stored.getvalue()
