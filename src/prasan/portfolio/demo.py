"""Systems and proposals of a first start: the city's demo folder, entered by the actions that people use."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from graphlib import TopologicalSorter
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from prasan.city.rows import ErrorList, read_yaml
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Decision, Outcome
from prasan.fabric.demo import register
from prasan.portfolio import demo_delivery  # noqa: F401 — what follows a decision, loaded after this
from prasan.portfolio.actions.evidence import evidence_attach
from prasan.portfolio.actions.proposals import (
    proposal_create,
    proposal_decided,
    proposal_return,
    proposal_send,
    proposal_submit,
    proposal_withdraw,
)
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.actions.systems import system_confirm
from prasan.portfolio.actions.systems_import import systems_import
from prasan.portfolio.content import Content, MetricContent
from prasan.portfolio.models import Proposal, ProposalCost, Relation, Step, System
from prasan.portfolio.queries.evidence import indicator_names, reading
from prasan.portfolio.tiers import portfolio_rules

ACTOR = Actor.system("demo")
ORIGIN = "demo"
FOLDER = "demo"
YEARS = (2567, 2568, 2569)
RUN_UNTIL = 2571
MONTHS = 12  # of an attached number
LIFE = {Proposal.Lane.INFRASTRUCTURE: 7, Proposal.Lane.INFORMATION_SYSTEM: 5}
Status = Proposal.Status
CONFIRMED = (System.Criticality.HIGH, System.Criticality.VITAL)
BEFORE_BOARDS = {Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.WITHDRAWN}
UNDECIDED = BEFORE_BOARDS | {Status.SCREENING, Status.SCREENED}


def load() -> None:
    """Enter them once, all or nothing: not where the city has systems or proposals already, or no such folder."""
    folder = settings.CITY_FOLDER / FOLDER
    if not folder.is_dir() or System.objects.exists() or Proposal.objects.exists():
        return
    with transaction.atomic():
        _load_systems(folder)
        _load_proposals(folder)
        silos_publish(origin=ORIGIN)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- systems ---------------------------------------------------------------------------------------------------------


def _load_systems(folder: Path) -> None:
    with (folder / "systems.csv").open("rb") as file:
        done = systems_import(actor=ACTOR, file=file, origin=ORIGIN)
    if done.errors:
        raise ValueError(f"{folder / 'systems.csv'}: {done.errors[0]}")
    today = timezone.localdate()
    confirmed = list(System.objects.filter(criticality__in=CONFIRMED))
    for system in confirmed:
        system_confirm(actor=ACTOR, code=system.code, origin=ORIGIN)
        system.confirmed_on = today - timedelta(days=_random(system.code).randint(10, 450))
    System.objects.bulk_update(confirmed, ["confirmed_on"])


# --- proposals -------------------------------------------------------------------------------------------------------


def _load_proposals(folder: Path) -> None:
    rows = {row["proposal_code"]: row for row in _rows(folder / "proposals.csv")}
    for detail in _rows(folder / "proposal_details.csv"):
        rows[detail["proposal_code"]] |= detail
    words = read_yaml(folder / "words.yaml", ErrorList("words.yaml"))
    made: dict[str, Proposal] = {}
    for number in TopologicalSorter({code: _others(row) for code, row in rows.items()}).static_order():
        row = rows[number]
        content = _content(row, words, {other: made[other].code for other in _others(row)})
        made[number] = proposal_create(actor=ACTOR, agency=row["agency_code"], content=content, origin=ORIGIN)
    known = set(indicator_names())
    # What others need comes first: nobody may hand in a proposal that needs one which was refused.
    for number, proposal in made.items():
        _attach_evidence(proposal.code, rows[number], known)
        _move(proposal.code, Status(rows[number]["status"]), words)
    _spread_over_time()


def _others(row: Mapping[str, str]) -> list[str]:
    return [code for name in Relation.Kind.values for code in row[name].split(";") if code]


def _content(row: Mapping[str, str], words: Mapping[str, Any], codes: Mapping[str, str]) -> Content:
    costs = dict(_costs(row))
    content = Content(
        title=row["title_th"],
        own_number=row["proposal_code"],
        objective=row["objective_th"],
        scope=row["scope_th"],
        benefit=row["expected_benefit_th"],
        nature=row["nature"],
        lane=row["lane"],
        capability=row["capability"],
        first_year=min(year for year, _part in costs),
        life_years=LIFE[Proposal.Lane(row["lane"])],
        policies=tuple(filter(None, row["policies"].split(";"))),
        committed=row["status"] == Status.APPROVED and Decimal(row["budget_2568"]) > 0,
        costs=costs,
        metrics=(
            MetricContent(
                row["metric_name"],
                row["metric_unit"],
                Decimal(row["metric_baseline"]),
                Decimal(row["metric_target"]),
                date(2026, 9, 30),
            ),
        ),
        relations={
            codes[code]: kind for kind in Relation.Kind.values for code in row[kind].split(";") if code
        },
        systems={row["system_code"]: row["link"]} if row["system_code"] else {},
    )
    return content if row["status"] == Status.DRAFT else replace(content, answers=_answers(content, words))


def _costs(row: Mapping[str, str]) -> Iterator[tuple[tuple[int, str], Decimal]]:
    """What is asked for by year, then its upkeep until `RUN_UNTIL`."""
    asked = {year: Decimal(row[f"budget_{year}"]) for year in YEARS}
    part = ProposalCost.Part.RUN if row["nature"] == Proposal.Nature.MAINTAIN else ProposalCost.Part.BUY
    yield from (((year, part), amount) for year, amount in asked.items() if amount)
    last = max(year for year, amount in asked.items() if amount)
    upkeep = Decimal(row["run_cost_per_year"])
    if upkeep:
        yield from (((year, ProposalCost.Part.RUN), upkeep) for year in range(last + 1, RUN_UNTIL + 1))


def _answers(content: Content, words: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each question that a proposal of this size is asked."""
    asked = portfolio_rules().questions_of(content.tier)
    rng, answers = _random(content.own_number), words["answers"]
    return {question.code: rng.choice(answers.get(question.code, answers["any"])) for question in asked}


