"""Keys of other systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Invalid
from prasan.people import actions, api_keys, scopes
from prasan.people.api_keys import api_key_actor
from prasan.people.models import ApiKey, User
from prasan.people.policies import holds
from tests.factories import signed_in
from tests.people.conftest import DIVISION, OFFICE, OTHER_OFFICE, ROOT

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture(autouse=True)
def _scopes() -> Iterator[None]:
    scopes.register("test:read", "Read")
    scopes.register("test:handle", "Handle", role="officer")
    api_keys._kept.clear()
    yield
    api_keys._kept.clear()


def make(**fields: Any) -> tuple[ApiKey, str]:
    given = {"name": "Call centre", "agency": OFFICE, "scope_codes": ["test:read"]}
    return actions.api_key_create(actor=SYSTEM, **(given | fields))


def test_a_key_opens_what_its_scopes_say_for_its_agency_in_one_query_then_none(
    django_assert_num_queries: Any,
) -> None:
    key, text = make(scope_codes=["test:read", "test:handle"])
    ApiKey.objects.update(last_used_on=timezone.localdate())
    with django_assert_num_queries(1):
        found = api_key_actor(f"Bearer {text}")
    assert found == Actor(
        "api_key", key.prefix, {"officer": frozenset({OFFICE})}, frozenset({"test:read", "test:handle"})
    )
    assert found is not None
    assert holds(found, {"officer"}, DIVISION)
    assert not holds(found, {"officer"}, OTHER_OFFICE)
    with django_assert_num_queries(0):
        assert api_key_actor(text) == found


def test_a_scope_without_a_role_plays_none() -> None:
    _key, text = make()
    found = api_key_actor(text)
    assert found is not None
    assert found.roles == {}


def test_the_secret_is_kept_nowhere() -> None:
    key, text = make()
    secret = text.rsplit("_", 1)[1] if text.count("_") == 2 else text.split("_", 2)[2]
    stored = str(ApiKey.objects.values().get(pk=key.pk)) + str(list(LedgerEntry.objects.values()))
    assert secret not in stored
    assert len(secret) == 43


def test_wrong_unknown_expired_and_revoked_keys_open_nothing() -> None:
    key, text = make(expires_at=timezone.now() + timedelta(hours=1))
    swapped = text[:-1] + ("A" if text[-1] != "A" else "B")
    for wrong in (
        "",
        "Bearer",
        "Bearer x",
        swapped,
        text[:-1],
        f"prasan_{'2' * 10}_{'a' * 43}",
        text + "\n\n",
        "ไ" * 60,
    ):
        assert api_key_actor(wrong) is None or wrong.strip() == text
    api_keys._kept.clear()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert api_key_actor(text) is None
    actions.api_key_revoke(actor=SYSTEM, prefix=key.prefix)
    assert api_key_actor(text) is None
    with pytest.raises(Conflict):
        actions.api_key_revoke(actor=SYSTEM, prefix=key.prefix)


@pytest.mark.django_db(transaction=True)
def test_a_revoked_key_is_forgotten_at_once_here() -> None:
    key, text = make()
    assert api_key_actor(text)
    actions.api_key_revoke(actor=SYSTEM, prefix=key.prefix)
    assert api_key_actor(text) is None


def test_a_key_with_another_secret_does_not_profit_from_the_cache() -> None:
    _key, text = make()
    assert api_key_actor(text)
    assert api_key_actor(text[:-3] + "xyz") is None


def test_the_day_of_last_use_is_noted_once_a_day(django_assert_num_queries: Any) -> None:
    key, text = make()
    with django_assert_num_queries(2):
        api_key_actor(text)
    key.refresh_from_db()
    assert key.last_used_on == timezone.localdate()
    api_keys._kept.clear()
    with django_assert_num_queries(1):
        api_key_actor(text)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", " ", "name"),
        ("agency", "no.such", "agency"),
        ("scope_codes", [], "scopes"),
        ("scope_codes", ["test:read", "test:everything"], "scopes"),
        ("expires_at", timezone.now() - timedelta(days=1), "expires_at"),
    ],
)
def test_what_cannot_be_taken_is_named(field: str, value: Any, named: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(**{field: value})
    assert list(caught.value.errors) == [named]
    assert not ApiKey.objects.exists()


def test_an_administrator_makes_a_key_sees_it_once_and_revokes_it(officer: Callable[..., User]) -> None:
    client = signed_in(officer("admin", OFFICE))
    page = client.post(
        reverse("api_key_new"), {"name": "Call centre", "agency": OFFICE, "scopes": ["test:read"]}
    )
    text = page.context["text"]
    assert text in page.content.decode()
    assert api_key_actor(text) is not None
    listed = client.get(reverse("api_keys")).content.decode()
    key = ApiKey.objects.get()
    assert key.prefix in listed
    assert text not in listed
    client.post(reverse("api_key_revoke"), {"prefix": key.prefix})
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_keys_of_other_agencies_and_of_the_whole_city_are_not_seen(officer: Callable[..., User]) -> None:
    make(agency=OTHER_OFFICE, name="Elsewhere")
    make(agency=None, name="Everywhere")
    make(agency=DIVISION, name="Below")
    page = signed_in(officer("admin", OFFICE)).get(reverse("api_keys")).content.decode()
    assert "Below" in page
    assert "Elsewhere" not in page
    assert "Everywhere" not in page


def test_only_the_citys_administrators_make_keys_for_the_whole_city(officer: Callable[..., User]) -> None:
    given = {"name": "Everything", "agency": "", "scopes": ["test:read"]}
    assert signed_in(officer("admin", OFFICE)).post(reverse("api_key_new"), given).status_code in {403, 422}
    assert not ApiKey.objects.exists()
    assert signed_in(officer("admin", ROOT)).post(reverse("api_key_new"), given).status_code == 200
    assert ApiKey.objects.get().agency is None
