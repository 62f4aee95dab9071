"""Pictures for tests: photos, and what pretends to be one."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

GPS_IFD, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


def photo(
    *, place: tuple[float, float] | None = None, size: tuple[int, int] = (640, 480), kind: str = "JPEG",
    orientation: int = 1, name: str = "hole.jpg",
) -> SimpleUploadedFile:  # fmt: skip
    """A photo whose upper left quarter is red; perhaps with the place its camera wrote into it."""
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "Camera of Somebody", orientation
    if place:
        gps = {1: "N", 2: sexagesimal(place[1]), 3: "E", 4: sexagesimal(place[0])}
        exif.get_ifd(GPS_IFD).update(gps)
    image = Image.new("RGB", size, "grey")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return SimpleUploadedFile(name, saved(image, kind, exif=exif), f"image/{kind.lower()}")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def sexagesimal(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds."""
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises width × height pixels: a decompression bomb."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def face(size: int = 320) -> Image.Image:
    """A drawn face that the cascade takes for one: light skin, dark eyes, brows, nose and mouth."""
    image = Image.new("RGB", (size * 2, size * 2), (120, 150, 170))
    pen = ImageDraw.Draw(image)
    at = lambda x, y: (size / 2 + x * size, size / 2 + y * size)  # noqa: E731
    pen.ellipse([at(0.1, -0.05), at(0.9, 1.1)], fill=(225, 190, 165))
    pen.pieslice([at(0.05, -0.15), at(0.95, 0.6)], 180, 360, fill=(40, 30, 25))
    for x in (0.32, 0.68):
        pen.ellipse([at(x - 0.1, 0.36), at(x + 0.1, 0.46)], fill=(245, 245, 245))
        pen.ellipse([at(x - 0.045, 0.36), at(x + 0.045, 0.46)], fill=(30, 20, 20))
        pen.line([at(x - 0.13, 0.3), at(x + 0.13, 0.3)], fill=(50, 35, 30), width=size // 25)
    pen.polygon([at(0.5, 0.45), at(0.43, 0.68), at(0.57, 0.68)], fill=(200, 160, 140))
    pen.ellipse([at(0.36, 0.76), at(0.64, 0.86)], fill=(150, 60, 60))
    return image
