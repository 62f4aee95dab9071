"""Who acts, found from a request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.people.actors import actor_of
from prasan.people.models import RoleGrant, User
from tests.people.conftest import DIVISION, OFFICE, OTHER_OFFICE


def request_of(client: Client) -> Any:
    request: Any = RequestFactory().get("/")
    request.session = client.session
    request.user = get_user(request)
    return request


def test_nobody_is_anonymous(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert actor_of(request) == Actor.anonymous()


def test_an_officer_arrives_with_the_roles_valid_today_in_two_queries(
    officer: Callable[..., User], as_user: Callable[[User], Client], django_assert_num_queries: Any
) -> None:
    user = officer("dispatcher", OFFICE)
    today = timezone.localdate()
    RoleGrant.objects.create(
        user=user, agency_id=DIVISION, role="officer", valid_from=today, valid_to=today + timedelta(1)
    )
    RoleGrant.objects.create(user=user, agency_id=OTHER_OFFICE, role="admin", valid_from=today + timedelta(1))
    RoleGrant.objects.create(
        user=user, agency_id=OTHER_OFFICE, role="auditor", valid_from=today - timedelta(9), valid_to=today
    )
    client = as_user(user)
    with django_assert_num_queries(2):  # the session, and the user with the roles
        request = request_of(client)
        found = actor_of(request)
        assert actor_of(request) is found
    assert found == Actor(
        "officer", str(user.pk), {"dispatcher": frozenset({OFFICE}), "officer": frozenset({DIVISION})}
    )


def test_a_citizen_is_a_citizen(citizen: Callable[..., User], as_user: Callable[[User], Client]) -> None:
    user = citizen()
    assert actor_of(request_of(as_user(user))) == Actor("citizen", str(user.pk))


def test_an_officer_who_has_not_shown_a_second_factor_is_nobody(
    officer: Callable[..., User], client: Client
) -> None:
    client.force_login(officer("admin"))
    assert actor_of(request_of(client)) == Actor.anonymous()


def test_another_persons_second_factor_does_not_count(
    officer: Callable[..., User], as_user: Callable[[User], Client]
) -> None:
    client = as_user(officer("admin"))
    client.force_login(officer("admin"))
    assert actor_of(request_of(client)) == Actor.anonymous()


@pytest.mark.parametrize(("demo", "kind"), [(True, "officer"), (False, "anonymous")])
def test_demonstration_accounts_need_no_second_factor_on_a_demonstration_only(
    officer: Callable[..., User], client: Client, settings: Any, demo: bool, kind: str
) -> None:
    settings.DEMO = True
    client.force_login(officer("admin", email="boss@demo.invalid"))
    settings.DEMO = demo
    assert actor_of(request_of(client)).kind == kind


def test_a_closed_account_is_nobody_at_its_next_request(
    officer: Callable[..., User], as_user: Callable[[User], Client]
) -> None:
    user = officer("admin")
    client = as_user(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert actor_of(request_of(client)) == Actor.anonymous()
