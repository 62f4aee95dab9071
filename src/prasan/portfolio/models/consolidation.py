"""Plans that bring several systems and requests onto one platform, and the baht each of them counts as saved."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models.proposals import Proposal
from prasan.portfolio.models.systems import System

ONE_MEMBER = Q(system=None, proposal__isnull=False) | Q(system__isnull=False, proposal=None)


class ConsolidationPlan(models.Model):
    """A group of systems and proposals that do the same, and the one platform that is to serve instead of them."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        CLAIMED = "claimed", _("Claimed")
        VALIDATED = "validated", _("Validated")
        REALISED = "realised", _("Realised")
        DROPPED = "dropped", _("Given up")

    code = models.CharField(max_length=12, unique=True)
    title = models.TextField()
    lead = models.ForeignKey(
        "city.Agency", on_delete=models.PROTECT, related_name="+", help_text="the agency that carries it out"
    )
    target_system = models.ForeignKey(System, null=True, on_delete=models.PROTECT, related_name="plans_onto")
    target_proposal = models.ForeignKey(
        Proposal, null=True, on_delete=models.PROTECT, related_name="plans_onto"
    )
    counterfactual = models.TextField(blank=True, help_text="what would be spent without the plan, and why")
    method = models.TextField(blank=True, help_text="how the savings were estimated")
    evidence = models.TextField(blank=True, help_text="contracts, offers, counts that show it")
    first_year = models.SmallIntegerField(help_text="first fiscal year (พ.ศ.) that is counted")
    one_off_payer = models.TextField(
        blank=True, help_text="code of the agency that pays for building and moving"
    )
    yearly_payer = models.TextField(blank=True, help_text="code of the agency that pays for running it")
    state = models.TextField(choices=State, default=State.DRAFT)
    claimed_by = models.TextField(blank=True, help_text="who claimed the savings, as kind:id")
    validated_by = models.TextField(blank=True, help_text="who validated them, as kind:id")
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_one_target", condition=Q(target_system=None) | Q(target_proposal=None)
            ),
            models.CheckConstraint(
                name="plan_checked_by_another",
                condition=Q(validated_by="") | ~Q(validated_by=models.F("claimed_by")),
            ),
        ]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="plan_latest")]

    def __str__(self) -> str:
        return self.code


class PlanMember(models.Model):
    """A system or a proposal that the platform takes the place of."""

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="members")
    system = models.ForeignKey(System, null=True, on_delete=models.PROTECT, related_name="plan_members")
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="plan_members")
    reason = models.TextField(blank=True, help_text="why it does the same as the platform")
    ends_low = models.SmallIntegerField(default=0, help_text="percent of its baseline that surely ends")
    ends_high = models.SmallIntegerField(default=0, help_text="percent of its baseline that ends at best")

    class Meta:
        constraints = [
            models.CheckConstraint(name="plan_member_one", condition=ONE_MEMBER),
            models.CheckConstraint(
                name="plan_member_range",
                condition=Q(ends_low__gte=0, ends_high__lte=100, ends_low__lte=models.F("ends_high")),
            ),
            models.UniqueConstraint(fields=["plan", "system"], name="plan_system_once"),
            models.UniqueConstraint(fields=["plan", "proposal"], name="plan_proposal_once"),
        ]


class PlanBaseline(models.Model):
    """Baht that a member would cost in a fiscal year without the plan.

    `counted` from the claim on until the plan is returned or given up: a member's year counts in one plan only.
    """

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="baseline")
    system = models.ForeignKey(System, null=True, on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="+")
    fiscal_year = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    counted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="baseline_one", condition=ONE_MEMBER),
            models.CheckConstraint(name="baseline_positive", condition=Q(amount__gte=0)),
            models.UniqueConstraint(fields=["plan", "system", "fiscal_year"], name="baseline_plan_system"),
            models.UniqueConstraint(
                fields=["plan", "proposal", "fiscal_year"], name="baseline_plan_proposal"
            ),
            models.UniqueConstraint(
                fields=["system", "fiscal_year"],
                condition=Q(counted=True),
                name="baseline_system_counted_once",
            ),
            models.UniqueConstraint(
                fields=["proposal", "fiscal_year"],
                condition=Q(counted=True),
                name="baseline_proposal_counted_once",
            ),
        ]


class PlanCost(models.Model):
    """Baht that the platform costs more because of the plan, in one fiscal year."""

    class Part(models.TextChoices):
        ONE_OFF = "one_off", _("Once: building and moving")
        YEARLY = "yearly", _("Every year: running it")

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="costs")
    fiscal_year = models.SmallIntegerField()
    part = models.TextField(choices=Part)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "fiscal_year", "part"], name="plan_cost_once"),
            models.CheckConstraint(name="plan_cost_positive", condition=Q(amount__gte=0)),
        ]


class MigrationStep(models.Model):
    """A step of the move: from its day on, this share of the members' users works on the platform."""

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="migration")
    due_on = models.DateField()
    what = models.TextField()
    share = models.SmallIntegerField(help_text="percent of all users that have moved by then")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "due_on"], name="migration_step_once"),
            models.CheckConstraint(name="migration_share", condition=Q(share__gte=0, share__lte=100)),
        ]


class PlanActual(models.Model):
    """What was really spent in a fiscal year that is over: this alone makes its savings realised."""

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="actuals")
    fiscal_year = models.SmallIntegerField()
    members_spent = models.DecimalField(
        max_digits=16, decimal_places=2, help_text="baht spent on the members"
    )
    platform_spent = models.DecimalField(
        max_digits=16, decimal_places=2, help_text="baht spent on the platform because of the plan"
    )
    evidence = models.TextField(help_text="where the figures are from")
    by_id = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "fiscal_year"], name="plan_actual_once"),
            models.CheckConstraint(
                name="plan_actual_positive", condition=Q(members_spent__gte=0, platform_spent__gte=0)
            ),
        ]


class PlanStep(models.Model):
    """One move of a plan: from which state to which, and what was said."""

    plan = models.ForeignKey(ConsolidationPlan, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(db_default=Now())
    action = models.TextField()
    before = models.TextField(blank=True)
    after = models.TextField()
    by_kind = models.TextField()
    by_id = models.TextField(blank=True)
    note = models.TextField(blank=True)
    years = ArrayField(
        models.SmallIntegerField(), default=list, help_text="fiscal years that the move was about"
    )

    class Meta:
        indexes = [models.Index(fields=["plan", "id"], name="plan_step_plan")]
