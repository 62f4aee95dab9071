"""Officers, citizens and reports for tests, made the way the product makes them."""

from __future__ import annotations

import itertools
from typing import Any

from django.test import Client

from prasan.fabric.actors import Actor
from prasan.people import second_factor
from prasan.people.models import RoleGrant, User
from prasan.reports.actions import Submission, report_submit
from prasan.reports.models import Report

_numbers = itertools.count(1)
# A point well inside Phra Nakhon district (1001), and one well inside Lat Phrao (1038).
PHRA_NAKHON = (100.4985, 13.7563)
LAT_PHRAO = (100.6070, 13.8030)


def officer(role: str = "officer", agency: str = "district.1001.works", **fields: Any) -> Actor:
    """An officer with one role, as an actor."""
    user = officer_user(role, agency, **fields)
    return Actor("officer", str(user.pk), roles={role: frozenset({agency})})


def officer_user(role: str = "officer", agency: str = "district.1001.works", **fields: Any) -> User:
    """The row of an officer with one role."""
    number = next(_numbers)
    email = f"officer{number}@city.example"
    user = User.objects.create(kind=User.Kind.OFFICER, username=email, email=email, **fields)
    RoleGrant.objects.create(user=user, agency_id=agency, role=role)
    return user


def citizen(email: str = "") -> Actor:
    """A signed-in citizen, as an actor."""
    number = next(_numbers)
    user = User.objects.create(
        kind=User.Kind.CITIZEN, username=f"citizen-{number}", email=email or f"citizen{number}@home.example"
    )
    return Actor("citizen", str(user.pk))


def report(actor: Actor | None = None, **fields: Any) -> Report:
    """A submitted report on a pothole in Phra Nakhon, handled by that district's works division."""
    given: dict[str, Any] = {
        "text": "ถนนเป็นหลุมลึกหน้าตลาด รถมอเตอร์ไซค์ล้มหลายคัน",
        "category": "road",
        "longitude": PHRA_NAKHON[0],
        "latitude": PHRA_NAKHON[1],
    }
    return report_submit(actor=actor or Actor.anonymous(), submission=Submission(**(given | fields)), origin="test")


def signed_in(user: User) -> Client:
    """A browser in which this person has signed in, officers with their second factor."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[second_factor.SESSION_KEY] = user.pk
    session.save()
    return client
