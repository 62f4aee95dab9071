"""After everything a citizen and an officer can do, no table and no log holds a citizen's data in plain text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from prasan.fabric.actors import Actor
from prasan.fabric.models import Notice
from prasan.fabric.notices.sending import render
from prasan.people import actions
from prasan.people.models import User
from tests.factories import signed_in
from tests.people.conftest import OFFICE, PASSWORD

pytestmark = pytest.mark.django_db
ADDRESS, NAME, PHONE = "malee.deengam@example.com", "มาลี ดีงามพร้อม", "0819876543"
SECRETS = (ADDRESS, "malee.deengam", NAME, PHONE, "081-987-6543")

TEXT_COLUMNS = """
select c.table_name, c.column_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
  and (c.data_type in ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY', 'tsvector', 'USER-DEFINED'))
"""


def places_of(words: tuple[str, ...]) -> set[str]:
    """table.column of every place where one of the words stands, as text or as bytes."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(TEXT_COLUMNS)
        for table, column in cursor.fetchall():
            sought = [word for one in words for word in (one, one.encode().hex())]
            cursor.execute(
                f'select exists (select from "{table}" where "{column}"::text ~* any(%s))',
                [[re.escape(word) for word in sought]],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found


def everything_a_citizen_can_do(officer: Callable[..., User]) -> User:
    client = Client()
    client.post(reverse("sign_in"), {"email": ADDRESS, "next": "/me/"})
    link = re.search(r"https?://[^/]+(/\S+)", render(Notice.objects.get()).text)
    assert link
    token = client.get(link[1]).context["token"]
    client.post(reverse("sign_in_link"), {"token": token})
    client.post(reverse("me_settings"), {"name": NAME, "phone": PHONE, "language": "th"})
    client.post(reverse("me_notices"), {"channel": "email"})
    client.post(reverse("me_export"))
    client.get(reverse("me"))
    citizen = User.objects.get(kind="citizen")
    who = Actor("officer", str(officer("officer", OFFICE).pk), {"officer": frozenset({OFFICE})})
    actions.record_read(actor=who, citizen_id=citizen.pk, purpose="handle", thing="test:ABC")
    client.get(reverse("me_reads"))
    client.post(reverse("account_login"), {"login": ADDRESS, "password": PASSWORD})
    client.post(reverse("account_reset_password"), {"email": ADDRESS})
    return citizen


def test_the_search_itself_finds_what_is_there(officer: Callable[..., User]) -> None:
    officer("officer", OFFICE, email="somchai.known@bangkok.example")
    assert places_of(("somchai.known",)) == {"people_user.username"}


def test_no_table_holds_a_citizens_data_in_plain_text(
    officer: Callable[..., User], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        everything_a_citizen_can_do(officer)
    assert places_of(SECRETS) == set()
    for word in SECRETS:
        assert word not in caplog.text


def test_sessions_are_unreadable_without_the_key(officer: Callable[..., User]) -> None:
    user = officer("admin", OFFICE)
    signed_in(user)
    from prasan.people.sessions import sealed

    token = sealed(Session.objects.get().session_data)
    assert token is not None
    assert b"_auth_user" not in token


def test_after_erasure_not_even_the_encrypted_values_are_left(officer: Callable[..., User]) -> None:
    citizen = everything_a_citizen_can_do(officer)
    client = signed_in(citizen)
    client.post(reverse("me_erase"), {"sure": "yes"})
    citizen.refresh_from_db()
    assert (citizen.email, citizen.name, citizen.phone, citizen.email_hash) == ("", "", "", "")
    assert all(notice.address != ADDRESS for notice in Notice.objects.all())
    assert places_of(SECRETS) == set()
