"""What became of a decided project: its money by stage, its milestones and risks, what was measured."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models.proposals import Metric, Proposal


class BudgetFigure(models.Model):
    """Baht of one stage of a proposal's money in a fiscal year (พ.ศ.).

    What was requested is the proposal's own costs and stands in no row here. Every stage but the last is the whole sum
    of its year; what was disbursed is told month by month.
    """

    class Stage(models.TextChoices):
        SCREENED = "screened", _("Screened")
        ORDINANCE = "ordinance", _("In the ordinance")
        ADJUSTED = "adjusted", _("Adjusted")
        CONTRACTED = "contracted", _("Contracted")
        DISBURSED = "disbursed", _("Disbursed")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="figures")
    fiscal_year = models.SmallIntegerField()
    stage = models.TextField(choices=Stage)
    month = models.DateField(null=True, help_text="first day of the month in which it was disbursed")
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    source = models.TextField(help_text="name of the file it came from; empty: entered by hand", blank=True)
    by_kind = models.TextField()
    by_id = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "fiscal_year", "stage", "month"],
                name="budget_figure_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="budget_figure_positive", condition=models.Q(amount__gte=0)),
            models.CheckConstraint(
                name="budget_figure_month",
                condition=models.Q(stage="disbursed", month__isnull=False)
                | (~models.Q(stage="disbursed") & models.Q(month=None)),
            ),
        ]
        indexes = [models.Index(fields=["fiscal_year", "stage"], name="budget_figure_year")]


class Milestone(models.Model):
    """Something that shall be reached by a day."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="milestones")
    name = models.TextField()
    planned_on = models.DateField()
    done_on = models.DateField(null=True)
    in_use = models.BooleanField(
        default=False, help_text="from this day people use it: before and after are told apart here"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "name"], name="milestone_once")]
        indexes = [
            models.Index(fields=["planned_on"], condition=models.Q(done_on=None), name="milestone_open")
        ]


class Risk(models.Model):
    """What may go wrong, how likely and how badly (1 to 5 each), and what is done about it."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="risks")
    what = models.TextField()
    likelihood = models.SmallIntegerField()
    effect = models.SmallIntegerField()
    owner = models.TextField(help_text="the position that answers for it, not a person's name")
    response = models.TextField(help_text="what is done about it")
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="risk_scale",
                condition=models.Q(likelihood__range=(1, 5)) & models.Q(effect__range=(1, 5)),
            )
        ]

    @property
    def score(self) -> int:
        """Likelihood × effect, 1 to 25."""
        return self.likelihood * self.effect


class MetricReading(models.Model):
    """The value of a promised number on a day, told by the agency where no city indicator tells it."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="readings")
    on = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=4)
    source = models.TextField(help_text="where the value comes from")
    by_id = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "on"], name="metric_reading_once")]
