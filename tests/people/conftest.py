"""What the tests of people share."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from prasan.fabric.actors import Actor
from prasan.people.actors import actor_of_user
from prasan.people.models import RoleGrant, User
from tests.factories import signed_in

ROOT = "bma"
OFFICE = "district.1001"
DIVISION = "district.1001.works"
OTHER_OFFICE = "district.1038"
PASSWORD = "a long enough pass phrase"

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Real hashing takes half a second a password."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def officer(db: None) -> Callable[..., User]:
    """Makes an officer with one role and a password."""

    def make(role: str = "officer", agency: str = DIVISION, **fields: Any) -> User:
        email = fields.pop("email", f"officer{next(_numbers)}@bangkok.example")
        user = User(kind=User.Kind.OFFICER, username=email, email=email, **({"name": "สมชาย ใจดี"} | fields))
        user.set_password(PASSWORD)
        user.save()
        if role:
            RoleGrant.objects.create(user=user, agency_id=agency, role=role)
        return user

    return make


@pytest.fixture
def citizen(db: None) -> Callable[..., User]:
    """Makes a citizen."""

    def make(email: str = "", **fields: Any) -> User:
        number = next(_numbers)
        return User.objects.create(
            kind=User.Kind.CITIZEN,
            username=f"citizen-{number}",
            email=email or f"citizen{number}@home.example",
            **fields,
        )

    return make


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser in which this person has signed in, officers with their second factor."""

    return signed_in


def actor(user: User) -> Actor:
    """The user as an actor."""
    return actor_of_user(user)
