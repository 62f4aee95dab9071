"""Pages of people: shown to whom they belong, in both languages, within their budget, with no inline script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prasan.people.models import User
from prasan.people.panels import panels
from tests.people.conftest import OFFICE, ROOT

As = Callable[[User], Client]
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE
)
# Two English words in a row, other than names of products, have slipped through without Thai.
ENGLISH = re.compile(r"\b(?!Google|Microsoft)[A-Za-z]{3,} [a-z]{2,}\b")
OPEN_PAGES = ["sign_in", "sign_in_sent", "account_login", "account_reset_password", "account_reset_password_done",
              "account_reset_password_from_key_done", "account_inactive", "socialaccount_login_cancelled"]  # fmt: skip
OFFICERS_PAGES = ["me", "me_settings", "mfa_index", "mfa_list_webauthn", "account_reauthenticate",
                  "account_change_password", "officers", "officer_new", "api_keys", "api_key_new"]  # fmt: skip
CITIZENS_PAGES = ["me", "me_settings", "me_reads", "me_erase"]
# Session and user are two of each; every page shows the navigation, which costs none.
BUDGETS = {
    "me": 3,
    "me_settings": 3,
    "me_reads": 3,
    "me_erase": 2,
    "officers": 4,
    "api_keys": 3,
    "officer_new": 2,
}


def shown(client: Client, name: str, language: str = "th") -> str:
    client.cookies["prasan_language"] = language
    response = client.get(reverse(name))
    assert response.status_code == 200, (name, response.status_code, response.headers.get("Location"))
    text = response.content.decode()
    assert not INLINE.search(text), INLINE.search(text)
    assert f'<html lang="{language}"' in text
    if language == "th":
        main = re.sub(
            r"<script.*?</script>",
            "",
            text.partition("<main ")[2].partition(">")[2].partition("</main>")[0],
            flags=re.DOTALL,
        )
        assert not ENGLISH.findall(re.sub(r"<[^>]+>", " ", main))
    return text


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("name", OPEN_PAGES)
def test_everybody_sees_the_ways_in(client: Client, db: None, name: str, language: str) -> None:
    shown(client, name, language)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("name", OFFICERS_PAGES)
def test_an_administrator_sees_the_officers_pages(
    officer: Callable[..., User], as_user: As, name: str, language: str
) -> None:
    shown(as_user(officer("admin", ROOT)), name, language)


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("name", CITIZENS_PAGES)
def test_a_citizen_sees_their_own_pages(
    citizen: Callable[..., User], as_user: As, name: str, language: str
) -> None:
    shown(as_user(citizen()), name, language)


@pytest.mark.parametrize("name", [*OFFICERS_PAGES, *CITIZENS_PAGES])
def test_strangers_are_led_to_sign_in(client: Client, db: None, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert "sign-in" in response["Location"]


@pytest.mark.parametrize("name", [name for name in OFFICERS_PAGES if name not in {"me", "me_settings"}])
def test_citizens_do_not_enter_officers_pages(citizen: Callable[..., User], as_user: As, name: str) -> None:
    assert as_user(citizen()).get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", ["me_reads", "me_erase"])
def test_officers_have_no_citizens_page(officer: Callable[..., User], as_user: As, name: str) -> None:
    assert as_user(officer()).get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", ["officers", "api_keys", "officer_new", "api_key_new"])
def test_an_officer_without_an_administrators_role_does_not_enter_the_administration(
    officer: Callable[..., User], as_user: As, name: str
) -> None:
    assert as_user(officer("officer", OFFICE)).get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", sorted(BUDGETS))
def test_pages_keep_their_budget(
    officer: Callable[..., User],
    citizen: Callable[..., User],
    as_user: As,
    django_assert_max_num_queries: Any,
    name: str,
) -> None:
    for _unused in range(60):
        officer("officer", OFFICE)
    client = as_user(citizen() if name in CITIZENS_PAGES else officer("admin", ROOT))
    more = 3 * len(panels()) if name == "me" else 0
    with django_assert_max_num_queries(BUDGETS[name] + more):
        assert client.get(reverse(name)).status_code == 200
