"""What is told of a system: entered, changed, confirmed, connected, retired; and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Problem, Stale
from prasan.portfolio.actions import silos as silo_actions
from prasan.portfolio.actions.systems import (
    SystemGiven,
    interface_add,
    interface_remove,
    system_change,
    system_confirm,
    system_create,
    system_retire,
)
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Interface, System
from tests import factories
from tests.portfolio.systems import making
from tests.portfolio.systems.making import BOSS, EDUCATION, HEALTH

pytestmark = pytest.mark.django_db


def written(code: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(object_type="system", object_id=code).order_by("id"))


def test_a_system_is_entered_with_its_costs_and_one_ledger_entry_without_words() -> None:
    made = making.system(
        code="HD-7", name_th="ระบบนัดหมาย", capability="citizen.queues", data_held=("ผู้ป่วย",), vendor="บริษัทหนึ่ง",
        costs={2569: Decimal(1_200_000), 2570: Decimal("900000.5")},
    )  # fmt: skip
    made.refresh_from_db()
    assert (made.owner_id, made.capability, made.data_held) == (HEALTH, "citizen.queues", ["ผู้ป่วย"])
    assert {one.fiscal_year: one.amount for one in made.costs.all()} == {
        2569: 1_200_000,
        2570: Decimal("900000.50"),
    }
    (entry,) = written("HD-7")
    assert entry.action == "system.create"
    assert "ระบบนัดหมาย" not in str(entry.changes)
    assert "บริษัทหนึ่ง" not in str(entry.changes)


def test_a_system_without_a_code_gets_one() -> None:
    assert making.system(code="").code.startswith("S-")


def test_what_the_owners_own_officer_enters_is_confirmed_and_what_others_enter_is_not() -> None:
    officer, analyst = factories.officer("digital_officer", HEALTH), factories.officer("analyst", "bma")
    assert making.system(actor=officer).confirmed_on == timezone.localdate()
    assert making.system(actor=analyst).confirmed_on is None
    assert making.system(actor=BOSS).confirmed_on is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name_th": " "}, "name_th"), ({"name_th": "ก" * 301}, "name_th"), ({"capability": "no.such"}, "capability"),
        ({"users": -1}, "users"), ({"hosting": "moon"}, "hosting"),
        ({"contract_end": date(9999, 1, 1)}, "contract_end"),
        ({"data_held": ("ก" * 201,)}, "data_held"), ({"code": "has blank"}, "code"), ({"code": "a/b"}, "code"),
        ({"code": "ก" * 41}, "code"), ({"costs": {2570: Decimal(-1)}}, "costs.2570"),
        ({"costs": {2027: Decimal(1)}}, "costs.2027"), ({"costs": {2570: Decimal("NaN")}}, "costs.2570"),
        ({"owner": "no.such"}, "owner"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_taken_is_named_and_nothing_is_written(
    fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        making.system(**fields)
    assert list(refused.value.errors) == [field]
    assert not System.objects.exists()
    assert not LedgerEntry.objects.filter(object_type="system").exists()


def test_a_code_is_given_once() -> None:
    making.system(code="HD-1")
    with pytest.raises(Invalid) as refused:
        making.system(code="HD-1")
    assert list(refused.value.errors) == ["code"]


def test_an_agency_that_is_gone_owns_nothing_new() -> None:
    from prasan.city.models import Agency
    from prasan.city.registers import registers_reset

    Agency.objects.filter(code=HEALTH).update(valid_to=timezone.localdate() - timedelta(days=1))
    registers_reset()
    try:
        with pytest.raises(Invalid):
            making.system()
    finally:
        registers_reset()


def test_blanks_and_repetitions_in_names_of_data_are_taken_off() -> None:
    assert making.system(data_held=(" ผู้ป่วย ", "ผู้ป่วย", "", "นัด\x00หมาย")).data_held == ["ผู้ป่วย", "นัดหมาย"]


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_change_writes_old_and_new_of_codes_and_only_the_names_of_texts() -> None:
    made = making.system(hosting="own", purpose="เดิม", costs={2569: Decimal(100)})
    changed = system_change(
        actor=BOSS, code=made.code, fields={"hosting": "city", "purpose": "ใหม่"},
        costs={2569: None, 2570: Decimal(250)},
    )  # fmt: skip
    assert changed.version == made.version + 1
    entry = written(made.code)[-1]
    assert entry.changes == {
        "hosting": ["own", "city"], "purpose": "changed", "costs": {"2569": ["100.00", None], "2570": [None, "250.00"]},
    }  # fmt: skip
    assert list(made.costs.values_list("fiscal_year", "amount")) == [(2570, 250)]


def test_a_change_of_nothing_writes_nothing() -> None:
    made = making.system(purpose="เดิม", costs={2569: Decimal(100)})
    same = system_change(
        actor=BOSS, code=made.code, fields={"purpose": " เดิม "}, costs={2569: Decimal("100.00")}
    )
    assert same.version == made.version
    assert len(written(made.code)) == 1


def test_who_saw_an_older_version_changes_nothing() -> None:
    made = making.system()
    system_change(actor=BOSS, code=made.code, fields={"users": 5}, version=1)
    with pytest.raises(Stale):
        system_change(actor=BOSS, code=made.code, fields={"users": 6}, version=1)
    assert System.objects.get(code=made.code).users == 5


def test_a_system_is_handed_over_only_by_who_may_at_both_agencies() -> None:
    made = making.system()
    own = factories.officer("digital_officer", HEALTH)
    with pytest.raises(Forbidden):
        system_change(actor=own, code=made.code, fields={}, owner=EDUCATION)
    analyst = factories.officer("analyst", "bma")
    assert system_change(actor=analyst, code=made.code, fields={}, owner=EDUCATION).owner_id == EDUCATION
    assert written(made.code)[-1].changes == {"owner": [HEALTH, EDUCATION]}


def test_confirming_sets_the_day_and_says_what_it_was() -> None:
    made = making.system()
    System.objects.filter(pk=made.pk).update(confirmed_on=date(2025, 1, 15))
    assert system_confirm(actor=BOSS, code=made.code).confirmed_on == timezone.localdate()
    assert written(made.code)[-1].changes == {
        "confirmed_on": ["2025-01-15", timezone.localdate().isoformat()]
    }


def test_a_retired_system_stays_and_is_neither_confirmed_nor_retired_again() -> None:
    made = making.system()
    assert system_retire(actor=BOSS, code=made.code).lifecycle == "retired"
    for act in (system_retire, system_confirm):
        with pytest.raises(Conflict):
            act(actor=BOSS, code=made.code)
    assert [entry.action for entry in written(made.code)] == ["system.create", "system.retire"]


def test_a_system_that_nobody_entered_is_not_found() -> None:
    with pytest.raises(NotFound):
        system_change(actor=BOSS, code="nothing", fields={})


@pytest.mark.parametrize(
    "day", [(date(2026, 9, 30), 2569), (date(2026, 10, 1), 2570), (date(2027, 1, 1), 2570)]
)
def test_the_fiscal_year_begins_in_october(day: tuple[date, int]) -> None:
    assert fiscal_year(day[0]) == day[1]


# --- connections ------------------------------------------------------------------------------------------------------


def test_the_owner_of_either_end_may_enter_and_remove_a_connection() -> None:
    one, other = making.system(), making.system(EDUCATION)
    for agency in (HEALTH, EDUCATION):
        actor = factories.officer("digital_officer", agency)
        found = interface_add(
            actor=actor, provider=one.code, consumer=other.code, data=" นักเรียน ", method="file"
        )
        assert found.data == "นักเรียน"
        interface_remove(actor=actor, interface_id=found.pk)
    assert not Interface.objects.exists()
    assert [entry.action for entry in written(one.code)][1:] == [
        "system.interface_add",
        "system.interface_remove",
    ] * 2
    stranger = factories.officer("digital_officer", making.DIGITAL)
    with pytest.raises(Forbidden):
        interface_add(actor=stranger, provider=one.code, consumer=other.code, data="x", method="api")


def test_a_connection_changes_what_both_systems_show() -> None:
    one, other = making.system(), making.system()
    making.connect(one, other)
    assert set(System.objects.values_list("version", flat=True)) == {2}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consumer": "A"}, "consumer"), ({"consumer": "nothing"}, "consumer"), ({"provider": "nothing"}, "provider"),
        ({"data": " "}, "data"), ({"data": "ก" * 201}, "data"), ({"method": "pigeon"}, "method"),
        ({"data": "มีแล้ว"}, "data"),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_be_is_refused(change: dict[str, str], field: str) -> None:
    one, other = making.system(code="A"), making.system(code="B")
    making.connect(one, other, "มีแล้ว")
    with pytest.raises(Invalid) as refused:
        interface_add(
            actor=BOSS, **({"provider": "A", "consumer": "B", "data": "ใหม่", "method": "api"} | change)
        )
    assert list(refused.value.errors) == [field]
    assert Interface.objects.count() == 1


# --- the yearly confirmation ------------------------------------------------------------------------------------------


def due(owner: str, last: date | None, **fields: Any) -> System:
    made = making.system(owner, **fields)
    System.objects.filter(pk=made.pk).update(confirmed_on=last)
    return made


def test_owners_are_asked_once_a_month_in_one_letter_for_all_their_systems() -> None:
    today = date(2026, 6, 1)
    own = factories.officer_user("digital_officer", HEALTH)
    above = factories.officer_user("digital_officer", "bma")
    factories.officer_user("supervisor", HEALTH)  # not asked where there is a digital officer
    due(HEALTH, date(2025, 6, 20))  # within 30 days
    due(making.DIVISION, None)
    due(HEALTH, date(2025, 7, 20))  # not yet
    due(EDUCATION, date(2024, 1, 1))  # has nobody of its own: the city's is asked
    due(HEALTH, None, lifecycle="retired")
    assert silo_actions.confirmations_remind(today=today) == 2
    assert silo_actions.confirmations_remind(today=today) == 2
    letters = {notice.address: notice for notice in Notice.objects.all()}
    assert {address: notice.context["count"] for address, notice in letters.items()} == {
        own.email: 2,
        above.email: 1,
    }
    assert "/portfolio/systems/due/" in render(letters[own.email]).text
    assert silo_actions.confirmations_remind(today=date(2026, 7, 1)) == 2
    assert Notice.objects.count() == 4


def test_nobody_is_asked_where_nothing_is_due_and_nothing_is_written() -> None:
    factories.officer_user("digital_officer", HEALTH)
    due(HEALTH, timezone.localdate())
    assert silo_actions.confirmations_remind() == 0
    assert not LedgerEntry.objects.filter(action="system.remind").exists()


def test_who_wants_no_letters_gets_none() -> None:
    factories.officer_user("digital_officer", HEALTH, notice_channels=["none"])
    due(HEALTH, None)
    silo_actions.confirmations_remind()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("actor", [Actor.anonymous(), Actor("citizen", "1"), Actor("api_key", "k")])
def test_strangers_do_nothing(actor: Actor) -> None:
    made = making.system()
    for act in (
        lambda: system_create(actor=actor, owner=HEALTH, given=SystemGiven(name_th="ก")),
        lambda: system_change(actor=actor, code=made.code, fields={"users": 1}),
        lambda: system_confirm(actor=actor, code=made.code),
        lambda: system_retire(actor=actor, code=made.code),
    ):
        with pytest.raises(Problem):
            act()
    assert len(written(made.code)) == 1