def _attach_evidence(code: str, row: Mapping[str, str], known: set[str]) -> None:
    """Attach the city's number that the file names, once the city has published it."""
    areas = row["areas"].split(";") if row["areas"] else []
    if row["indicator"] in known and reading(row["indicator"], areas, MONTHS):
        evidence_attach(
            actor=ACTOR, code=code, indicator=row["indicator"], areas=areas, months=MONTHS, origin=ORIGIN
        )


# --- how far each has come -------------------------------------------------------------------------------------------


def _move(code: str, status: Status, words: Mapping[str, Any]) -> None:
    """Bring a draft to its status by the steps that lead there."""
    notes = words["notes"]
    if status == Status.DRAFT:
        return
    proposal_submit(actor=ACTOR, code=code, origin=ORIGIN)
    if status == Status.RETURNED:
        proposal_return(actor=ACTOR, code=code, note=notes[status], origin=ORIGIN)
    elif status == Status.WITHDRAWN:
        proposal_withdraw(actor=ACTOR, code=code, note=notes[status], origin=ORIGIN)
    if status in BEFORE_BOARDS:
        return
    proposal_send(actor=ACTOR, code=code, board="screening", origin=ORIGIN)
    if status != Status.SCREENING:
        _decide(code, Outcome.APPROVED, notes[Status.SCREENED], words["screening_board"])
    if status not in UNDECIDED:
        conditions = words["conditions"] if status == Status.CONDITIONS else ""
        _decide(code, Outcome(status), notes[status], words["main_committee"], conditions)


def _decide(code: str, outcome: Outcome, text: str, committee: str, conditions: str = "") -> None:
    today, rng = timezone.localdate(), _random(committee + code)
    decision = Decision(
        outcome=outcome,
        number=f"{rng.randint(1, 6)}/{today.year + 543} 4.{rng.randint(1, 9)}",
        text=text,
        conditions=conditions,
        decided_on=today,
        committee=committee,
        url="",
        snapshot_hash="",
    )
    proposal_decided(actor=ACTOR, code=code, decision=decision, origin=ORIGIN)


def _spread_over_time() -> None:
    """Date every step back, as if they had been taken over the last months; the ledger keeps when they were entered."""
    proposals = list(Proposal.objects.prefetch_related("steps"))
    steps: list[Step] = []
    for proposal in proposals:
        rng = _random(proposal.own_number)
        at = _office_hour(rng, timezone.now() - timedelta(days=rng.randint(2, 30)))
        taken = sorted(proposal.steps.all(), key=lambda step: step.pk, reverse=True)
        proposal.status_since = proposal.updated_at = at
        for step in taken:
            step.at = proposal.created_at = at
            if step.after == Status.SUBMITTED:
                proposal.submitted_at = at
            at = _office_hour(rng, at - timedelta(days=rng.randint(4, 25)))
        steps += taken
    Step.objects.bulk_update(steps, ["at"])
    Proposal.objects.bulk_update(proposals, ["status_since", "updated_at", "created_at", "submitted_at"])


def _office_hour(rng: Random, moment: datetime) -> datetime:
    """Some minute of the working hours of that day, or of the Friday before a weekend."""
    local = timezone.localtime(moment)
    local -= timedelta(days=max(0, local.weekday() - 4))
    return local.replace(hour=rng.randint(9, 15), minute=rng.randint(0, 59), second=0, microsecond=0)


def _random(seed: str) -> Random:
    """The same choices at every start."""
    return Random(seed)  # noqa: S311 — a demonstration, not a secret


register(30, "systems and proposals", load)
