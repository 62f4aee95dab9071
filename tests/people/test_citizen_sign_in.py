"""A citizen signs in by a link that works once, and nobody else does."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.fabric.problems import Forbidden
from prasan.people import actions
from prasan.people.jobs import tidy
from prasan.people.links import citizen_of, sign_in_token
from prasan.people.models import User
from tests.people.test_pages import INLINE

pytestmark = pytest.mark.django_db
ADDRESS = "malee@example.com"


def ask(client: Client, email: str = ADDRESS, **extra: str) -> Any:
    return client.post(reverse("sign_in"), {"email": email, **extra})


def link_in_the_letter() -> str:
    found = re.search(r"https?://[^/]+(/\S+)", render(Notice.objects.latest("id")).text)
    assert found
    return found[1]


def press(client: Client, link: str) -> Any:
    page = client.get(link)
    form = page.context
    return client.post(reverse("sign_in_link"), {"token": form["token"], "next": form["next"]})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_citizen_asks_for_a_link_opens_it_and_presses_the_button(client: Client) -> None:
    assert ask(client)["Location"] == reverse("sign_in_sent")
    link = link_in_the_letter()
    page = client.get(link)
    assert "m***@example.com" in page.content.decode()
    assert not INLINE.search(page.content.decode())
    assert page["Referrer-Policy"] == "same-origin"
    assert press(client, link)["Location"] == reverse("me")
    assert client.get(reverse("me")).status_code == 200
    citizen = User.objects.get()
    assert (citizen.kind, citizen.email) == ("citizen", ADDRESS)
    assert client.session.get_expiry_age() > 13 * 86_400
    assert LedgerEntry.objects.filter(action="citizen.sign_in", object_id=str(citizen.pk)).count() == 1


def test_a_mail_scanner_that_opens_the_link_does_not_use_it_up(client: Client) -> None:
    ask(client)
    link = link_in_the_letter()
    scanner = Client()
    for _unused in range(3):
        scanner.get(link)
        scanner.head(link)
    assert not is_signed_in(scanner)
    press(client, link)
    assert is_signed_in(client)


def test_a_link_works_once(client: Client) -> None:
    ask(client)
    link = link_in_the_letter()
    token = client.get(link).context["token"]
    press(client, link)
    second = Client()
    assert second.get(link).status_code == 403
    assert second.post(reverse("sign_in_link"), {"token": token}).status_code == 403
    assert not is_signed_in(second)


def test_signing_in_makes_older_links_void(client: Client) -> None:
    ask(client)
    first = link_in_the_letter()
    ask(client)
    press(client, link_in_the_letter())
    assert Client().get(first).status_code == 403


def test_a_link_is_void_after_thirty_minutes(client: Client) -> None:
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        ask(client)
        link = link_in_the_letter()
        clock.shift(30 * 60 - 1)
        assert client.get(link).status_code == 200
        clock.shift(1)
        assert client.get(link).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_signs_in(citizen: Callable[..., User]) -> None:
    token = sign_in_token(citizen(ADDRESS))
    start, outcomes = Barrier(2), []

    def use() -> None:
        start.wait()
        try:
            actions.citizen_sign_in(token=token)
            outcomes.append("in")
        except Forbidden:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=use) for _unused in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "refused"]


@pytest.mark.parametrize(
    "forged", ["", "x", "AAAA" * 20, "ไทย", "a" * 10_000, "AAAAAAAAAAE" + "A" * 28, "a b+c/=="]
)
def test_a_forged_link_opens_nothing(client: Client, forged: str) -> None:
    assert client.get(reverse("sign_in_link"), {"token": forged}).status_code == 403
    assert client.post(reverse("sign_in_link"), {"token": forged}).status_code == 403


def test_a_token_of_an_officer_or_of_another_purpose_opens_nothing(
    officer: Callable[..., User], citizen: Callable[..., User]
) -> None:
    import sesame.tokens

    assert citizen_of(sesame.tokens.create_token(officer("admin"), "citizen")) is None
    assert citizen_of(sesame.tokens.create_token(citizen(), "")) is None
    good = sign_in_token(citizen())
    assert citizen_of(good) is not None
    for place in range(len(good) - 1):  # the last character holds bits that base64 does not use
        changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        assert citizen_of(changed) is None


@pytest.mark.parametrize("known", [True, False])
def test_the_answer_does_not_tell_who_is_known(
    citizen: Callable[..., User], client: Client, known: bool
) -> None:
    if known:
        citizen(ADDRESS)
    response = ask(client)
    assert (response.status_code, response["Location"]) == (302, reverse("sign_in_sent"))
    assert Notice.objects.count() == 1
    assert User.objects.count() == 1


def test_one_address_is_one_citizen_however_it_is_written(client: Client) -> None:
    for email in (ADDRESS, " Malee@Example.com ", ADDRESS.upper()):
        ask(client, email)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "email", ["", "malee", "malee@", "a@b", "x" * 300 + "@example.com", "a@b.c\nBcc: x@y.z"]
)
def test_what_is_no_address_is_refused_at_its_field(client: Client, email: str) -> None:
    response = ask(client, email)
    assert response.status_code == 422
    assert "email" in response.context["form"].errors
    assert not Notice.objects.exists()


def test_an_address_gets_three_letters_in_a_quarter_of_an_hour(client: Client) -> None:
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        for _unused in range(3):
            assert ask(client).status_code == 302
            clock.shift(1)
        refused = ask(client)
        assert refused.status_code == 422
        clock.shift(15 * 60)
        assert ask(client).status_code == 302


def test_a_network_gets_twenty_letters_in_an_hour(client: Client) -> None:
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False):
        for number in range(20):
            assert ask(client, f"a{number}@example.com").status_code == 302
        assert ask(client, "b@example.com").status_code == 422


def test_the_row_of_the_letter_holds_no_link_and_no_address(client: Client) -> None:
    ask(client, next="/me/settings/")
    notice = Notice.objects.get()
    assert notice.context == {"citizen": User.objects.get().pk, "next": "/me/settings/"}
    link = link_in_the_letter()
    assert press(client, link)["Location"] == "/me/settings/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_link_leads_nowhere_else(client: Client, target: str) -> None:
    ask(client, next=target)
    assert press(client, link_in_the_letter())["Location"] == reverse("me")


def test_the_letter_is_in_the_readers_language(client: Client) -> None:
    client.cookies["prasan_language"] = "en"
    ask(client)
    message = render(Notice.objects.get())
    assert message.subject == "Your link to sign in"
    client.cookies["prasan_language"] = "th"
    ask(client, "other@example.com")
    assert render(Notice.objects.latest("id")).subject == "ลิงก์เข้าสู่ระบบของคุณ"


def test_the_session_gets_a_new_key_at_sign_in(client: Client) -> None:
    session = client.session
    session["before"] = 1
    session.save()
    before = client.session.session_key
    ask(client)
    press(client, link_in_the_letter())
    assert client.session.session_key != before


def test_an_address_that_nobody_confirms_is_forgotten_after_two_days(
    citizen: Callable[..., User], client: Client
) -> None:
    with time_machine.travel("2026-11-22 10:00:00+07:00", tick=False) as clock:
        ask(client)
        User.objects.update(created_at="2026-11-22 10:00:00+07:00")
        kept = citizen("came@example.com", last_login="2026-11-22 10:00:00+07:00")
        clock.shift(2 * 86_400 - 60)
        tidy(0)
        assert User.objects.count() == 2
        clock.shift(120)
        tidy(0)
        assert [user.pk for user in User.objects.all()] == [kept.pk]
