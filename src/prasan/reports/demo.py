"""Reports of a first start: a few thousand made-up ones, the stories among them."""

from __future__ import annotations

from random import Random

from django.conf import settings
from django.utils import timezone

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.demo import register
from prasan.people.models import RoleGrant
from prasan.reports.actions import Submission, report_submit
from prasan.reports.demonstration.words import load_words
from prasan.reports.models import Report

FIRST_START = 3000
PICTURED = 150
FRESH = 40  # reports of this very moment, in the district of the demonstration's dispatcher


def load() -> None:
    """Write them once; quick when there are reports already, or when the city has no words for them."""
    if load_words(settings.CITY_FOLDER) is None or Report.objects.exists():
        return
    from prasan.reports import rollups
    from prasan.reports.actions.numbers import numbers_compute, numbers_publish
    from prasan.reports.demonstration.writing import demo_write

    demo_write(reports=FIRST_START, pictured=PICTURED)
    _fill_inbox()
    rollups.rebuild()
    numbers_compute()
    numbers_publish()  # proposals attach them as evidence


def _fill_inbox() -> None:
    """Send reports as citizens do, so that the demonstration's officers find work; half let the city sort them."""
    from prasan.reports.demonstration.writing import world_of

    grant = RoleGrant.objects.filter(user__username__startswith="dispatcher@demo").first()
    district = registers().agency(grant.agency_id).district if grant else ""
    if not district:
        return
    world, rng = world_of(1, timezone.now()), Random("fresh")  # noqa: S311 — a demonstration, not a secret
    for number in range(FRESH):
        category = rng.choice(tuple(world.words.scripts))
        text, landmark = world.words.report(rng, category)
        spot = next(spot for spot in iter(lambda: world.places.draw(rng), None) if spot.district == district)
        given = Submission(
            text=text, category=category if number % 2 else "", address=landmark, longitude=spot.longitude,
            latitude=spot.latitude, source="demo",
        )  # fmt: skip
        report_submit(actor=Actor.anonymous(), submission=given, origin="demo")


register(20, "reports", load)
