"""Officers' accounts and roles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from prasan.people import actions, queries
from prasan.people.actors import actor_of_user
from prasan.people.models import RoleGrant, User
from tests.factories import signed_in
from tests.people.conftest import DIVISION, OFFICE, OTHER_OFFICE, ROOT, actor

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def new(**fields: str) -> User:
    given = {
        "email": "New.Officer@Bangkok.example ",
        "name": " วิภา  ศรีสุข",
        "agency": OFFICE,
        "role": "dispatcher",
    }
    return actions.officer_create(actor=SYSTEM, **(given | fields))


def test_a_new_officer_gets_a_letter_and_a_role_and_cannot_sign_in_before_choosing_a_password() -> None:
    officer = new()
    assert (officer.username, officer.email, officer.name) == (
        "new.officer@bangkok.example", "new.officer@bangkok.example", "วิภา ศรีสุข",
    )  # fmt: skip
    assert not officer.has_usable_password()
    assert actor_of_user(officer).roles == {"dispatcher": frozenset({OFFICE})}
    assert Notice.objects.get().template == "people/letters/welcome"
    assert list(LedgerEntry.objects.filter(object_type="officer").values_list("action", flat=True)) == [
        "officer.create", "role.grant",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", ""),
        ("name", "  "),
        ("name", "x" * 201),
        ("agency", "no.such"),
        ("role", "king"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        new(**{field: value})
    assert list(caught.value.errors) == [field]
    assert not User.objects.exists()


def test_an_open_account_is_not_opened_twice() -> None:
    new()
    with pytest.raises(Conflict):
        new(agency=OTHER_OFFICE)
    assert RoleGrant.objects.count() == 1


def test_a_closed_account_opens_again_with_the_new_role_alone() -> None:
    officer = new()
    actions.officer_deactivate(actor=SYSTEM, officer_id=officer.pk)
    again = new(agency=OTHER_OFFICE, role="officer")
    assert again.pk == officer.pk
    assert actor_of_user(again).roles == {"officer": frozenset({OTHER_OFFICE})}
    assert LedgerEntry.objects.filter(action="officer.reopen").count() == 1


def test_closing_an_account_ends_its_sessions_and_roles(officer: Callable[..., User]) -> None:
    user = officer("admin", OFFICE)
    client = signed_in(user)
    assert client.get(reverse("officers")).status_code == 200
    actions.officer_deactivate(actor=SYSTEM, officer_id=user.pk)
    assert client.get(reverse("officers")).status_code == 302
    assert RoleGrant.objects.get(user=user).valid_to == timezone.localdate()
    entry = LedgerEntry.objects.get(action="officer.deactivate")
    assert entry.changes["roles"] == [[f"admin {OFFICE}"], []]


def test_nobody_closes_their_own_account(officer: Callable[..., User]) -> None:
    officer("admin", ROOT)
    user = officer("admin", ROOT)
    with pytest.raises(Forbidden):
        actions.officer_deactivate(actor=actor(user), officer_id=user.pk)


@pytest.mark.parametrize("way", ["revoke", "close"])
def test_the_citys_last_administrator_stays(officer: Callable[..., User], way: str) -> None:
    last = officer("admin", ROOT)
    officer("admin", ROOT, is_active=False)
    officer("admin", ROOT, email="boss@demo.invalid")
    officer("admin", OFFICE)
    grant = RoleGrant.objects.get(user=last)
    ways: dict[str, Callable[[], object]] = {
        "revoke": lambda: actions.role_revoke(actor=SYSTEM, grant_id=grant.pk),
        "close": lambda: actions.officer_deactivate(actor=SYSTEM, officer_id=last.pk),
    }
    with pytest.raises(Conflict):
        ways[way]()
    assert actor_of_user(last).roles == {"admin": frozenset({ROOT})}


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_do_not_leave_the_city_without_one(
    officer: Callable[..., User],
) -> None:
    first, second = officer("admin", ROOT), officer("admin", ROOT)
    start, refused = Barrier(2), []

    def remove(who: User, other: User) -> None:
        start.wait()
        try:
            actions.role_revoke(actor=actor(who), grant_id=RoleGrant.objects.get(user=other).pk)
        except Problem as problem:
            refused.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=remove, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sum(bool(actor_of_user(user).roles) for user in (first, second)) == 1


def test_a_role_given_until_a_day_ends_on_that_day(officer: Callable[..., User]) -> None:
    user = officer("")
    tomorrow = timezone.localdate() + timedelta(1)
    grant = actions.role_grant(
        actor=SYSTEM, officer_id=user.pk, agency=OFFICE, role="auditor", valid_to=tomorrow
    )
    assert actor_of_user(user).roles == {"auditor": frozenset({OFFICE})}
    RoleGrant.objects.filter(pk=grant.pk).update(valid_to=timezone.localdate())
    assert actor_of_user(user).roles == {}


def test_a_role_cannot_end_before_it_begins(officer: Callable[..., User]) -> None:
    with pytest.raises(Invalid) as caught:
        actions.role_grant(
            actor=SYSTEM,
            officer_id=officer("").pk,
            agency=OFFICE,
            role="auditor",
            valid_to=timezone.localdate(),
        )
    assert "valid_to" in caught.value.errors


def test_a_role_taken_away_and_given_again_holds_again(officer: Callable[..., User]) -> None:
    user = officer("officer", OFFICE)
    actions.role_revoke(actor=SYSTEM, grant_id=RoleGrant.objects.get(user=user).pk)
    assert actor_of_user(user).roles == {}
    with pytest.raises(NotFound):
        actions.role_revoke(actor=SYSTEM, grant_id=RoleGrant.objects.get(user=user).pk)
    actions.role_grant(actor=SYSTEM, officer_id=user.pk, agency=OFFICE, role="officer")
    assert actor_of_user(user).roles == {"officer": frozenset({OFFICE})}


def test_an_administrator_sees_the_officers_of_the_own_agencies_alone(officer: Callable[..., User]) -> None:
    who = officer("admin", OFFICE)
    below, elsewhere = officer("officer", DIVISION), officer("officer", OTHER_OFFICE)
    page = queries.officers_page(actor=actor(who))
    assert {user.pk for user in page.items} == {who.pk, below.pk}
    everybody = queries.officers_page(actor=actor(officer("auditor", ROOT)))
    assert {who.pk, below.pk, elsewhere.pk} <= {user.pk for user in everybody.items}


def test_officers_are_found_by_address_and_agency_and_paged(officer: Callable[..., User]) -> None:
    who = actor(officer("admin", ROOT))
    for number in range(60):
        officer("officer", DIVISION, email=f"crew{number:02}@bangkok.example")
    officer("officer", OTHER_OFFICE, email="crew99@bangkok.example")
    first = queries.officers_page(actor=who, search="CREW", agency=OFFICE)
    second = queries.officers_page(actor=who, search="crew", agency=OFFICE, cursor=first.next)
    names = [user.username for user in (*first.items, *second.items)]
    assert names == [f"crew{number:02}@bangkok.example" for number in range(60)]
    assert second.next == ""


def test_an_administrator_adds_an_officer_gives_and_takes_a_role_and_closes_the_account_on_the_pages(
    officer: Callable[..., User],
) -> None:
    client = signed_in(officer("admin", OFFICE))
    given = {"email": "new@bangkok.example", "name": "ใหม่", "agency": DIVISION, "role": "officer"}
    page = client.post(reverse("officer_new"), given)["Location"]
    client.post(page, {"agency": OFFICE, "role": "dispatcher"})
    user = User.objects.get(username="new@bangkok.example")
    assert actor_of_user(user).roles == {"officer": frozenset({DIVISION}), "dispatcher": frozenset({OFFICE})}
    grant = RoleGrant.objects.get(user=user, role="officer")
    client.post(reverse("officer_role_revoke", args=[user.pk]), {"grant": grant.pk})
    assert actor_of_user(user).roles == {"dispatcher": frozenset({OFFICE})}
    shown = client.post(reverse("officer_close", args=[user.pk]), follow=True)
    assert "ปิดบัญชีแล้ว" in shown.content.decode()
    user.refresh_from_db()
    assert not user.is_active


def test_a_form_with_faults_comes_back_with_what_was_written(officer: Callable[..., User]) -> None:
    client = signed_in(officer("admin", OFFICE))
    given = {"email": "not an address", "name": "ใหม่", "agency": OTHER_OFFICE, "role": "officer"}
    response = client.post(reverse("officer_new"), given)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"email", "agency"}
    assert 'value="ใหม่"' in response.content.decode()


@pytest.mark.parametrize("garbage", ["", "x", "-1", "99999999999999999999", "1;drop table people_user"])
def test_garbage_in_a_button_changes_nothing(officer: Callable[..., User], garbage: str) -> None:
    user = officer("admin", OFFICE)
    response = signed_in(user).post(reverse("officer_role_revoke", args=[user.pk]), {"grant": garbage})
    assert response.status_code < 500
    assert RoleGrant.objects.filter(user=user, valid_to=None).exists()


def test_html_in_a_name_is_shown_as_text(officer: Callable[..., User]) -> None:
    officer("officer", OFFICE, name="<script>alert(1)</script>")
    page = signed_in(officer("admin", OFFICE)).get(reverse("officers")).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_pages_ask_for_a_csrf_token(officer: Callable[..., User]) -> None:
    client = signed_in(officer("admin", OFFICE))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(reverse("officer_new"), {}).status_code == 403
