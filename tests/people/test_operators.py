"""What an operator does at the command line, the accounts of a demonstration, and the doctor's questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from prasan.fabric.models import Notice
from prasan.fabric.problems import Conflict, NotFound
from prasan.people import checks, demo
from prasan.people.actors import actor_of_user
from prasan.people.models import Role, RoleGrant, User
from prasan.site.cli import parser
from tests.people.conftest import OFFICE, PASSWORD, ROOT

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    given = parser().parse_args(words)
    return int(given.run(given) or 0)


def test_the_first_administrator_comes_from_the_command_line(
    capsys: pytest.CaptureFixture[str], client: Client
) -> None:
    assert run("people", "officer", "add", "Chief@bangkok.example", "--name", "ธนา", "--role", "admin") == 0
    chief = User.objects.get()
    assert actor_of_user(chief).roles == {"admin": frozenset({ROOT})}
    path = re.search(r"https?://[^/]+(/\S+)", capsys.readouterr().out)
    assert path
    page = client.get(path[1], follow=True)
    client.post(page.context["action_url"], {"password1": PASSWORD, "password2": PASSWORD})
    chief.refresh_from_db()
    assert chief.check_password(PASSWORD)


def test_roles_are_given_and_accounts_closed_from_the_command_line(officer: Callable[..., User]) -> None:
    officer("admin", ROOT)
    user = officer("", email="crew@bangkok.example")
    run("people", "officer", "grant", "crew@bangkok.example", "--role", "dispatcher", "--agency", OFFICE)
    assert actor_of_user(user).roles == {"dispatcher": frozenset({OFFICE})}
    run("people", "officer", "close", "crew@bangkok.example")
    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.parametrize("verb", ["grant", "close", "link"])
def test_an_unknown_address_is_told(verb: str) -> None:
    with pytest.raises(NotFound):
        run("people", "officer", verb, "nobody@bangkok.example")


def test_an_address_in_use_is_told(officer: Callable[..., User]) -> None:
    officer("", email="crew@bangkok.example")
    with pytest.raises(Conflict):
        run("people", "officer", "add", "crew@bangkok.example", "--name", "ใคร")


@pytest.fixture
def demonstration(settings: Any) -> None:
    settings.DEMO = True
    demo.load()


def test_a_demonstration_has_one_account_per_role_that_signs_in_with_the_printed_password(
    demonstration: None,
) -> None:
    accounts = demo.accounts()
    assert len({account.role for account in accounts}) == len(Role)
    for account in accounts:
        client = Client()
        client.post(reverse("account_login"), {"login": account.sign_in, "password": account.password})
        assert client.get(reverse("me")).status_code == 200, account
        cache.clear()


def test_demonstration_accounts_stand_where_their_role_works(demonstration: None) -> None:
    held = {grant.role: grant.agency_id for grant in RoleGrant.objects.all()}
    assert held == {
        "officer": "district.1001.works", "dispatcher": "district.1001", "supervisor": "district.1001",
        "digital_officer": "dep.07000000", "analyst": "bma", "secretary": "bma", "auditor": "bma", "admin": "bma",
    }  # fmt: skip
    assert not Notice.objects.exists()


def test_loading_the_demonstration_again_is_quick_and_changes_nothing(
    demonstration: None, django_assert_num_queries: Any
) -> None:
    before = list(User.objects.values_list("pk", "password"))
    with django_assert_num_queries(1):
        demo.load()
    assert list(User.objects.values_list("pk", "password")) == before


def test_the_doctor_says_when_the_city_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "registers", lambda: SimpleNamespace(agencies={}))
    assert "prasan city load" in checks.administrators().text


def test_the_doctor_asks_for_an_administrator_who_can_sign_in(
    officer: Callable[..., User], settings: Any
) -> None:
    assert checks.administrators().level == "error"
    officer("admin", ROOT, email="boss@demo.invalid")
    assert checks.administrators().level == "error"
    settings.DEMO = True
    assert checks.administrators().level == "good"
    settings.DEMO = False
    officer("admin", ROOT)
    assert checks.administrators().level == "good"


def test_the_doctor_tells_of_a_rotation_left_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.encryption_keys().level == "good"
    monkeypatch.setattr(checks.keys, "load", lambda: {"personal": ["a", "b"]})
    assert "prasan keys rotate" in checks.encryption_keys().text


def test_the_doctor_tells_of_a_provider_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.outside_sign_in().level == "good"
    app = {"provider_id": "thaid", "settings": {"server_url": "http://127.0.0.1:9"}}
    monkeypatch.setattr(checks, "apps", lambda *_given: [app])
    assert checks.outside_sign_in().level == "error"
