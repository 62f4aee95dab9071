"""How the city chooses: scores, scenarios of limits, and what came of solving them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.people.models import User
from prasan.portfolio.models.proposals import Proposal


class Score(models.Model):
    """What one scorer gives a proposal on one criterion: a step of criteria.yaml, 0 to 4."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="scores")
    criterion = models.TextField(help_text="code of criteria.yaml")
    scorer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    points = models.SmallIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "scorer", "criterion"], name="score_once"),
            models.CheckConstraint(name="score_step", condition=models.Q(points__gte=0, points__lte=4)),
        ]


class Scenario(models.Model):
    """A question: which proposals, under which limits. Amounts are whole baht, years are fiscal years (พ.ศ.)."""

    class Status(models.TextChoices):
        OPEN = "open", _("Being worked on")
        PROPOSED = "proposed", _("Put before the committee")
        SHELVED = "shelved", _("Laid aside")

    name = models.TextField()
    status = models.TextField(choices=Status, default=Status.OPEN)
    years = ArrayField(models.SmallIntegerField())
    stages = ArrayField(models.TextField(), help_text="statuses of the proposals to choose from")
    ceilings = models.JSONField(default=dict, help_text="year → baht; a year without one is not limited")
    agency_limits = models.JSONField(default=list, help_text="[{agency, year, cap, floor}]")
    theme_floors = models.JSONField(default=list, help_text="[{theme, year, amount, percent}]")
    platforms = models.JSONField(
        default=list, help_text="[{code, title, members, costs, member_percent, agency, alone_at_most}]"
    )
    weights = models.JSONField(default=dict, help_text="criterion → [least, most] per cent")
    forced_in = ArrayField(models.TextField(), default=list, help_text="codes of proposals")
    forced_out = ArrayField(models.TextField(), default=list, help_text="codes of proposals")
    pilot_cost = models.SmallIntegerField(null=True, help_text="per cent of the cost; null: no pilots")
    pilot_worth = models.SmallIntegerField(default=40, help_text="per cent of the value that a pilot brings")
    defer_worth = models.SmallIntegerField(
        null=True, help_text="per cent of the value when begun a year later; null: not allowed"
    )
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["-updated_at", "-id"], name="scenario_latest")]

    def __str__(self) -> str:
        return f"scenario {self.pk}"


class ScenarioRun(models.Model):
    """One solving of a scenario: the input as it was then, and everything found."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for its turn")
        RUNNING = "running", _("Is being computed")
        DONE = "done", _("Done")
        IMPOSSIBLE = "impossible", _("The limits clash")
        STOPPED = "stopped", _("Stopped by hand")
        FAILED = "failed", _("Found nothing in time")

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="runs")
    state = models.TextField(choices=State, default=State.WAITING)
    progress = models.SmallIntegerField(default=0, help_text="per cent")
    phase = models.TextField(blank=True, help_text="what is being done")
    stop_asked = models.BooleanField(default=False)
    input = models.JSONField(help_text="problem, scores and names, frozen when the run was asked for")
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of the input")
    result = models.JSONField(default=dict, help_text="choice, limits, reasons, sampled weights, curve")
    by_id = models.TextField()
    asked_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["scenario", "-id"], name="scenario_run_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["scenario"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="scenario_one_run_at_a_time",
            )
        ]
