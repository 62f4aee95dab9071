"""What happens to made-up reports: taken up, forwarded, asked about, fixed, rated, opened again, or left waiting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import h3.api.basic_int as h3

from prasan.city.registers import registers
from prasan.fabric.personal import encrypt, lookup_hash
from prasan.fabric.thai import words as split_words
from prasan.people.models import DEMO_DOMAIN
from prasan.reports import routing
from prasan.reports.actions.bulk import Draft
from prasan.reports.actions.deadlines import REMINDERS, next_reminder, start_clock
from prasan.reports.actions.search import vector_of
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.catalogue import catalogue
from prasan.reports.demonstration.places import Places, Spot
from prasan.reports.demonstration.weather import Weather
from prasan.reports.demonstration.words import Words
from prasan.reports.models import Assignment, Entry, Follower, Report, Status

SOURCE = "demo"
FOLLOWERS = 200  # made-up addresses
STAGED = ("road", "bridge", "drain", "canal", "pavement")


@dataclass(slots=True)
class World:
    """What all lives of a demonstration share."""

    seed: int
    now: datetime
    words: Words
    places: Places
    weather: Weather

    @classmethod
    def of(cls, seed: int, now: datetime, words: Words) -> World:
        """A world that a seed and a moment determine."""
        return cls(seed, now, words, Places(seed), Weather(seed, now))


def life_of(world: World, index: int, code: str) -> Draft:
    """The index-th report of a world, from its sending to where it stands now."""
    rng = Random(f"{world.seed}:{index}")  # noqa: S311 — a demonstration, not a secret
    submitted_at, day = world.weather.draw(rng)
    category = _category(world, rng, rainy=day in world.weather.rainy, hazy=day in world.weather.hazy)
    text, landmark = world.words.report(rng, category)
    spot = world.places.draw(rng)
    report = _report(code, spot, category=category, text=text, address=_address(rng, spot, landmark))
    report.external_id, report.submitted_at = f"{world.seed}-{index}", submitted_at
    life = Life(world, rng, report)
    life.live()
    return life.finished_draft()


def _category(world: World, rng: Random, *, rainy: bool, hazy: bool) -> str:
    scripts = world.words.scripts
    weights = [
        script.weight * (script.rain if rainy else 1) * (script.smog if hazy else 1)
        for script in scripts.values()
    ]
    return rng.choices(tuple(scripts), weights)[0]


def _address(rng: Random, spot: Spot, landmark: str) -> str:
    if rng.random() < 0.25:
        return ""
    area, district = registers().areas.get(spot.subdistrict), registers().areas[spot.district]
    parts = [landmark, f"แขวง{area.name_th}" if area else "", f"เขต{district.name_th}"]
    return " ".join(part for part in parts if part)


def _report(code: str, spot: Spot, *, category: str, text: str, address: str) -> Report:
    return Report(
        code=code, source=SOURCE, public_text=text, category=category, category_how="citizen",
        address=address,
        longitude=spot.longitude, latitude=spot.latitude, cell=spot.cell, district=spot.district,
        subdistrict=spot.subdistrict if address else "", status=Status.WAITING,
    )  # fmt: skip


class Life:
    """One report's life so far; every step moves the clock by working hours and stops at the world's now."""

    def __init__(self, world: World, rng: Random, report: Report) -> None:
        self.world, self.rng, self.report = world, rng, report
        self.at: datetime = report.submitted_at
        self.draft = Draft(report, [])
        self.followers = 0
        self._route()

    @property
    def lead(self) -> Assignment:
        """The agency that leads now, or led last."""
        return self.draft.assignments[-1]

    def live(self) -> None:
        """Everything up to now."""
        rng, script = self.rng, self.world.words.scripts[self.report.category]
        self.followers = min(int(rng.expovariate(1.2)), 12)
        if rng.random() < 0.03 or not self._pass(self._hours("first_action") * rng.lognormvariate(-0.7, 0.9)):
            return  # nobody has looked at it yet; some are overlooked for good
        if rng.random() < 0.035:
            self._refuse()
            return
        if (not self.report.routed_by or rng.random() < 0.12) and not self._forward(script.forward):
            return
        self._set(Status.IN_PROGRESS, self.world.words.pick(rng, "accepted"))
        if rng.random() < 0.05 and not self._ask():
            return
        if rng.random() < 0.12:
            self._say("comment", "comments")
        if self.report.category in STAGED and rng.random() < 0.06:
            self._stage()
        elif rng.random() < 0.03:
            self._set(Status.FOLLOWED, self.world.words.pick(rng, "accepted"))
        if rng.random() > 0.06 and self._pass(self._hours("fix") * rng.lognormvariate(-0.55, 0.85)):
            self._finish()

    def follow(self, story: Mapping[str, Any]) -> None:
        """What a story of demo.yaml says, as far as it has happened by now."""
        self.followers = int(story.get("followers", 0))
        for step in story["steps"]:
            if not self._pass(float(step["hours"])):
                return
            self._tell(step)
        if "rating" in story and self.report.status == Status.FINISHED and self._pass(2):
            self.report.rating = int(story["rating"])
            self._entry(Entry.Kind.RATING, "anonymous", story["rating_text"])

    def _tell(self, step: Mapping[str, Any]) -> None:
        kind = Entry.Kind(step["kind"])
        if kind == Entry.Kind.STATUS:
            self._set(Status(step["status"]), step["text"], step.get("stage", ""))
            return
        asked = kind in (Entry.Kind.QUESTION, Entry.Kind.ANSWER)
        audience = Entry.Audience.REPORTER if asked else Entry.Audience.PUBLIC
        self._entry(kind, step["by"], step["text"], audience=audience, status=step.get("status", ""))
        if kind == Entry.Kind.REOPEN:
            self._open_again()

    def _open_again(self) -> None:
        report = self.report
        report.reopened, report.rating, report.finished_at = report.reopened + 1, None, None
        report.status = Status.WAITING
        self._assign(str(report.agency_id), Status.WAITING)

    def finished_draft(self) -> Draft:
        """The draft with its deadlines, followers and search words in order."""
        report = self.report
        report.updated_at = self.draft.entries[-1].at if self.draft.entries else report.submitted_at
        report.followers = self.followers
        report.version = 1 + len(self.draft.entries)
        report.search = _search(report)
        self._remind()
        self.draft.followers = [
            self._follower(one) for one in self.rng.sample(range(FOLLOWERS), self.followers)
        ]
        if self.draft.followers:
            self.draft.followers[0].reporter = True
        self.draft.changes = {
            "category": report.category, "agency": report.agency_id, "district": report.district,
            "status": report.status, "cell": report.cell,
        }  # fmt: skip
        return self.draft

    # --- steps ------------------------------------------------------------------------------------------------

    def _route(self) -> None:
        report, rng = self.report, self.rng
        others = rng.sample(tuple(self.world.words.scripts), 2)
        report.suggested = list(dict.fromkeys([report.category, *others]))
        report.confidence = round(rng.betavariate(6, 2), 3)
        routed = routing.route(
            category=report.category,
            district=report.district,
            subdistrict=report.subdistrict,
            text=report.text,
        )
        if rng.random() < 0.08:  # triage was not sure: the district's dispatcher decides
            report.category_how, report.agency_id = "triage", routing.dispatcher_of(report.district)
        else:
            report.agency_id, report.routed_by = routed.agency_code, routed.rule_id
        self._assign(str(report.agency_id), Status.WAITING)

    def _assign(self, agency: str, status: Status) -> None:
        lead = Assignment(agency_id=agency, status=status, assigned_at=self.at)
        start_clock(lead, self.at, category=self.report.category)
        self.draft.assignments.append(lead)

    def _pass(self, hours: float) -> bool:
        """Let working hours pass; False when that has not happened yet."""
        then = registers().calendar.add_working_time(self.at, hours) + timedelta(
            seconds=self.rng.randrange(1, 600)
        )
        if then > self.world.now:
            return False
        self.at = then
        return True

    def _hours(self, name: str) -> float:
        """Working hours allowed, and how this agency usually does."""
        agency = registers().agency(self.lead.agency_id)
        allowed = getattr(catalogue().deadline(self.report.category, agency.kind), name)
        return float(allowed) * _habit(self.world.seed, agency.code)

    def _set(self, status: Status, text: str, stage: str = "") -> Entry:
        """The lead's status becomes the report's."""
        lead, report = self.lead, self.report
        lead.status, lead.stage = status, stage
        lead.accepted_at = lead.accepted_at or self.at
        report.status, report.stage = status, stage
        report.first_action_at = report.first_action_at or self.at
        if status in (Status.FINISHED, Status.IRRELEVANT):
            lead.active, lead.closed_at, report.finished_at = False, self.at, self.at
        return self._entry(Entry.Kind.STATUS, "officer", text, status=status, stage=stage)

    def _entry(self, kind: Entry.Kind, by: str, text: str, **fields: Any) -> Entry:
        agency = self.lead.agency_id if by == "officer" else None
        entry = Entry(at=self.at, kind=kind, by=by, agency_id=agency, public_text=text, **fields)
        self.draft.entries.append(entry)
        return entry

    def _say(self, kind: str, sentences: str) -> None:
        if self._pass(self.rng.uniform(0.2, 4)):
            self._entry(Entry.Kind(kind), "anonymous", self.world.words.pick(self.rng, sentences))

    def _refuse(self) -> None:
        reason = self.rng.choice(list(catalogue().irrelevant_reasons.values()))
        self._set(Status.IRRELEVANT, reason.text_th).stage = reason.code
        self.lead.stage = self.report.stage = ""

    def _forward(self, towards: tuple[str, ...]) -> bool:
        """To a department that does such work, or from the dispatcher to where the rules say; then time to accept."""
        report, lead = self.report, self.lead
        target = self.rng.choice(towards) if towards and report.routed_by else self._routed()
        if target == lead.agency_id:
            return True
        lead.active, lead.closed_at, lead.status = False, self.at, Status.FORWARDED
        lead.accepted_at = self.at
        report.first_action_at = report.first_action_at or self.at
        text = self.world.words.pick(self.rng, "forwarded")
        self._entry(Entry.Kind.FORWARD, "officer", text, to_agency_id=target, status=Status.FORWARDED)
        report.agency_id, report.routed_by, report.status = target, "officer", Status.FORWARDED
        self._assign(target, Status.FORWARDED)
        taken_up = self.rng.random() > 0.1  # some get lost between two agencies
        return taken_up and self._pass(self._hours("first_action") * self.rng.lognormvariate(-0.6, 0.8))

    def _routed(self) -> str:
        report = self.report
        return routing.route(category=report.category, district=report.district, text=report.text).agency_code

    def _ask(self) -> bool:
        """A question to the reporter; unanswered, the clock stands."""
        text = self.world.words.pick(self.rng, "asked")
        self._entry(Entry.Kind.QUESTION, "officer", text, audience=Entry.Audience.REPORTER)
        if self.rng.random() < 0.2 or not self._pass(self.rng.uniform(1, 20)):
            self.lead.paused_at = self.at
            return False
        text = self.world.words.pick(self.rng, "answered")
        self._entry(Entry.Kind.ANSWER, "anonymous", text, audience=Entry.Audience.REPORTER)
        return True

    def _stage(self) -> None:
        stage = self.rng.choice(list(catalogue().stages.values()))
        if self._pass(self.rng.uniform(4, 40)):
            self._set(Status.IN_PROGRESS, stage.name_th, stage.code)

    def _finish(self) -> None:
        rng, report = self.rng, self.report
        on_time = self.lead.due_at is not None and self.at <= self.lead.due_at
        self._set(Status.FINISHED, rng.choice(self.world.words.scripts[report.category].fixed))
        if rng.random() > 0.34 or not self._pass(rng.uniform(1, 24)):
            return
        report.rating = rng.choices((1, 2, 3, 4, 5), (4, 4, 9, 28, 55) if on_time else (20, 12, 18, 25, 25))[
            0
        ]
        text = self.world.words.pick(rng, "rated_well" if report.rating >= 4 else "rated_badly")
        self._entry(Entry.Kind.RATING, "anonymous", text if rng.random() < 0.5 else "")
        if report.rating <= 2 and rng.random() < 0.5 and report.reopened == 0:
            self._reopen()

    def _reopen(self) -> None:
        if not self._pass(self.rng.uniform(0.1, 4)):
            return
        self._entry(
            Entry.Kind.REOPEN, "anonymous", self.world.words.pick(self.rng, "reopened"), status=Status.WAITING
        )
        self._open_again()
        if self._pass(self._hours("first_action") * self.rng.lognormvariate(-0.7, 0.9)):
            self._set(Status.IN_PROGRESS, self.world.words.pick(self.rng, "accepted"))
            if self._pass(self._hours("fix") * self.rng.lognormvariate(-0.6, 0.6)):
                self._finish()

    def _remind(self) -> None:
        """Bring the clock's reminders up to now, as the worker would have."""
        for lead in self.draft.assignments:
            if not lead.active or lead.paused_at is not None:
                lead.remind_at = None
                continue
            while lead.remind_at is not None and lead.remind_at <= self.world.now:
                lead.reminded = next(level for level in REMINDERS if level > lead.reminded)
                lead.remind_at = next_reminder(lead)
            if lead.reminded == REMINDERS[-1]:
                lead.escalated_at = lead.due_at

    def _follower(self, number: int) -> Follower:
        address, token = _address_of(number)
        return Follower(
            citizen_id=None, address=token, address_hash=lookup_hash(address), language="th",
            token=f"{self.rng.getrandbits(144):036x}", created_at=self.report.submitted_at,
        )  # fmt: skip


