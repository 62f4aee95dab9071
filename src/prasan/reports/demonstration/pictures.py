"""Drawings in place of photos: a street with its problem, and the same street when it is fixed.

Drawn by this code alone; a word in the corner says that they are no photos.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 960  # as drawn
SIZE = (960, 720)  # as kept, which softens the edges
HORIZON = 400
Colour = tuple[int, int, int]
Draw = ImageDraw.ImageDraw
WALLS: tuple[Colour, ...] = (
    (214, 196, 170),
    (188, 170, 150),
    (170, 184, 190),
    (205, 178, 160),
    (160, 160, 168),
)


def picture(motif: str, *, fixed: bool, seed: str) -> Image.Image:
    """A drawing of a motif (hole, flood, lamp …; anything else is a plain street), before or after the fix."""
    rng = Random(seed)  # noqa: S311 — the same street before and after
    night = motif == "lamp"
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    _sky(draw, night)
    _houses(draw, rng, night)
    _street(draw, rng, night)
    MOTIFS.get(motif, _nothing)(draw, rng, fixed)
    _mark(draw)
    return image.resize(SIZE, Image.Resampling.BILINEAR)


def _sky(draw: Draw, night: bool) -> None:
    top, bottom = ((18, 22, 44), (48, 52, 78)) if night else ((122, 170, 214), (214, 228, 236))
    for y in range(HORIZON):
        share = y / HORIZON
        draw.line(
            (0, y, WIDTH, y), fill=tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        )


def _houses(draw: Draw, rng: Random, night: bool) -> None:
    x = -40
    while x < WIDTH:
        width, height = rng.randrange(120, 240), rng.randrange(130, 330)
        wall = rng.choice(WALLS)
        if night:
            wall = (wall[0] // 4, wall[1] // 4, wall[2] // 3)
        draw.rectangle((x, HORIZON - height, x + width, HORIZON + 40), fill=wall)
        for row in range(HORIZON - height + 22, HORIZON - 30, 58):
            for column in range(x + 18, x + width - 40, 52):
                lit = night and rng.random() < 0.3
                draw.rectangle(
                    (column, row, column + 28, row + 34), fill=(236, 206, 122) if lit else (70, 84, 96)
                )
        x += width + rng.randrange(0, 18)


def _street(draw: Draw, rng: Random, night: bool) -> None:
    by_day, by_night = (
        ((92, 94, 98), (196, 196, 190), (170, 164, 154)),
        ((34, 36, 44), (66, 66, 72), (58, 56, 60)),
    )
    asphalt, kerb, pavement = by_night if night else by_day
    draw.rectangle((0, HORIZON + 20, WIDTH, HEIGHT), fill=pavement)
    draw.polygon([(430, HORIZON + 20), (700, HORIZON + 20), (1200, HEIGHT), (-60, HEIGHT)], fill=asphalt)
    draw.line((700, HORIZON + 20, 1200, HEIGHT), fill=kerb, width=16)
    for step in range(6):
        y = HORIZON + 60 + step * step * 16
        x = 565 + step * 2
        end = y + 24 + step * 8
        dash = [(x - 4 - step, y), (x + 4 + step, y), (x + 6 + step * 2, end), (x - 6 - step * 2, end)]
        draw.polygon(dash, fill=(90, 90, 84) if night else (200, 196, 170))
    for _ in range(500):
        x, y = rng.randrange(WIDTH), rng.randrange(HORIZON + 30, HEIGHT)
        shade = rng.randrange(-10, 10)
        draw.point((x, y), fill=(asphalt[0] + shade, asphalt[1] + shade, asphalt[2] + shade))


def _blob(rng: Random, x: int, y: int, *size: int, points: int = 14) -> list[tuple[int, int]]:
    """An uneven round shape."""
    found, (width, height) = [], size
    for step in range(points):
        angle, reach = 2 * math.pi * step / points, rng.uniform(0.75, 1.15)
        found.append(
            (round(x + math.cos(angle) * width * reach), round(y + math.sin(angle) * height * reach))
        )
    return found


def _nothing(draw: Draw, rng: Random, fixed: bool) -> None:
    pass


def _hole(draw: Draw, rng: Random, fixed: bool) -> None:
    patch = _blob(rng, 520, 740, 170, 62)
    if fixed:
        draw.polygon(patch, fill=(58, 59, 62))
        return
    draw.polygon(patch, fill=(74, 66, 58))
    draw.polygon(_blob(rng, 526, 750, 128, 42), fill=(46, 40, 36))
    draw.polygon(_blob(rng, 520, 756, 90, 24), fill=(112, 104, 88))


def _pavement(draw: Draw, rng: Random, fixed: bool) -> None:
    for row in range(4):
        for column in range(5):
            x, y = 980 + column * 62 + row * 26, 700 + row * 54
            broken = not fixed and rng.random() < 0.5
            lift = rng.randrange(-12, 14) if broken else 0
            fill = (126, 110, 96) if broken else (188, 150, 120)
            tile = [(x, y + lift), (x + 54, y - lift), (x + 60, y + 44), (x + 4, y + 44 + lift)]
            draw.polygon(tile, fill=fill, outline=(96, 84, 76))


def _flood(draw: Draw, rng: Random, fixed: bool) -> None:
    if fixed:
        for _ in range(7):
            draw.polygon(
                _blob(rng, rng.randrange(150, 950), rng.randrange(600, 920), 60, 12), fill=(106, 112, 118)
            )
        return
    draw.polygon(
        [(380, HORIZON + 60), (760, HORIZON + 60), (1280, HEIGHT), (0, HEIGHT)], fill=(132, 124, 104)
    )
    for _ in range(46):
        x, y = rng.randrange(60, 1160), rng.randrange(HORIZON + 90, HEIGHT)
        draw.line((x, y, x + rng.randrange(40, 150), y), fill=(170, 164, 146), width=3)


def _lamp(draw: Draw, rng: Random, fixed: bool) -> None:
    for x, base, height in ((1010, 900, 640), (820, 640, 330), (742, 540, 200)):
        if fixed:
            glow = height // 3
            for step in range(glow, 0, -6):
                share = 1 - step / glow
                shade = (round(48 + 180 * share), round(52 + 150 * share), round(60 + 60 * share))
                centre, half = base - height, step // 2
                draw.ellipse((x - 70 - step, centre - half, x - 70 + step, centre + half), fill=shade)
        draw.line((x, base, x, base - height), fill=(120, 122, 128), width=max(4, height // 50))
        draw.line((x, base - height, x - 70, base - height), fill=(120, 122, 128), width=max(3, height // 70))
        bulb = (255, 238, 170) if fixed else (60, 62, 70)
        draw.ellipse((x - 92, base - height - 8, x - 50, base - height + 12), fill=bulb)


def _waste(draw: Draw, rng: Random, fixed: bool) -> None:
    if fixed:
        draw.rectangle((960, 620, 1040, 760), fill=(40, 120, 80))
        draw.rectangle((952, 604, 1048, 628), fill=(30, 96, 64))
        return
    for number in range(26):
        x, y = rng.randrange(830, 1220), rng.randrange(640, 880) - number * 3
        fill = rng.choice(((30, 30, 34), (52, 52, 58), (196, 190, 176), (58, 92, 140), (158, 120, 80)))
        draw.polygon(_blob(rng, x, y, rng.randrange(30, 66), rng.randrange(24, 46), points=9), fill=fill)


def _tree(draw: Draw, rng: Random, fixed: bool) -> None:
    lean = 0 if fixed else -240
    draw.polygon([(1090, 900), (1140, 900), (1124 + lean, 330), (1096 + lean, 330)], fill=(92, 70, 50))
    for _ in range(26):
        x, y = 1110 + lean + rng.randrange(-150, 150), 300 + rng.randrange(-120, 110)
        draw.polygon(_blob(rng, x, y, 74, 54), fill=rng.choice(((58, 104, 52), (76, 128, 64), (46, 88, 46))))
    if fixed:
        draw.line((1040, 900, 1106, 620), fill=(150, 112, 70), width=14)
        draw.line((1196, 900, 1126, 620), fill=(150, 112, 70), width=14)
    else:
        draw.line((0, 250, WIDTH, 300), fill=(24, 24, 26), width=5)


def _drain(draw: Draw, rng: Random, fixed: bool) -> None:
    draw.rectangle((860, 720, 1040, 820), fill=(40, 42, 44))
    for x in range(872, 1036, 22):
        draw.rectangle((x, 730, x + 10, 810), fill=(132, 134, 136) if fixed else (76, 78, 80))
    if not fixed:
        draw.polygon(_blob(rng, 930, 800, 190, 70), fill=(86, 82, 62))
        for _ in range(20):
            x, y = rng.randrange(800, 1080), rng.randrange(740, 860)
            fill = rng.choice(((200, 196, 186), (150, 60, 50), (60, 100, 60)))
            draw.polygon(_blob(rng, x, y, 16, 10, points=7), fill=fill)


def _cable(draw: Draw, rng: Random, fixed: bool) -> None:
    draw.rectangle((1040, 120, 1066, 900), fill=(150, 148, 142))
    for number in range(5 if fixed else 16):
        sag = 40 if fixed else rng.randrange(120, 420)
        top = 190 + number * (10 if fixed else 6)
        points = [(x, top + round(sag * (1 - ((x - 520) / 520) ** 2))) for x in range(0, 1050, 30)]
        draw.line(points, fill=(28, 28, 30), width=4)


def _canal(draw: Draw, rng: Random, fixed: bool) -> None:
    water = (98, 128, 122) if fixed else (54, 56, 50)
    draw.polygon([(300, HORIZON + 40), (760, HORIZON + 40), (1280, HEIGHT), (0, HEIGHT)], fill=water)
    for _ in range(24):
        x, y = rng.randrange(200, 1050), rng.randrange(HORIZON + 80, HEIGHT)
        if fixed:
            draw.line((x, y, x + 90, y), fill=(136, 164, 158), width=3)
        else:
            fill = rng.choice(((70, 104, 54), (190, 186, 176), (140, 80, 60)))
            draw.polygon(_blob(rng, x, y, 40, 14, points=8), fill=fill)


def _sign(draw: Draw, rng: Random, fixed: bool) -> None:
    lean = 0 if fixed else 90
    draw.line((1080, 900, 1080 + lean, 420), fill=(120, 120, 124), width=16)
    left, right, face = 990 + lean, 1170 + lean, (30, 96, 168) if fixed else (112, 124, 134)
    draw.polygon([(left, 300 + lean), (right, 300), (right, 430), (left, 430 + lean)], fill=face)


def _signal(draw: Draw, rng: Random, fixed: bool) -> None:
    draw.rectangle((1034, 300, 1056, 900), fill=(90, 92, 96))
    draw.rectangle((1000, 210, 1090, 450), fill=(28, 30, 32))
    for number, lit in enumerate(((220, 50, 40), (230, 180, 50), (60, 190, 90))):
        on = fixed and number == 2
        draw.ellipse((1016, 222 + number * 74, 1074, 280 + number * 74), fill=lit if on else (52, 52, 54))


def _stall(draw: Draw, rng: Random, fixed: bool) -> None:
    if fixed:
        return
    for number, colour in enumerate(((200, 60, 60), (60, 120, 180), (230, 170, 60))):
        x, y = 820 + number * 150, 560 + number * 90
        draw.polygon([(x - 100, y), (x + 130, y), (x + 150, y + 50), (x - 120, y + 50)], fill=colour)
        draw.rectangle((x - 90, y + 120, x + 120, y + 190), fill=(176, 140, 96))


def _bridge(draw: Draw, rng: Random, fixed: bool) -> None:
    draw.rectangle((0, 470, WIDTH, 520), fill=(150, 150, 148))
    for x in range(20, WIDTH, 74):
        if fixed or not 480 < x < 760:
            draw.rectangle((x, 380, x + 14, 470), fill=(186, 186, 182))
    for left, right in ((0, WIDTH),) if fixed else ((0, 480), (770, WIDTH)):
        draw.rectangle((left, 366, right, 384), fill=(200, 200, 196))


def _smoke(draw: Draw, rng: Random, fixed: bool) -> None:
    if fixed:
        return
    for number in range(60):
        shade = 120 + number
        x, y = 980 + rng.randrange(-90, 90) + number * 2, 700 - number * 11
        draw.ellipse((x - 50 - number, y - 34, x + 50 + number, y + 34), fill=(shade, shade, shade))


MOTIFS: dict[str, Callable[[Draw, Random, bool], None]] = {
    "hole": _hole, "pavement": _pavement, "flood": _flood, "lamp": _lamp, "waste": _waste, "tree": _tree,
    "drain": _drain, "cable": _cable, "canal": _canal, "sign": _sign, "signal": _signal, "stall": _stall,
    "bridge": _bridge, "smoke": _smoke,
}  # fmt: skip


def _mark(draw: Draw) -> None:
    font = ImageFont.load_default(size=34)
    draw.rectangle((WIDTH - 132, HEIGHT - 58, WIDTH - 12, HEIGHT - 12), fill=(0, 0, 0))
    draw.text((WIDTH - 122, HEIGHT - 54), "DEMO", fill=(255, 255, 255), font=font)
