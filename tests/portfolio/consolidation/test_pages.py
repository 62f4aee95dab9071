"""The pages of consolidation plans as officers use them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prasan.portfolio.actions.verdicts import verdict_give
from prasan.portfolio.models import ConsolidationPlan, Proposal, System
from prasan.portfolio.overlap import Match
from prasan.portfolio.queries import consolidation as queries
from prasan.portfolio.queries import likeness
from tests import factories
from tests.portfolio import proposals
from tests.portfolio.consolidation import HEALTH, LEAD, YEARS, analyst, claimed, member, plan
from tests.portfolio.systems import making

pytestmark = pytest.mark.django_db

BASE = "/portfolio/consolidation/"


def client_of(role: str = "analyst", agency: str = "bma") -> Any:
    return factories.signed_in(factories.officer_user(role, agency))


def confirmed(kind: str = "existing_system") -> tuple[System, Proposal]:
    """A system and a proposal of which an analyst says that they do the same."""
    system = making.system(HEALTH, users=500, costs={2568: Decimal(1_500_000)})
    asked = proposals.submitted(agency=proposals.DRAINS)
    shown = Match(asked.code, system.code, "existing_system", 0.9, flagged=True)
    verdict_give(
        actor=analyst(), code=asked.code, other=system.code, kind=kind, reason="นัดหมายเหมือนกัน", shown=shown
    )
    return system, asked


def page_text(response: Any) -> str:
    return str(response.content.decode())


def test_a_confirmed_group_is_offered_until_it_has_a_plan() -> None:
    system, asked = confirmed()
    (group,) = queries.confirmed_groups()
    assert set(group.codes) == {system.code, asked.code}
    assert group.target == system
    listed = page_text(client_of().get(BASE))
    assert f"member={asked.code}" in listed
    plan(member(asked.code), target=system.code)
    assert queries.confirmed_groups() == []


def test_what_an_officer_called_a_false_alarm_in_the_end_is_no_group() -> None:
    system, asked = confirmed()
    shown = Match(asked.code, system.code, "existing_system", 0.9, flagged=True)
    verdict_give(
        actor=analyst(),
        code=asked.code,
        other=system.code,
        kind="false_alarm",
        reason="คนละเรื่อง",
        shown=shown,
    )
    assert queries.confirmed_groups() == []


def test_what_the_screening_sees_as_the_same_is_suggested_until_somebody_judges_it() -> None:
    likeness.keeper.forget()
    words = {"purpose": "ให้ประชาชนจองคิวพบแพทย์ออนไลน์และเลื่อนนัด", "data_held": ("นัดหมาย",)}
    one = making.system(HEALTH, name_th="ระบบนัดหมายแพทย์ออนไลน์", **words)
    other = making.system(LEAD, name_th="ระบบนัดหมายแพทย์ออนไลน์", **words)
    making.system(name_th="ระบบบัญชีเงินเดือน", purpose="คำนวณเงินเดือนและภาษีของข้าราชการ")
    assert [set(group.codes) for group in queries.suggested_groups()] == [{one.code, other.code}]
    assert f"member={one.code}" in page_text(client_of().get(BASE))
    plan(member(one.code), member(other.code))
    assert queries.suggested_groups() == []
    likeness.keeper.forget()


def test_groups_join_where_they_share_a_member() -> None:
    assert sorted(map(sorted, queries._joined([("A", "B"), ("C", "D"), ("B", "C"), ("X", "Y")]))) == [
        ["A", "B", "C", "D"], ["X", "Y"],
    ]  # fmt: skip


@time_machine.travel("2026-11-22 09:00:00+07:00", tick=False)
def test_a_plan_is_begun_from_a_group_with_what_is_known_of_it() -> None:
    system, asked = confirmed()
    client = client_of()
    address = f"{BASE}new/?member={system.code}&member={asked.code}"
    shown = client.get(address)
    assert shown.status_code == 200
    form = shown.context["form"]
    assert form.initial["target"] == system.code
    assert form.initial[f"reason_{asked.code}"] == "นัดหมายเหมือนกัน"
    assert form.initial[f"baseline_{system.code}_2571"] == 1_500_000  # the last cost told, carried on
    assert form.initial[f"baseline_{asked.code}_2571"] == 800_000  # what it asks for
    given = {name: value for name, value in form.initial.items() if value not in (None, False)}
    sent = given | {
        "title": "แพลตฟอร์มนัดหมาย", "lead": LEAD, f"low_{asked.code}": "80", f"high_{asked.code}": "100",
        "one_off_2571": "50000", "due_0": "2027-01-01", "what_0": "ย้าย", "share_0": "100",
    }  # fmt: skip
    answer = client.post(address, sent)
    made = ConsolidationPlan.objects.get()
    assert answer["Location"] == f"{BASE}{made.code}/"
    assert made.target_system == system
    assert [one.proposal for one in made.members.all()] == [
        asked
    ]  # the platform is no member, though it was ticked
    shown = page_text(client.get(answer["Location"]))
    assert "800,000" in shown


def test_a_code_that_names_nothing_is_said_and_the_rest_goes_on() -> None:
    shown = client_of().get(f"{BASE}new/?member=NOPE&member={making.system(HEALTH).code}")
    assert shown.status_code == 200
    assert shown.context["lost"] == ["NOPE"]


def test_a_form_with_faults_comes_back_with_its_words() -> None:
    code = making.system(HEALTH).code
    answer = client_of().post(
        f"{BASE}new/?member={code}",
        {
            "title": "",
            "lead": LEAD,
            f"keep_{code}": "on",
            f"low_{code}": "90",
            f"high_{code}": "50",
            "due_0": "2027-01-01",
        },
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"title", "due_0"}


def test_another_member_is_added_by_its_code_and_the_form_stays_open() -> None:
    found, other = plan(member(making.system(HEALTH).code)), making.system(HEALTH)
    client = client_of()
    form = client.get(f"{BASE}{found.code}/change/").context["form"]
    sent = {name: value for name, value in form.initial.items() if value not in (None, "")}
    answer = client.post(f"{BASE}{found.code}/change/", sent | {"more": other.code, "version": "1"})
    assert answer["Location"] == f"{BASE}{found.code}/change/"
    assert found.members.filter(system=other).exists()
    assert found.baseline.count() == len(YEARS)


def test_an_older_form_is_refused_and_keeps_its_words() -> None:
    found = plan(member(making.system(HEALTH).code))
    client = client_of()
    form = client.get(f"{BASE}{found.code}/change/").context["form"]
    sent = {name: value for name, value in form.initial.items() if value not in (None, "")} | {"version": "1"}
    client.post(f"{BASE}{found.code}/change/", sent)
    answer = client.post(f"{BASE}{found.code}/change/", sent | {"title": "ชื่อที่สอง"})
    assert answer.status_code == 422
    assert "ชื่อที่สอง" in page_text(answer)


def test_claim_validate_and_spending_go_through_the_page() -> None:
    found = plan(member(making.system(HEALTH).code))
    claimant, checker = client_of(), client_of()
    step = f"{BASE}{found.code}/step/"
    assert claimant.post(f"{step}claim/").status_code == 302
    shown = claimant.get(f"{BASE}{found.code}/")
    assert shown.context["own_claim"]
    assert claimant.post(f"{step}validate/", {"note": "ดี"}).status_code == 403
    assert checker.post(f"{step}validate/", {"note": ""}).status_code == 422
    assert checker.post(f"{step}validate/", {"note": "เทียบสัญญาแล้ว"}).status_code == 302
    sent = {"year": "2570", "members_spent": "300000", "platform_spent": "0", "evidence": "GFMIS"}
    with time_machine.travel("2026-12-01 09:00:00+07:00", tick=False):
        client = client_of()
        early = client.post(f"{step}record/", sent)
    assert early.status_code == 422
    assert "2570" in " ".join(early.context["faults"])
    with time_machine.travel("2027-12-01 09:00:00+07:00", tick=False):
        late = client_of()
        assert late.post(f"{step}record/", sent).status_code == 302
    assert queries.savings_by_state()[2].net.low == 700_000
    assert checker.post(f"{step}nonsense/").status_code == 404


def test_what_is_missing_is_said_on_the_plans_page() -> None:
    found = plan(member(making.system(HEALTH).code), method="")
    answer = client_of().post(f"{BASE}{found.code}/step/claim/")
    assert answer.status_code == 422
    assert len(answer.context["faults"]) == 1


def test_the_people_of_a_member_read_the_plan_and_not_the_papers_of_others() -> None:
    ours, theirs = (
        making.system(HEALTH),
        proposals.submitted(agency=proposals.DRAINS, objective="ความลับของสำนักการระบายน้ำ"),
    )
    found = plan(member(ours.code), member(theirs.code))
    shown = client_of("digital_officer", HEALTH).get(f"{BASE}{found.code}/")
    assert shown.status_code == 200
    assert theirs.title in page_text(shown)
    assert "ความลับ" not in page_text(shown)
    assert "ความลับ" in page_text(client_of().get(f"{BASE}{found.code}/"))
    assert client_of("digital_officer", making.EDUCATION).get(f"{BASE}{found.code}/").status_code == 404


def test_the_list_holds_ones_own_and_the_citys_totals_are_for_the_citys_side() -> None:
    claimed(member(making.system(HEALTH).code))
    claimed(member(making.system(making.EDUCATION).code))
    own = client_of("digital_officer", HEALTH).get(BASE)
    assert (len(own.context["rows"]), own.context["totals"]) == (1, [])
    city = client_of().get(BASE)
    assert (len(city.context["rows"]), len(city.context["totals"])) == (2, 3)


@pytest.mark.parametrize("path", ["", "rules/", "new/"])
def test_strangers_are_led_to_sign_in_and_citizens_refused(path: str, client: Any) -> None:
    assert client.get(f"{BASE}{path}").status_code == 302


def test_reads_cost_the_same_for_one_plan_and_for_many(django_assert_max_num_queries: Any) -> None:
    found = [
        claimed(member(making.system(HEALTH).code), member(making.system(HEALTH).code)) for _n in range(3)
    ]
    confirmed()
    actor = analyst()
    with django_assert_max_num_queries(6):
        rows, _next = queries.plans_page(actor)
        assert len(rows) == 3
    with django_assert_max_num_queries(8):
        queries.plan_view(actor, found[0].code)
    with django_assert_max_num_queries(4):
        queries.confirmed_groups()
    codes = [one.code for one in System.objects.all()[:4]]
    with django_assert_max_num_queries(5):
        queries.start_of(codes)


def test_the_system_named_by_most_people_is_thought_of_first() -> None:
    few, many = making.system(HEALTH, users=5), making.system(HEALTH, users=500)
    assert queries.Group((few, many), {}).target == many
