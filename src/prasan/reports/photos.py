"""Pictures: what is taken in, what is kept for officers, what everybody sees. Pure: bytes in, bytes out.

Nothing of an upload is stored as it came: the picture is decoded and encoded anew, upright and without metadata
(Exif 2.32, its GPS included), so that neither a place nor a hidden payload survives. What is public has faces and
number plates blurred (Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", 2001,
by the cascades that OpenCV ships).
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD

from prasan.fabric.problems import Invalid

if TYPE_CHECKING:
    import numpy as np

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_UPLOAD = 15 * 2**20  # bytes; a phone's 12 megapixels take 2 to 8 MB
# A JPEG is decoded at a fraction of its size, the others in full: 25 megapixels are 100 MB of memory.
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
ORIGINAL_EDGE = 2560
SIZES = {"large": 1600, "small": 480}  # longest edge in pixels of what is public
DETECTION_EDGE = 1280
TOO_MANY_PIXELS = gettext_lazy("“%(name)s” has more pixels than can be taken.")
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Intake:
    """An upload as it is kept: an upright JPEG without metadata; `location` is (longitude, latitude) of its Exif."""

    content: bytes
    width: int
    height: int
    sha256: str
    location: tuple[float, float] | None


def take_in(upload: IO[bytes], name: str = "") -> Intake:
    """Check an upload and encode it anew. Raises Invalid({"photos": sentence}) for what is no photo or too large."""
    size = upload.seek(0, io.SEEK_END)
    upload.seek(0)
    if size == 0:
        raise _refused(_("“%(name)s” is empty (0 bytes)."), name)
    if size > LARGEST_UPLOAD:
        raise too_large(name)
    try:
        with Image.open(upload, formats=FORMATS) as image:
            _check_pixels(image, name)
            location = gps_of(image)
            image.draft("RGB", (ORIGINAL_EDGE, ORIGINAL_EDGE))
            kept = _reduced(ImageOps.exif_transpose(image), ORIGINAL_EDGE)
    except Image.DecompressionBombError as error:
        raise _refused(TOO_MANY_PIXELS, name) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _refused(
            _("“%(name)s” is not a photo that can be read. Please send JPEG, PNG or WebP."), name
        ) from error
    content = _encoded(kept, "JPEG", quality=88)
    return Intake(content, kept.width, kept.height, hashlib.sha256(content).hexdigest(), location)


def too_large(name: str) -> Invalid:
    """The refusal of a file above LARGEST_UPLOAD."""
    sentence = _("“%(name)s” is too large; at most %(most)d MB a photo, please.")
    return Invalid({"photos": sentence % {"name": name or _("The photo"), "most": LARGEST_UPLOAD // 2**20}})


def _refused(sentence: Any, name: str) -> Invalid:
    return Invalid({"photos": str(sentence) % {"name": name or _("The photo")}})


def _check_pixels(image: Image.Image, name: str) -> None:
    """A few kilobytes can unfold to gigabytes; the header tells before anything is unfolded."""
    if image.width * image.height > MOST_PIXELS[str(image.format)]:
        raise _refused(TOO_MANY_PIXELS, name)


def gps_of(image: Image.Image) -> tuple[float, float] | None:
    """(longitude, latitude) that the camera wrote into the picture, or None."""
    try:
        tags = image.getexif().get_ifd(IFD.GPSInfo)
        latitude = _degrees(tags[GPS.GPSLatitude], tags[GPS.GPSLatitudeRef], "S")
        longitude = _degrees(tags[GPS.GPSLongitude], tags[GPS.GPSLongitudeRef], "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError, SyntaxError, OSError):
        return None
    plausible = (
        abs(latitude) <= 90 and abs(longitude) <= 180 and (abs(latitude) > 1e-6 or abs(longitude) > 1e-6)
    )
    return (longitude, latitude) if plausible else None


def _degrees(parts: Any, reference: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return round(-value if str(reference).strip("\0 ").upper() == negative else value, 6)


def publish(original: bytes) -> dict[str, bytes]:
    """What everybody may see: WebP per size of SIZES, faces and plates blurred."""
    with Image.open(io.BytesIO(original), formats=("JPEG",)) as image:
        large = _reduced(image, SIZES["large"])
    hidden = blurred(large, find_private(large))
    return {
        size: _encoded(_reduced(hidden, edge), "WEBP", quality=78, method=2) for size, edge in SIZES.items()
    }


def find_private(image: Image.Image) -> list[Box]:
    """(left, top, right, bottom) of what looks like a face or a number plate.

    Errs towards finding: a blurred patch of wall costs nothing, a shown face does.
    """
    import cv2
    import numpy as np

    scale = min(1.0, DETECTION_EDGE / max(image.size))
    small = image.convert("L").resize((round(image.width * scale), round(image.height * scale)))
    grey = cv2.equalizeHist(np.asarray(small))
    found = [box for name, least in CASCADES for box in _detected(name, grey, least)]
    mirrored = np.ascontiguousarray(grey[:, ::-1])  # the profile cascade knows faces that look left only
    found += [(grey.shape[1] - x - w, y, w, h) for x, y, w, h in _detected(PROFILE, mirrored, 3)]
    return [_grown(box, 1 / scale, image.size) for box in found]


PROFILE = "haarcascade_profileface.xml"
CASCADES = (  # file, and how many overlapping hits make a find
    ("haarcascade_frontalface_default.xml", 3),
    (PROFILE, 3),
    ("haarcascade_russian_plate_number.xml", 3),
    ("haarcascade_license_plate_rus_16stages.xml", 3),
)


@cache
def _cascade(name: str) -> Any:
    import cv2

    return cv2.CascadeClassifier(str(files("cv2") / "data" / name))


def _detected(name: str, grey: np.ndarray, least: int) -> list[Box]:
    boxes = _cascade(name).detectMultiScale(grey, scaleFactor=1.15, minNeighbors=least, minSize=(28, 12))
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in boxes]


def _grown(box: Box, scale: float, size: tuple[int, int]) -> Box:
    """The find in the picture's own pixels, a quarter larger on each side: hair, ears, the plate's edge."""
    x, y, w, h = (value * scale for value in box)
    left, top, right, bottom = x - w / 4, y - h / 4, x + w * 5 / 4, y + h * 5 / 4
    return max(0, int(left)), max(0, int(top)), min(size[0], int(right) + 1), min(size[1], int(bottom) + 1)


def blurred(image: Image.Image, boxes: list[Box]) -> Image.Image:
    """The picture with the boxes reduced to eight soft squares a side, from which nothing can be won back."""
    result = image.copy()
    for left, top, right, bottom in boxes:
        patch = result.crop((left, top, right, bottom))
        coarse = patch.resize((8, 8), Image.Resampling.BOX).resize(patch.size, Image.Resampling.BICUBIC)
        result.paste(coarse, (left, top))
    return result


def _reduced(image: Image.Image, edge: int) -> Image.Image:
    """An RGB copy whose longest edge is at most `edge`; what was transparent becomes white."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = Image.new("RGB", layered.size, "white")
        image.paste(layered, mask=layered.getchannel("A"))
    copy = image.convert("RGB")
    copy.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return copy


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    clean = Image.new("RGB", image.size)  # a fresh picture has no metadata to carry over
    clean.paste(image)
    output = io.BytesIO()
    clean.save(output, kind, **options)
    return output.getvalue()
