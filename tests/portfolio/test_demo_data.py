"""The demonstration's systems and proposals, and the labelled pairs written with them: complete and consistent."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from django.db.models import TextChoices

from prasan.portfolio.capabilities import load_capabilities
from prasan.portfolio.models import Interface, Proposal, System, SystemLink

CITY = Path(__file__).parents[2] / "cities" / "bangkok"
SYSTEM_COLUMNS = [
    "system_code", "name_th", "name_en", "owner_code", "owner_name", "purpose_th", "capability", "data_held",
    "interfaces", "vendor", "contract_end", "annual_cost_baht", "users", "technology", "hosting", "criticality",
    "personal_data", "lifecycle", "cost_2567", "cost_2568", "cost_2569",
]  # fmt: skip
PROPOSAL_COLUMNS = [
    "proposal_code", "agency_code", "agency_name", "title_th", "objective_th", "scope_th", "nature", "category",
    "budget_2567", "budget_2568", "budget_2569", "run_cost_per_year", "policy_text", "expected_benefit_th",
    "depends_on", "excludes", "metric_name", "metric_unit", "metric_baseline", "metric_target", "lane", "status",
]  # fmt: skip
MONEY = ("budget_2567", "budget_2568", "budget_2569", "run_cost_per_year")
Rows = dict[str, dict[str, str]]
KINDS = {"same_function", "existing_system", "commodity", "continuation", "lookalike"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def systems() -> dict[str, dict[str, str]]:
    return {row["system_code"]: row for row in rows(CITY / "demo" / "systems.csv")}


@pytest.fixture(scope="module")
def proposals() -> dict[str, dict[str, str]]:
    return {row["proposal_code"]: row for row in rows(CITY / "demo" / "proposals.csv")}


@pytest.fixture(scope="module")
def details() -> list[dict[str, str]]:
    return rows(CITY / "demo" / "proposal_details.csv")


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    return rows(Path(__file__).parent / "labelled" / "pairs.csv")


@pytest.fixture(scope="module")
def agencies() -> dict[str, str]:
    return {row["code"]: row["name_th"] for row in rows(CITY / "agencies.csv")}


def test_the_files_have_the_columns_that_screening_reads_and_one_row_per_code(
    systems: Rows, proposals: Rows
) -> None:
    read_systems = rows(CITY / "demo" / "systems.csv")
    read_proposals = rows(CITY / "demo" / "proposals.csv")
    assert list(read_systems[0]) == SYSTEM_COLUMNS
    assert list(read_proposals[0]) == PROPOSAL_COLUMNS
    assert len(systems) == len(read_systems) >= 66
    assert len(proposals) == len(read_proposals) >= 170
    assert not any(None in row or None in row.values() for row in read_systems + read_proposals)


def test_owners_and_agencies_are_the_city_s_and_carry_its_names(
    systems: Rows, proposals: Rows, agencies: dict[str, str]
) -> None:
    named = {(row["owner_code"], row["owner_name"]) for row in systems.values()}
    named |= {(row["agency_code"], row["agency_name"]) for row in proposals.values()}
    assert named <= set(agencies.items())


def test_every_choice_is_one_that_the_register_knows(systems: Rows, proposals: Rows) -> None:
    choices: tuple[tuple[Rows, str, type[TextChoices]], ...] = (
        (systems, "hosting", System.Hosting),
        (systems, "criticality", System.Criticality),
        (systems, "personal_data", System.PersonalData),
        (systems, "lifecycle", System.Lifecycle),
        (proposals, "nature", Proposal.Nature),
        (proposals, "lane", Proposal.Lane),
        (proposals, "status", Proposal.Status),
    )
    for told, name, kind in choices:
        assert {row[name] for row in told.values()} <= set(kind.values), name


def test_capabilities_are_on_the_city_s_map(
    systems: Rows, proposals: Rows, details: list[dict[str, str]]
) -> None:
    known = set(load_capabilities(CITY).capabilities)
    assert {row["capability"] for row in systems.values()} <= known
    assert {row["capability"] for row in details} <= known
    assert [row["proposal_code"] for row in details] == list(proposals)


def test_a_proposal_that_goes_on_with_a_system_names_one_of_the_inventory(
    systems: Rows, proposals: Rows, details: list[dict[str, str]]
) -> None:
    for row in details:
        assert (row["system_code"] in systems) if row["system_code"] else not row["link"]
        assert row["link"] in {"", *SystemLink.Kind.values}
        beyond_draft = proposals[row["proposal_code"]]["status"] != "draft"
        if beyond_draft and proposals[row["proposal_code"]]["nature"] != "new":
            assert row["system_code"], row


def test_money_is_never_negative_and_of_the_size_that_agencies_ask_for(
    systems: Rows, proposals: Rows
) -> None:
    costs = ("annual_cost_baht", "cost_2567", "cost_2568", "cost_2569")
    assert all(Decimal(row[name]) >= 0 for row in systems.values() for name in costs)
    for row in proposals.values():
        amounts = [Decimal(row[name]) for name in MONEY]
        assert min(amounts) >= 0, row["proposal_code"]
        assert 300_000 <= sum(amounts[:3]) <= 180_000_000, row["proposal_code"]


def test_every_proposal_promises_a_number_that_moves(proposals: Rows) -> None:
    for row in proposals.values():
        assert all(row[name] for name in ("metric_name", "metric_unit")), row["proposal_code"]
        assert Decimal(row["metric_baseline"]) != Decimal(row["metric_target"]), row["proposal_code"]


def test_relations_name_other_proposals(proposals: Rows) -> None:
    for code, row in proposals.items():
        others = [one for name in ("depends_on", "excludes") for one in row[name].split(";") if one]
        assert set(others) <= set(proposals) - {code}


def test_connections_lead_to_other_systems_of_the_inventory(systems: Rows) -> None:
    from prasan.portfolio.workbooks.systems import CONNECTION

    ways: Counter[str] = Counter()
    for code, row in systems.items():
        for text in filter(None, row["interfaces"].split(";")):
            found = CONNECTION.fullmatch(text)
            assert found, text
            assert found["code"] in systems.keys() - {code}, text
            assert found["data"], text
            ways[found["how"]] += 1
    assert set(ways) == set(Interface.Method.values)


def test_the_inventory_has_silos_to_find(systems: Rows) -> None:
    told = {one.split(":")[0] for row in systems.values() for one in row["interfaces"].split(";") if one}
    alone = [code for code, row in systems.items() if not row["interfaces"] and code not in told]
    held = Counter(name for row in systems.values() for name in row["data_held"].split(";"))
    served = Counter(row["capability"] for row in systems.values())
    assert len(alone) >= 15
    assert sum(count > 1 for count in held.values()) >= 10
    assert sum(count > 1 for count in served.values()) >= 8


def test_pairs_name_existing_codes_once_each(
    pairs: list[dict[str, str]], systems: Rows, proposals: Rows
) -> None:
    assert {pair["kind"] for pair in pairs} == KINDS
    assert {pair["hard"] for pair in pairs} == {"0", "1"}
    seen: set[frozenset[str]] = set()
    for pair in pairs:
        both = frozenset((pair["left_code"], pair["right_code"]))
        assert len(both) == 2
        assert both not in seen
        assert pair["note"]
        seen.add(both)
        assert pair["left_code"] in proposals
        right: dict[str, set[str]] = {
            "same_function": set(proposals),
            "commodity": set(proposals),
            "lookalike": {*proposals, *systems},
        }
        assert pair["right_code"] in right.get(pair["kind"], set(systems)), pair


def test_there_are_enough_pairs_of_each_kind_and_half_of_the_same_function_share_no_rare_word(
    pairs: list[dict[str, str]],
) -> None:
    count = Counter(pair["kind"] for pair in pairs)
    assert count["same_function"] >= 60
    assert count["existing_system"] >= 30
    assert count["commodity"] >= 15
    assert count["continuation"] >= 15
    assert count["lookalike"] >= 66
    hard = sum(pair["hard"] == "1" for pair in pairs if pair["kind"] == "same_function")
    assert hard * 2 >= count["same_function"]


@pytest.mark.parametrize("kind", ["same_function", "commodity"])
def test_of_three_that_belong_together_all_pairs_are_listed(pairs: list[dict[str, str]], kind: str) -> None:
    beside: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair["kind"] == kind:
            beside[pair["left_code"]].add(pair["right_code"])
            beside[pair["right_code"]].add(pair["left_code"])
    for code, others in beside.items():
        for one, other in combinations(sorted(others), 2):
            assert other in beside[one], (code, one, other)


def test_same_function_is_between_agencies_and_continuation_within_one(
    pairs: list[dict[str, str]], systems: Rows, proposals: Rows
) -> None:
    for pair in pairs:
        left = proposals[pair["left_code"]]["agency_code"]
        if pair["kind"] == "same_function":
            assert proposals[pair["right_code"]]["agency_code"] != left
        if pair["kind"] == "continuation":
            assert systems[pair["right_code"]]["owner_code"] == left