@cache
def _address_of(number: int) -> tuple[str, bytes]:
    """A made-up follower's address, and the same encrypted."""
    address = f"follower{number}{DEMO_DOMAIN}"
    return address, encrypt(address)


@cache
def _habit(seed: int, agency: str) -> float:
    """How an agency's times compare with what it is allowed: some are quick, some are late."""
    return math.exp(Random(f"{seed}:{agency}").gauss(-0.15, 0.3))  # noqa: S311


def _search(report: Report) -> str:
    """As actions.search does, but each fragment of the composed text is split once only."""
    found = [word for part in f"{report.public_text} {report.address}".split() for word in _split(part)]
    return vector_of([*found, report.code.lower()])


@cache
def _split(part: str) -> tuple[str, ...]:
    return tuple(split_words(part))


def story_of(world: World, story: Mapping[str, Any], code: str, began: datetime) -> Draft:
    """A life as demo.yaml tells it, begun at a given moment."""
    rng = Random(f"{world.seed}:{story['text']}")  # noqa: S311
    longitude, latitude = story["point"]
    cell = int(h3.latlng_to_cell(latitude, longitude, CELL_RESOLUTION))
    place = registers().place_of(longitude, latitude)
    spot = Spot(longitude, latitude, cell, place.district_code, place.subdistrict_code or "")
    report = _report(code, spot, category=story["category"], text=story["text"], address=story["address"])
    report.external_id, report.submitted_at = f"{world.seed}-story-{story['category']}", began
    life = Life(world, rng, report)
    life.follow(story)
    return life.finished_draft()
