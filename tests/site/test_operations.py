"""The administrators' page of what could not be delivered, and how every part is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import officer_user, signed_in

from prasan.fabric.actions import ledger_write, notice_queue
from prasan.fabric.actors import Actor
from prasan.fabric.models import Delivery, LedgerEntry, Notice
from prasan.people.models import Role

pytestmark = pytest.mark.django_db
ADDRESS = "citizen@home.example"


def browser(role: str) -> Client:
    return signed_in(officer_user(role, "bma"))


@pytest.fixture
def dead_delivery() -> Delivery:
    ledger_write(
        actor=Actor.anonymous(), action="report.submit", object_type="report", object_id="X", changes={}
    )
    return Delivery.objects.create(
        subscriber="reports.rollups", entry=LedgerEntry.objects.latest("id"), state=Delivery.State.DEAD,
        attempts=12, next_at=timezone.now(), error="ValueError in rollups.py:40",
    )  # fmt: skip


@pytest.fixture
def dead_notice() -> Notice:
    notice_queue(
        key="k", address=ADDRESS, language="th", template="reports/notices/sent", context={"code": "X"}
    )
    Notice.objects.update(state=Notice.State.DEAD, attempts=9, error="SMTPRecipientsRefused")
    return Notice.objects.get()


def test_an_administrator_sees_what_died_and_why_but_nobody_s_address(
    dead_delivery: Delivery, dead_notice: Notice, django_assert_max_num_queries: Any
) -> None:
    client = browser(Role.ADMIN)
    with django_assert_max_num_queries(25):  # the doctor asks the database for each of its findings
        page = client.get(reverse("operations")).content.decode()
    assert "ValueError in rollups.py:40" in page
    assert "SMTPRecipientsRefused" in page
    assert ADDRESS not in page


def test_a_dead_delivery_and_a_dead_notice_can_be_sent_again(
    dead_delivery: Delivery, dead_notice: Notice
) -> None:
    client = browser(Role.ADMIN)
    for what, number in (("delivery", dead_delivery.pk), ("notice", dead_notice.pk)):
        answer = client.post(reverse("operations_resend", args=[what, number]))
        assert answer.status_code == 302
    dead_delivery.refresh_from_db()
    dead_notice.refresh_from_db()
    assert (dead_delivery.state, dead_delivery.attempts) == (Delivery.State.RETRY, 0)
    assert (dead_notice.state, dead_notice.attempts) == (Notice.State.QUEUED, 0)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_no_other_role_sees_or_resends(role: str, dead_delivery: Delivery) -> None:
    client = browser(role)
    assert client.get(reverse("operations")).status_code == 403
    assert client.post(reverse("operations_resend", args=["delivery", dead_delivery.pk])).status_code == 403
    dead_delivery.refresh_from_db()
    assert dead_delivery.state == Delivery.State.DEAD


def test_something_unknown_can_t_be_resent() -> None:
    assert browser(Role.ADMIN).post(reverse("operations_resend", args=["letter", 1])).status_code == 404
