"""Reference lists, a proposal's lines, their flags and the answers to them. All prices are made up."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.portfolio.actions import prices as actions
from prasan.portfolio.models import PriceAnswer, PriceEdition, PriceFlag, PriceLine, ReferencePrice
from prasan.portfolio.queries import prices as queries
from tests import factories
from tests.portfolio import proposals
from tests.portfolio.prices import BOSS, COMPUTER, LIST, analyst, bought, csv_of, line, references
from tests.portfolio.proposals import DRAINS, HEALTH

pytestmark = pytest.mark.django_db

HEADING = ("รหัสคำขอ", "รายการ", "จำนวน", "หน่วย", "ราคาต่อหน่วย")


def flags(of: PriceLine) -> list[str]:
    return sorted(PriceFlag.objects.filter(line=of).values_list("kind", flat=True))


# --- reference lists --------------------------------------------------------------------------------------------------


def test_a_list_is_taken_over_with_its_edition_and_says_so_in_the_ledger() -> None:
    done = references()
    assert (done.read, done.accepted, done.written) == (2, 2, True)
    assert PriceEdition.objects.get().name == "เกณฑ์ราคา มี.ค. 2566"
    assert LedgerEntry.objects.get(action="prices.import").changes["items"] == 2


def test_a_list_sent_again_replaces_its_edition_and_another_day_is_another_edition() -> None:
    references()
    references(LIST[0])
    assert ReferencePrice.objects.count() == 1
    references(valid_from=date(2025, 1, 1))
    assert PriceEdition.objects.count() == 2


def test_a_dry_run_writes_nothing() -> None:
    assert references(dry_run=True).accepted == 2
    assert not PriceEdition.objects.exists()


def test_faults_come_with_their_cell_and_then_nothing_is_taken_over() -> None:
    done = references(
        LIST[0], ("2", "เครื่องพิมพ์", "งาน", "9,000"), ("3", "จอ", "เครื่อง", "0"), ("4", "ฟรี", "", "5")
    )
    assert [fault.cell for fault in done.errors] == ["C3", "D4", "C5"]
    assert done.accepted == 1
    assert not PriceEdition.objects.exists()


def test_a_file_without_such_a_table_is_refused_in_a_sentence() -> None:
    with pytest.raises(Invalid):
        actions.price_edition_import(
            actor=BOSS, file=io.BytesIO(b"a,b\n1,2\n"), name="x", source="y", valid_from=date(2023, 1, 1)
        )


@pytest.mark.parametrize("role", ["digital_officer", "supervisor", "secretary", "auditor", "admin"])
def test_only_analysts_take_over_lists(role: str) -> None:
    with pytest.raises(Forbidden):
        references(actor=factories.officer(role, "bma"))


# --- lines and flags -------------------------------------------------------------------------------------------------


def test_a_line_above_the_reference_of_its_day_is_flagged_at_once() -> None:
    references()
    _proposal, (dear, fair) = bought(line(25_000), line(19_000))
    assert flags(dear) == ["above_reference"]
    assert flags(fair) == []


def test_a_dozen_is_held_against_the_price_of_twelve() -> None:
    references()
    _proposal, (dozen,) = bought(line(240_000, unit="โหล"))
    assert (dozen.base_price, flags(dozen)) == (Decimal(20_000), [])


def test_a_line_of_several_things_at_once_has_no_price_of_one() -> None:
    _proposal, (pooled,) = bought(line(900_000, name="ครุภัณฑ์คอมพิวเตอร์ รวม 7 รายการ", unit="ชุด"))
    assert pooled.base_price is None
    assert PriceFlag.objects.get(line=pooled).facts == {"unit": "รวม 7 รายการ"}


def test_a_list_that_comes_later_flags_what_was_entered_before() -> None:
    _proposal, (dear,) = bought(line(25_000))
    assert flags(dear) == ["too_little_data"]
    references()
    assert flags(dear) == ["above_reference"]


def test_what_others_pay_counts_only_once_it_is_handed_in() -> None:
    for price in (20_000, 20_500, 21_000, 21_500, 22_000):
        bought(line(price), submit=False)
    _proposal, (dear,) = bought(line(60_000), agency=DRAINS)
    assert flags(dear) == ["too_little_data"]
    for price in (20_000, 20_500, 21_000, 21_500, 22_000):
        bought(line(price))
    actions.prices_check(actor=BOSS)
    assert flags(dear) == ["above_history"]


def test_a_flag_refuses_nothing() -> None:
    references()
    proposal, _lines = bought(line(10_000_000), line(5, unit=""))
    proposal.refresh_from_db()
    assert proposal.status == "submitted"


def test_lines_keep_their_id_and_what_is_left_out_is_gone() -> None:
    proposal, (one, two) = bought(line(1), line(2), submit=False)
    (kept,) = actions.price_lines_set(actor=BOSS, code=proposal.code, lines=[line(3, id=two.pk)])
    assert (kept.pk, kept.unit_price) == (two.pk, 3)
    assert not PriceLine.objects.filter(pk=one.pk).exists()


def test_another_proposals_line_can_not_be_taken() -> None:
    _other, (foreign,) = bought(line(1), submit=False)
    proposal = proposals.draft()
    with pytest.raises(Invalid):
        actions.price_lines_set(actor=BOSS, code=proposal.code, lines=[line(3, id=foreign.pk)])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (line(1, name=" "), "name"), (line(-1), "unit_price"), (line(1, quantity=0), "quantity"),
        (line(float("nan")), "unit_price"), (line(1, unit="x" * 61), "unit"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_by_line_and_field(given: Any, field: str) -> None:
    proposal = proposals.draft()
    with pytest.raises(Invalid) as caught:
        actions.price_lines_set(actor=BOSS, code=proposal.code, lines=[line(1), given])
    assert set(caught.value.errors) == {f"lines.1.{field}"}
    assert not PriceLine.objects.exists()


def test_the_agency_writes_lines_while_it_writes_the_proposal_and_nobody_else() -> None:
    proposal = proposals.draft()
    actions.price_lines_set(actor=proposals.officer(), code=proposal.code, lines=[line(1)])
    with pytest.raises(NotFound):
        actions.price_lines_set(actor=proposals.officer(DRAINS), code=proposal.code, lines=[])
    with pytest.raises(Forbidden):
        actions.price_lines_set(actor=analyst(), code=proposal.code, lines=[])
    handed_in, _lines = bought(line(1))
    with pytest.raises(Conflict):
        actions.price_lines_set(actor=proposals.officer(), code=handed_in.code, lines=[])


def test_lines_leave_the_proposals_own_version_alone_so_that_its_form_stays_good() -> None:
    proposal = proposals.draft()
    actions.price_lines_set(actor=BOSS, code=proposal.code, lines=[line(1)])
    version = proposal.version
    proposal.refresh_from_db()
    assert proposal.version == version


# --- import of lines --------------------------------------------------------------------------------------------------


def test_lines_come_from_a_table_by_proposal() -> None:
    one, two = proposals.draft(), proposals.draft()
    rows = [
        (one.code, COMPUTER, "๑๐", "เครื่อง", "๒๐,๐๐๐"),
        (one.code.lower(), "จอ", "2", "", "5000"),
        (two.code, "ก", "1", "ชุด", "1"),
    ]
    done = actions.price_lines_import(actor=BOSS, file=csv_of(*rows, heading=HEADING))
    assert (done.read, done.written, done.errors) == (3, True, [])
    assert list(one.price_lines.order_by("id").values_list("quantity", "unit_price")) == [
        (10, 20_000),
        (2, 5_000),
    ]


def test_one_bad_row_and_nothing_is_taken_over() -> None:
    good = proposals.draft()
    rows = [
        (good.code, "ก", "1", "ชุด", "1"),
        ("NOSUCH22", "ข", "1", "ชุด", "1"),
        (good.code, "ค", "-2", "ชุด", "1"),
    ]
    done = actions.price_lines_import(actor=BOSS, file=csv_of(*rows, heading=HEADING))
    assert sorted(fault.cell for fault in done.errors) == ["A3", "C4"]
    assert not done.written
    assert not PriceLine.objects.exists()


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_closes_the_flag_for_this_price_and_stays_when_the_price_changes() -> None:
    references()
    proposal, (dear,) = bought(line(25_000), submit=False)
    officer = proposals.officer()
    actions.price_answer(actor=officer, line_id=dear.pk, kind="above_reference", reason="จอใหญ่กว่าเกณฑ์")
    assert queries.price_view(officer, proposal.code).open == 0
    actions.price_lines_set(actor=officer, code=proposal.code, lines=[line(26_000, id=dear.pk)])
    view = queries.price_view(officer, proposal.code)
    assert (view.open, [answer.reason for answer in view.earlier]) == (1, ["จอใหญ่กว่าเกณฑ์"])
    actions.price_lines_set(actor=officer, code=proposal.code, lines=[])
    assert PriceAnswer.objects.get().name == COMPUTER


def test_the_analyst_answers_too_and_strangers_do_not() -> None:
    references()
    _proposal, (dear,) = bought(line(25_000))
    actions.price_answer(actor=analyst(), line_id=dear.pk, kind="above_reference", reason="รับได้")
    for actor in (proposals.officer(DRAINS), factories.citizen(), Actor.anonymous()):
        with pytest.raises(NotFound):
            actions.price_answer(actor=actor, line_id=dear.pk, kind="above_reference", reason="x")
    with pytest.raises(Forbidden):
        actions.price_answer(
            actor=factories.officer("auditor", "bma"), line_id=dear.pk, kind="above_reference", reason="x"
        )


def test_an_answer_needs_words_and_they_do_not_go_into_the_ledger() -> None:
    _proposal, (dear,) = bought(line(25_000))
    with pytest.raises(Invalid):
        actions.price_answer(actor=BOSS, line_id=dear.pk, kind="above_reference", reason=" ")
    before = LedgerEntry.objects.count()
    actions.price_answer(actor=BOSS, line_id=dear.pk, kind="above_reference", reason="คำของเจ้าหน้าที่")
    assert LedgerEntry.objects.count() == before + 1
    assert "คำของ" not in str(LedgerEntry.objects.order_by("-position", "-id").first().changes)  # type: ignore[union-attr]


# --- reads -----------------------------------------------------------------------------------------------------------


def test_single_prices_of_others_are_for_the_citys_side() -> None:
    for price in (20_000, 21_000, 22_000):
        bought(line(price), agency=DRAINS)
    proposal, _lines = bought(line(25_000))
    (own,) = queries.price_view(proposals.officer(HEALTH), proposal.code).lines
    assert own.others is None
    assert own.shows_summary
    (city,) = queries.price_view(analyst(), proposal.code).lines
    assert sorted(int(one.base_price) for one in city.others or []) == [20_000, 21_000, 22_000]


def test_an_agency_is_not_told_the_price_of_the_one_other_that_buys_it() -> None:
    bought(line(20_000), agency=DRAINS)
    proposal, _lines = bought(line(25_000))
    (own,) = queries.price_view(proposals.officer(HEALTH), proposal.code).lines
    assert not own.shows_summary


def test_the_list_of_all_flags_is_the_citys_sides_and_shows_what_nobody_answered_for() -> None:
    references()
    _p, (one, two) = bought(line(25_000), line(26_000))
    bought(line(27_000), submit=False)
    actions.price_answer(actor=analyst(), line_id=one.pk, kind="above_reference", reason="รับได้")
    page = queries.flags_page(analyst(), queries.FlagFilter())
    assert [flag.line_id for flag in page.items] == [two.pk]
    assert queries.flag_counts(analyst())["above_reference"] == (2, 1)
    with pytest.raises(Forbidden):
        queries.flags_page(proposals.officer(), queries.FlagFilter())


def test_pages_cost_the_same_for_one_line_and_for_many(django_assert_max_num_queries: Any) -> None:
    references()
    for price in range(20_000, 20_006):
        bought(line(price), agency=DRAINS)
    proposal, lines = bought(*(line(25_000 + number) for number in range(20)))
    actions.price_answer(actor=analyst(), line_id=lines[0].pk, kind="above_reference", reason="รับได้")
    actor = analyst()
    with django_assert_max_num_queries(7):
        assert len(queries.price_view(actor, proposal.code).lines) == 20
    with django_assert_max_num_queries(1):
        queries.flags_page(actor, queries.FlagFilter())
    with django_assert_max_num_queries(1):
        queries.flag_counts(actor)
    with django_assert_max_num_queries(3):
        queries.checks_of_all()
