"""What happens to a plan from its first draft to the money that was really saved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.portfolio.actions import consolidation as actions
from prasan.portfolio.models import ConsolidationPlan, PlanBaseline, Proposal, System
from prasan.portfolio.queries.consolidation import savings_by_state
from tests import factories
from tests.portfolio import proposals
from tests.portfolio.consolidation import HEALTH, LEAD, analyst, claimed, given, member, plan
from tests.portfolio.systems import making

pytestmark = pytest.mark.django_db


def refusal(act: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        act()
    return {name: str(text) for name, text in caught.value.errors.items()}


def code() -> str:
    return making.system(HEALTH).code


def told(
    found: ConsolidationPlan, year: int, actor: Actor, spent: int = 300_000, platform: int = 100_000
) -> Any:
    return actions.plan_record(
        actor=actor, code=found.code, year=year, members_spent=Decimal(spent),
        platform_spent=Decimal(platform), evidence="รายงานการเบิกจ่าย",
    )  # fmt: skip


def totals() -> dict[str, tuple[int, int, int]]:
    return {one.state: (int(one.net.low), int(one.net.high), one.years) for one in savings_by_state()}


def test_a_plan_goes_from_claim_to_money_and_each_year_counts_in_one_state_only() -> None:
    claimant, checker = analyst(), analyst()
    found = claimed(member(code()), actor=claimant)
    assert totals()["claimed"] == (-600_000 + 4 * 400_000, 300_000 + 4 * 800_000, 5)
    actions.plan_validate(actor=checker, code=found.code, note="ตรวจกับสัญญาแล้ว")
    assert (totals()["claimed"][2], totals()["validated"][2]) == (0, 5)
    with time_machine.travel("2027-11-01 09:00:00+07:00", tick=False):
        told(found, 2570, checker)
    assert totals()["validated"] == (4 * 400_000, 4 * 800_000, 4)
    assert totals()["realised"] == (600_000, 600_000, 1)
    with time_machine.travel("2031-11-01 09:00:00+07:00", tick=False):
        for year in range(2571, 2575):
            assert ConsolidationPlan.objects.get().state == "validated"
            told(found, year, checker)
    assert ConsolidationPlan.objects.get().state == "realised"
    assert totals() == {"claimed": (0, 0, 0), "validated": (0, 0, 0), "realised": (3_000_000, 3_000_000, 5)}


def test_who_claimed_the_savings_does_not_check_them() -> None:
    claimant = analyst()
    found = claimed(member(code()), actor=claimant)
    with pytest.raises(Forbidden):
        actions.plan_validate(actor=claimant, code=found.code, note="ถูกต้อง")
    actions.plan_validate(actor=analyst(), code=found.code, note="ถูกต้อง")
    with time_machine.travel("2028-01-01 09:00:00+07:00", tick=False), pytest.raises(Forbidden):
        told(found, 2570, claimant)


def test_the_database_holds_that_too() -> None:
    found = claimed(member(code()))
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsolidationPlan.objects.filter(pk=found.pk).update(validated_by=found.claimed_by)


def test_a_members_year_counts_in_one_plan_and_the_sentence_names_member_year_and_plan() -> None:
    shared = code()
    first = claimed(member(shared))
    second = plan(member(shared), member(code()))
    errors = refusal(lambda: actions.plan_claim(actor=analyst(), code=second.code))
    assert shared in errors["members"]
    assert "2570" in errors["members"]
    assert first.code in errors["members"]
    assert ConsolidationPlan.objects.get(pk=second.pk).state == "draft"


def test_other_years_of_the_same_member_may_count_elsewhere() -> None:
    shared = code()
    claimed(member(shared, baseline={2570: Decimal(10)}))
    later = claimed(member(shared, baseline={2571: Decimal(10)}))
    assert later.state == "claimed"


def test_even_past_the_actions_the_database_refuses_to_count_a_year_twice() -> None:
    shared = code()
    claimed(member(shared))
    second = plan(member(shared))
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanBaseline.objects.filter(plan=second).update(counted=True)


def test_a_claim_a_moment_after_another_gets_the_sentence_and_not_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = code()
    first = claimed(member(shared))
    second = plan(member(shared))
    monkeypatch.setattr(actions, "same_baht", lambda plan: {})  # as if the other had not been there yet
    errors = refusal(lambda: actions.plan_claim(actor=analyst(), code=second.code))
    assert first.code in errors["members"]


@pytest.mark.parametrize("end", ["drop", "return"])
def test_a_plan_given_up_or_sent_back_frees_its_members(end: str) -> None:
    shared = code()
    first, second = claimed(member(shared)), plan(member(shared))
    act = {"drop": actions.plan_drop, "return": actions.plan_return}[end]
    act(actor=analyst(), code=first.code, note="ทำไม่ได้")
    assert actions.plan_claim(actor=analyst(), code=second.code).state == "claimed"


def test_the_upkeep_of_a_system_and_the_system_are_the_same_money() -> None:
    system = making.system(HEALTH)
    upkeep = proposals.submitted(
        agency=HEALTH, title="จ้างบำรุงรักษาระบบนัดหมาย", nature="maintain", systems={system.code: "extends"}
    )
    together = plan(member(system.code), member(upkeep.code))
    assert upkeep.code in refusal(lambda: actions.plan_claim(actor=analyst(), code=together.code))["members"]
    claimed(member(upkeep.code))
    alone = plan(member(system.code))
    assert upkeep.code in refusal(lambda: actions.plan_claim(actor=analyst(), code=alone.code))["members"]


def test_a_claim_needs_everything_that_an_auditor_would_ask_for() -> None:
    bare = plan(member(code(), reason=""), target="", counterfactual="", method="", evidence="", costs={})
    errors = refusal(lambda: actions.plan_claim(actor=analyst(), code=bare.code))
    assert set(errors) == {"counterfactual", "method", "evidence", "costs", "members"}
    no_payer = plan(member(code()), one_off_payer="", migration=())
    errors = refusal(lambda: actions.plan_claim(actor=analyst(), code=no_payer.code))
    assert set(errors) == {"one_off_payer", "migration"}
    nothing = plan(member(code(), ends_low=0, ends_high=0))
    assert set(refusal(lambda: actions.plan_claim(actor=analyst(), code=nothing.code))) == {"members"}
    empty = plan(member(code(), baseline={}))
    assert set(refusal(lambda: actions.plan_claim(actor=analyst(), code=empty.code))) == {"members"}


def test_money_that_was_refused_is_not_saved() -> None:
    asked = proposals.submitted()
    Proposal.objects.filter(pk=asked.pk).update(status="not_approved")
    found = plan(member(asked.code))
    assert asked.code in refusal(lambda: actions.plan_claim(actor=analyst(), code=found.code))["members"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"lead": "nobody"}, "lead"),
        ({"target": "NOPE"}, "members"),
        ({"first_year": 2027}, "first_year"),
        ({"yearly_payer": "nobody"}, "yearly_payer"),
        ({"costs": {(2570, "one_off"): Decimal(-1)}}, "costs"),
        ({"costs": {(2580, "one_off"): Decimal(1)}}, "costs"),
        ({"costs": {(2570, "one_off"): Decimal("nan")}}, "costs"),
        ({"migration": ((date(2027, 1, 1), "ก", 101),)}, "migration"),
    ],
)
def test_what_can_not_be_is_not_kept_even_in_a_draft(change: dict[str, Any], field: str) -> None:
    values = {"target": making.system(LEAD).code} | change
    assert field in refusal(
        lambda: actions.plan_create(actor=analyst(), given=given(member(code()), **values), origin="test")
    )
    assert not ConsolidationPlan.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_low": 60, "ends_high": 50},
        {"ends_high": 101},
        {"baseline": {2570: Decimal(-1)}},
        {"baseline": {2599: Decimal(1)}},
    ],
)
def test_a_member_that_can_not_be_is_refused_by_its_code(fields: dict[str, Any]) -> None:
    assert "members" in refusal(lambda: plan(member(code(), **fields)))


def test_the_platform_is_no_member_and_a_member_stands_once() -> None:
    one = code()
    assert one in refusal(lambda: plan(member(one), target=one))["members"]
    assert "members" in refusal(lambda: plan(member(one), member(one)))


def test_a_draft_of_an_agency_is_no_member() -> None:
    secret = proposals.draft()
    assert secret.code in refusal(lambda: plan(member(secret.code)))["members"]


def test_the_share_of_users_never_falls() -> None:
    steps = ((date(2027, 1, 1), "ก", 50), (date(2027, 6, 1), "ข", 40))
    assert "migration" in refusal(lambda: plan(member(code()), migration=steps))


def test_spending_is_told_for_years_that_are_over_and_are_the_plans() -> None:
    checker = analyst()
    found = claimed(member(code()))
    actions.plan_validate(actor=checker, code=found.code, note="ตรวจแล้ว")
    with time_machine.travel("2027-09-30 09:00:00+07:00", tick=False):
        assert "year" in refusal(lambda: told(found, 2570, checker))
    with time_machine.travel("2027-10-01 09:00:00+07:00", tick=False):
        assert "year" in refusal(lambda: told(found, 2569, checker))
        told(found, 2570, checker)
        told(found, 2570, checker, spent=500_000)
    assert totals()["realised"] == (400_000, 400_000, 1)


def test_what_is_realised_stays_on_record() -> None:
    checker = analyst()
    found = claimed(member(code()))
    actions.plan_validate(actor=checker, code=found.code, note="ตรวจแล้ว")
    with time_machine.travel("2028-01-01 09:00:00+07:00", tick=False):
        told(found, 2570, checker)
    for act in (actions.plan_return, actions.plan_drop):
        with pytest.raises(Conflict):
            act(actor=checker, code=found.code, note="เลิก")


def test_a_claimed_plan_is_not_rewritten() -> None:
    found = claimed(member(code()))
    with pytest.raises(Conflict):
        actions.plan_change(
            actor=analyst(), code=found.code, given=given(member(code()), target=making.system(LEAD).code)
        )


def test_a_change_made_from_an_older_page_is_refused() -> None:
    found = plan(member(code()))
    actions.plan_claim(actor=analyst(), code=found.code, version=1)
    with pytest.raises(Stale):
        actions.plan_drop(actor=analyst(), code=found.code, note="เลิก", version=1)


def test_the_lead_agency_writes_and_claims_but_does_not_hand_over() -> None:
    found = plan(member(code()))
    officer = factories.officer("digital_officer", LEAD)
    same = given(member(code()), target=making.system(LEAD).code)
    actions.plan_change(actor=officer, code=found.code, given=same)
    other = given(member(code()), target=making.system(LEAD).code, lead=HEALTH)
    assert "lead" in refusal(lambda: actions.plan_change(actor=officer, code=found.code, given=other))
    assert actions.plan_claim(actor=officer, code=found.code).claimed_by == f"officer:{officer.id}"


def test_each_step_is_one_ledger_entry_without_words() -> None:
    before = LedgerEntry.objects.count()
    found = claimed(member(code()))
    actions.plan_validate(actor=analyst(), code=found.code, note="คำที่ไม่ควรอยู่ในสมุด")
    entries = LedgerEntry.objects.filter(object_type="consolidation_plan", object_id=found.code)
    assert list(entries.order_by("id").values_list("action", flat=True)) == [
        "plan.create", "plan.claim", "plan.validate",
    ]  # fmt: skip
    assert LedgerEntry.objects.count() - before == 3 + System.objects.count()  # the systems' own entries
    assert "คำที่ไม่ควร" not in str(list(entries.values_list("changes", flat=True)))
    assert [step.action for step in found.steps.order_by("id")] == ["create", "claim", "validate"]
    assert found.steps.get(action="validate").note == "คำที่ไม่ควรอยู่ในสมุด"


def test_strangers_find_no_plan() -> None:
    found = plan(member(code()))
    for actor in (
        Actor.anonymous(),
        factories.citizen(),
        factories.officer("digital_officer", making.EDUCATION),
    ):
        with pytest.raises(NotFound):
            actions.plan_claim(actor=actor, code=found.code)


def test_totals_cost_the_same_for_one_plan_and_for_many(django_assert_max_num_queries: Any) -> None:
    for _number in range(4):
        claimed(member(code()), member(code()))
    with django_assert_max_num_queries(6):
        assert savings_by_state()[0].plans == 4
