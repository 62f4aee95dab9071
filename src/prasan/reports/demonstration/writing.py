"""Writing a demonstration: reports in batches with COPY, pictures for some of them, the stories first."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from PIL import Image

from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.fabric.codes import ALPHABET, check_character
from prasan.fabric.parallel import run_batches
from prasan.fabric.problems import Conflict, Invalid
from prasan.reports.actions.bulk import Draft, reports_write
from prasan.reports.actions.photos import original_key, public_key
from prasan.reports.demonstration.lives import SOURCE, World, life_of, story_of
from prasan.reports.demonstration.pictures import SIZE, picture
from prasan.reports.demonstration.words import Words, load_words
from prasan.reports.models import Photo, Report, Status
from prasan.reports.photos import SIZES

ACTOR = Actor.system("demo")
BATCH = 4000
WORTH_PROCESSES = 20_000
MOST = 5_000_000
VARIANTS = 2  # of each drawing
CODES = 31**7
STEP = 18_014_398_511  # no multiple of 31, so that index × STEP visits every code once


@dataclass(frozen=True, slots=True)
class Lot:
    """Reports `first` … `last` - 1 of a world; those below `pictured` may have pictures."""

    seed: int
    now: datetime
    first: int
    last: int
    pictured: int


def demo_write(
    *, reports: int, seed: int = 1, now: datetime | None = None, pictured: int = 0, processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> float:  # fmt: skip
    """Write `reports` made-up reports (with the stories among them) and give the seconds it took.

    The same seed and `now` give the same reports. Of the first `pictured` some get drawings. Raises Conflict when
    this seed was written already, Invalid for a city without demo.yaml.
    """
    began = time.monotonic()
    words = _words()
    if not 0 <= reports <= MOST:
        raise Invalid({"reports": f"0 to {MOST:,} reports"})
    if Report.objects.filter(source=SOURCE, external_id__startswith=f"{seed}-").exists():
        raise Conflict(f"The reports of seed {seed} are there already; choose another --seed.")
    moment = now or timezone.now()
    stories = _stories(World.of(seed, moment, words))[:reports]
    _write(stories)
    rest = range(len(stories), reports, BATCH)
    lots = (Lot(seed, moment, first, min(first + BATCH, reports), pictured) for first in rest)
    done = len(stories)
    for count in run_batches(write_lot, lots, processes if reports >= WORTH_PROCESSES else 1):
        done += count
        if progress:
            progress(done)
    return time.monotonic() - began


def write_lot(lot: Lot) -> int:
    """One batch, in one transaction."""
    world = world_of(lot.seed, lot.now)
    codes = _free_codes(lot)
    drafts = [life_of(world, index, codes[index]) for index in range(lot.first, lot.last)]
    for index, draft in enumerate(drafts, start=lot.first):
        if index < lot.pictured:
            _show(world.words, draft, Random(f"{lot.seed}:{index}:pictures"))  # noqa: S311
    _write(drafts)
    return len(drafts)


def _free_codes(lot: Lot) -> dict[int, str]:
    """Each index's code; another one where a report of somebody else happens to have it."""
    codes = {index: code_of(lot.seed, index) for index in range(lot.first, lot.last)}
    taken = set(Report.objects.filter(code__in=codes.values()).values_list("code", flat=True))
    return {index: code_of(lot.seed, 2 * MOST + index) if code in taken else code for index, code in codes.items()}


def code_of(seed: int, index: int) -> str:
    """The index-th code of a seed: all different, and in no order that anybody sees."""
    number = (int(hashlib.sha256(f"demo {seed}".encode()).hexdigest(), 16) + index * STEP) % CODES
    body = ""
    for _ in range(7):
        number, digit = divmod(number, len(ALPHABET))
        body += ALPHABET[digit]
    return body + check_character(body)


@transaction.atomic
def _write(drafts: list[Draft]) -> None:
    reports_write(actor=ACTOR, action="demo.report", drafts=drafts, origin="demo")


@cache
def world_of(seed: int, now: datetime) -> World:
    """The world of a seed and a moment, made once."""
    return World.of(seed, now, _words())


def _words() -> Words:
    words = load_words(settings.CITY_FOLDER)
    if words is None:
        raise Invalid({"demo.yaml": "This city has no words for made-up reports."})
    return words


# --- pictures -------------------------------------------------------------------------------------------------


def _stories(world: World) -> list[Draft]:
    """The told ones, begun some working days ago, each with its pictures."""
    drafts = []
    for number, story in enumerate(world.words.stories):
        began = world.now - timedelta(days=9 - number, hours=number)
        draft = story_of(world, story, code_of(world.seed, MOST + number), began)
        _picture(draft, story["picture"], Random(f"{world.seed}:story {number}"))  # noqa: S311
        drafts.append(draft)
    return drafts


def _show(words: Words, draft: Draft, rng: Random) -> None:
    """Most people send a photo."""
    if rng.random() < 0.6:
        _picture(draft, words.scripts[draft.report.category].picture, rng)


def _picture(draft: Draft, motif: str, rng: Random) -> None:
    """A drawing of the problem, and one of the fix where it was fixed."""
    variant = rng.randrange(VARIANTS)
    draft.photos.append(_photo(motif, variant, rng, draft.report.submitted_at, Photo.Moment.BEFORE))
    finished = next((entry for entry in draft.entries if entry.status == Status.FINISHED), None)
    if finished is not None:
        photo = _photo(motif, variant, rng, finished.at, Photo.Moment.AFTER)
        photo.entry = finished
        draft.photos.append(photo)
    draft.report.photos = len(draft.photos)


def _photo(motif: str, variant: int, rng: Random, at: datetime, moment: Photo.Moment) -> Photo:
    content, sizes = _drawn(motif, variant, moment == Photo.Moment.AFTER)
    key = f"{rng.getrandbits(128):032x}"
    files.put(original_key(key), content)
    for size, published in sizes.items():
        files.put(public_key(key, size), published)
    return Photo(
        key=key, moment=moment, state=Photo.State.READY, sha256=hashlib.sha256(content).hexdigest(), width=SIZE[0],
        height=SIZE[1], size=len(content), created_at=at,
    )  # fmt: skip


@cache
def _drawn(motif: str, variant: int, fixed: bool) -> tuple[bytes, dict[str, bytes]]:
    """The drawing as it is kept and as it is shown; there is no face in it to look for."""
    image = picture(motif, fixed=fixed, seed=f"{motif} {variant}")
    shown = {}
    for size, edge in SIZES.items():
        small = image.copy()
        small.thumbnail((edge, edge))
        shown[size] = _encoded(small, "WEBP")
    return _encoded(image, "JPEG"), shown


def _encoded(image: Image.Image, kind: str) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, quality=80, method=1)
    return output.getvalue()
