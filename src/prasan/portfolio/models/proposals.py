"""What agencies ask for: proposals with their costs, metrics, relations, evidence, and the way each has gone."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models.systems import System


class Proposal(models.Model):
    """A digital project that an agency proposes."""

    class Nature(models.TextChoices):
        NEW = "new", _("New system")
        ENHANCE = "enhance", _("Extends a system")
        REPLACE = "replace", _("Replaces a system")
        MAINTAIN = "maintain", _("Runs or maintains a system")

    class Lane(models.TextChoices):
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        INFORMATION_SYSTEM = "information_system", _("Information systems")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned to the agency")
        SCREENING = "screening", _("Before the screening board")
        SCREENED = "screened", _("Screened, waits for the main committee")
        APPROVED = "approved", _("Approved")
        CONDITIONS = "approved_with_conditions", _("Approved with conditions")
        NOT_APPROVED = "not_approved", _("Not approved")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        RECONSIDER = "reconsider", _("To be reconsidered")
        NOT_CONSIDERED = "not_considered", _("Not considered")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = models.CharField(max_length=12, unique=True)
    agency = models.ForeignKey("city.Agency", on_delete=models.PROTECT, related_name="+")
    own_number = models.TextField(
        blank=True, help_text="the agency's number of it: a re-import updates by it"
    )
    title = models.TextField()
    objective = models.TextField(blank=True)
    scope = models.TextField(blank=True)
    benefit = models.TextField(blank=True, help_text="what is better afterwards, for whom")
    nature = models.TextField(choices=Nature, default=Nature.NEW)
    lane = models.TextField(choices=Lane, default=Lane.INFORMATION_SYSTEM)
    capability = models.TextField(blank=True, help_text="code of the city's capability map")
    data_held = ArrayField(models.TextField(), default=list)
    first_year = models.SmallIntegerField(null=True, help_text="fiscal year (พ.ศ.) in which it begins")
    life_years = models.SmallIntegerField(null=True)
    policies = ArrayField(models.TextField(), default=list, help_text="policy codes that a person confirmed")
    partners = ArrayField(
        models.TextField(), default=list, help_text="codes of agencies that joined instead of asking for their own"
    )
    joined = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="joined_by", help_text="withdrawn for this one"
    )
    answers = models.JSONField(default=dict, help_text="question code → answer, of the questions of its tier")
    total = models.DecimalField(
        max_digits=16, decimal_places=2, default=0, help_text="baht over all years; kept with the costs"
    )
    tier = models.TextField(blank=True, help_text="code of the tier that `total` falls into")
    status = models.TextField(choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(db_default=Now())
    conditions = models.TextField(blank=True, help_text="of the last resolution")
    committed = models.BooleanField(default=False, help_text="bound by an earlier decision (งบผูกพัน)")
    submitted_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "own_number"],
                condition=~models.Q(own_number=""),
                name="proposal_own_number",
            ),
            models.CheckConstraint(name="proposal_total_positive", condition=models.Q(total__gte=0)),
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="proposal_status"),
            models.Index(fields=["agency", "id"], name="proposal_agency"),
            models.Index(fields=["status", "lane", "status_since", "id"], name="proposal_waiting"),
        ]

    def __str__(self) -> str:
        return self.code


class ProposalCost(models.Model):
    """Baht of one part in one fiscal year (พ.ศ.)."""

    class Part(models.TextChoices):
        BUY = "buy", _("Buy or build")
        RUN = "run", _("Run and maintain")
        PEOPLE = "people", _("People")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="costs")
    fiscal_year = models.SmallIntegerField()
    part = models.TextField(choices=Part)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "fiscal_year", "part"], name="proposal_cost_once"),
            models.CheckConstraint(name="proposal_cost_positive", condition=models.Q(amount__gte=0)),
        ]


class Metric(models.Model):
    """A number that the project promises to move; with an indicator it is read from the city's own numbers."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="metrics")
    name = models.TextField()
    unit = models.TextField(blank=True)
    baseline = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    target = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    due_on = models.DateField(null=True)
    indicator = models.TextField(blank=True, help_text="name of a city indicator")
    areas = ArrayField(
        models.TextField(), default=list, help_text="area codes that the indicator is read for"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "name"], name="metric_once")]


class Relation(models.Model):
    """One proposal needs another, or rules it out."""

    class Kind(models.TextChoices):
        DEPENDS = "depends_on", _("Needs")
        EXCLUDES = "excludes", _("Rules out")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="related_by")
    kind = models.TextField(choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "other"], name="relation_once"),
            models.CheckConstraint(
                name="relation_not_to_itself", condition=~models.Q(proposal=models.F("other"))
            ),
        ]


class SystemLink(models.Model):
    """What a proposal does to a system the city has."""

    class Kind(models.TextChoices):
        REPLACES = "replaces", _("Replaces")
        EXTENDS = "extends", _("Extends")
        USES = "uses", _("Uses")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="system_links")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="proposal_links")
    kind = models.TextField(choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "system"], name="system_link_once")]


class Evidence(models.Model):
    """A number of the city that speaks for a proposal, as it stood when it was attached."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="evidence")
    indicator = models.TextField()
    areas = ArrayField(models.TextField(), default=list)
    months = models.SmallIntegerField(default=12)
    value = models.DecimalField(max_digits=20, decimal_places=4)
    unit = models.TextField(blank=True)
    until = models.DateField(help_text="last day of the months it was read for")
    taken_at = models.DateTimeField(db_default=Now())
    by_id = models.TextField(blank=True)


class Step(models.Model):
    """One move of a proposal: who had it until then, and what was said."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(db_default=Now())
    before = models.TextField(blank=True, help_text="status it left")
    after = models.TextField(help_text="status it came to")
    by_kind = models.TextField()
    by_id = models.TextField(blank=True)
    note = models.TextField(blank=True)
    resolution = models.TextField(blank=True, help_text="number of the resolution that moved it")

    class Meta:
        indexes = [models.Index(fields=["proposal", "id"], name="step_proposal")]
