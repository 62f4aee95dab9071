"""The governor's page: every figure is right, opens the rows behind it, and costs few statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden
from prasan.portfolio.actions.delivery import milestone_save
from prasan.portfolio.actions.proposals import proposal_join
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.actions.verdicts import verdict_give
from prasan.portfolio.models import Proposal
from prasan.portfolio.overlap import Match
from prasan.portfolio.queries import governor as queries
from prasan.portfolio.tiers import portfolio_rules
from tests import factories
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS, YEAR
from tests.portfolio.proposals import DRAINS, HEALTH, draft, submitted

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 24  # the page's own, and those of the session and the person


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    traveller = time_machine.travel(datetime(2027, 3, 10, 5, tzinfo=UTC), tick=False)
    traveller.start()
    yield
    traveller.stop()


@pytest.fixture
def analyst() -> Client:
    return factories.signed_in(factories.officer_user("analyst", "bma"))


def overview() -> queries.Overview:
    return queries.overview(BOSS, YEAR)


def costing(baht: int, **fields: Any) -> Proposal:
    return submitted(
        costs={(YEAR, "buy"): Decimal(baht), (YEAR + 1, "run"): Decimal(5)}, first_year=YEAR, **fields
    )


def same(one: Proposal, other: Proposal, kind: str = "same_function") -> None:
    shown = Match(one.code, other.code, "same_function", 0.9, flagged=True)
    verdict_give(actor=BOSS, code=one.code, other=other.code, kind=kind, reason="ตรวจแล้ว", shown=shown)


def test_asked_and_allowed_count_the_year_s_baht_of_what_was_handed_in() -> None:
    draft(costs={(YEAR, "buy"): Decimal(10**9)})
    costing(300_000)
    making.decide(making.screened(costs={(YEAR, "buy"): Decimal(200_000)}))
    totals = overview().totals
    assert totals["asked"] == queries.Total(2, Decimal(500_000))
    assert totals["allowed"] == queries.Total(1, Decimal(200_000))
    assert queries.overview(BOSS, YEAR + 2).totals["asked"] == queries.Total(0, Decimal(0))


def test_the_budget_is_what_was_adjusted_or_else_stands_in_the_ordinance() -> None:
    making.money(
        making.decided(), ordinance=700, adjusted=600, contracted=500, disbursed_10=100, disbursed_11=50
    )
    making.money(making.decided(), ordinance=1_000)
    totals = overview().totals
    assert totals["budget"] == queries.Total(2, Decimal(1_600))
    assert totals["contracted"] == queries.Total(1, Decimal(500))
    assert totals["disbursed"] == queries.Total(1, Decimal(150))


def test_overlap_is_what_officers_said_last_and_a_pair_counts_once() -> None:
    one, two, three = costing(1_000), costing(2_000, agency=DRAINS), costing(4_000)
    same(one, two)
    same(two, one)
    same(one, three)
    same(three, one, "false_alarm")
    found = overview()
    assert found.overlap["same_function"] == 1
    assert found.overlapping == queries.Total(2, Decimal(3_010))


def test_what_was_withdrawn_to_join_another_is_told() -> None:
    one, two = costing(1_000), costing(2_000, agency=DRAINS)
    proposal_join(actor=BOSS, code=one.code, other=two.code, note="ใช้ร่วมกัน")
    assert overview().joined == queries.Total(1, Decimal(1_005))


def test_policies_without_project_and_projects_without_policy() -> None:
    dimensions = {code for code, policy in portfolio_rules().policies.items() if policy.dimensions == (code,)}
    policies = [code for code in portfolio_rules().policies if code not in dimensions]
    costing(1, policies=(policies[0],))
    bare = costing(2)
    found = overview()
    assert {one.code for one in found.unanswered} == set(policies[1:])
    rows, _next = queries.behind(BOSS, "no_policy", YEAR)
    assert [row.proposal.code for row in rows] == [bare.code]


def test_the_largest_changes_come_first_whichever_way_they_go() -> None:
    for change in (-1, 5, -300, 200, 0, 40, -30):
        made = making.decided(costs={(YEAR, "buy"): Decimal(1_000)})
        making.money(made, ordinance=1_000 + change)
    assert [one.change for one in overview().movers] == [-300, 200, 40, -30, 5]


def test_late_projects_are_those_that_the_list_shows() -> None:
    late, punctual = making.decided(), making.decided()
    milestone_save(actor=BOSS, code=late.code, name="ก", planned_on=date(2027, 1, 1))
    milestone_save(actor=BOSS, code=punctual.code, name="ก", planned_on=date(2027, 2, 20))
    assert overview().late == 1
    rows, _next = queries.behind(BOSS, "late", YEAR)
    assert [row.proposal.code for row in rows] == [late.code]


def test_silo_numbers_are_shown_with_where_they_came_from() -> None:
    for month in (date(2026, 3, 5), date(2027, 3, 5)):
        silos_publish(today=month)
    lines = overview().silos
    assert lines
    assert all(
        [month for month, _value in line.months] == [date(2026, 3, 1), date(2027, 3, 1)] for line in lines
    )


def everything() -> None:
    one, two = costing(100_000), costing(200_000, agency=DRAINS)
    same(one, two)
    made = making.decided()
    making.money(made, ordinance=700_000, contracted=5, disbursed_10=5)
    milestone_save(actor=BOSS, code=made.code, name="ก", planned_on=date(2027, 1, 1))
    gone = costing(7)
    proposal_join(actor=BOSS, code=gone.code, other=two.code, note="ใช้ร่วมกัน")
    silos_publish()


def test_every_figure_leads_to_the_rows_behind_it(analyst: Client) -> None:
    everything()
    shown = analyst.get(reverse("portfolio:governor")).content.decode()
    links = {
        link.replace("&amp;", "&") for link in re.findall(r'href="(/portfolio/governor/rows/\?[^"]+)"', shown)
    }
    assert len(links) == len(queries.SHOWN) + 1
    for link in links:
        answer = analyst.get(link)
        assert answer.status_code == 200, link
        text = answer.content.decode()
        assert "/portfolio/proposal/" in text or "/portfolio/delivery/" in text or "show=policies" in link, (
            link
        )


def test_the_rows_add_up_to_the_figure() -> None:
    everything()
    totals = overview().totals
    for shown in ("asked", "allowed", "budget", "contracted", "disbursed"):
        rows, _next = queries.behind(BOSS, shown, YEAR)
        assert (len(rows), sum(row.baht for row in rows)) == (totals[shown].projects, totals[shown].baht), (
            shown
        )


def test_an_empty_city_and_strange_addresses_break_nothing(analyst: Client) -> None:
    assert analyst.get(reverse("portfolio:governor"), {"year": "abc"}).status_code == 200
    assert analyst.get(reverse("portfolio:governor"), {"year": "๒๕๗๐"}).status_code == 200
    assert analyst.get(reverse("portfolio:governor_rows"), {"show": "nothing"}).status_code == 404
    assert (
        analyst.get(reverse("portfolio:governor_rows"), {"show": "asked", "cursor": "x"}).status_code == 422
    )


def test_the_page_costs_the_same_however_much_there_is(analyst: Client) -> None:
    def cost(**query: str) -> int:
        name = "governor_rows" if query else "governor"
        with CaptureQueriesContext(connection) as caught:
            assert analyst.get(reverse(f"portfolio:{name}"), query).status_code == 200
        return len(caught)

    everything()
    cost()
    before = cost()
    for _number in range(4):
        everything()
    assert cost() == before <= MOST_STATEMENTS
    assert all(cost(show=shown) <= 9 for shown in queries.SHOWN)


@pytest.mark.parametrize("role", ["officer", "dispatcher", "supervisor", "digital_officer"])
def test_the_page_is_the_city_side_s_alone(role: str) -> None:
    for agency in (HEALTH, "bma"):
        client = factories.signed_in(factories.officer_user(role, agency))
        assert client.get(reverse("portfolio:governor")).status_code == 403
        assert client.get(reverse("portfolio:governor_rows"), {"show": "asked"}).status_code == 403
    assert Client().get(reverse("portfolio:governor")).status_code == 302


def test_an_analyst_of_one_agency_does_not_see_the_city() -> None:
    for actor in (factories.officer("analyst", HEALTH), factories.citizen(), Actor.anonymous()):
        with pytest.raises(Forbidden):
            queries.overview(actor, YEAR)
    for role in ("analyst", "secretary", "auditor", "admin"):
        queries.overview(factories.officer(role, "bma"), YEAR)
