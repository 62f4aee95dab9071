"""The typeface of printed minutes: IBM Plex Sans Thai from npm, unpacked for the typesetter, which reads no web fonts.

WOFF 1.0 (https://www.w3.org/TR/WOFF/) is a TrueType file whose tables are compressed one by one, so zlib is enough.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path

from prasan.fabric.assets import NODE_MODULES
from prasan.fabric.boot import OperatorError
from prasan.fabric.paths import replace_file, var_folder

SOURCE = NODE_MODULES / "@fontsource"
# Thai letters of the looped face and Latin ones of its loopless sister (they are the same), because the typesetter
# looks for a letter in one file of each family only.
FACES = tuple(
    f"{family}/files/{family}-{part}-{weight}-normal.woff"
    for family, part in (("ibm-plex-sans-thai-looped", "thai"), ("ibm-plex-sans-thai", "latin"))
    for weight in (400, 600)
)


@cache
def folder() -> Path:
    """Where the TrueType files lie; made at the first call. Raises OperatorError without the npm packages."""
    made = var_folder() / "fonts"
    made.mkdir(mode=0o700, exist_ok=True)
    for face in FACES:
        source = SOURCE / face
        target = made / source.with_suffix(".ttf").name
        if target.exists():
            continue
        if not source.exists():
            raise OperatorError(f"the typeface for minutes is missing ({source}); run ./run once")
        replace_file(target, truetype(source.read_bytes()))
    return made


def truetype(woff: bytes) -> bytes:
    """The TrueType file inside a WOFF 1.0 file. Raises ValueError for any other file."""
    signature, flavor, _length, count = struct.unpack_from(">4sIIH", woff)
    if signature != b"wOFF":
        raise ValueError("not a WOFF 1.0 file")
    power = count.bit_length() - 1
    search = 16 << power
    header = struct.pack(">IHHHH", flavor, count, search, power, 16 * count - search)
    directory, body = b"", b""
    for number in range(count):
        tag, offset, packed, size, checksum = struct.unpack_from(">4sIIII", woff, 44 + 20 * number)
        table = woff[offset : offset + packed]
        table = zlib.decompress(table) if packed < size else table
        directory += struct.pack(">4sIII", tag, checksum, 12 + 16 * count + len(body), size)
        body += table + b"\0" * (-size % 4)
    return header + directory + body
