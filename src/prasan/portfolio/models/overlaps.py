"""What people said of a likeness that was shown to them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models.proposals import Proposal
from prasan.portfolio.models.systems import System


class Verdict(models.Model):
    """An officer's word on a pair: a proposal and a system, or two proposals. The last one counts."""

    class Kind(models.TextChoices):
        SAME_FUNCTION = "same_function", _("Same function")
        EXISTING_SYSTEM = "existing_system", _("An existing system would serve")
        COMMODITY = "commodity", _("Same commodity, buy together")
        CONTINUATION = "continuation", _("Continues its own system")
        FALSE_ALARM = "false_alarm", _("False alarm")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="verdicts")
    other = models.ForeignKey(
        Proposal, null=True, on_delete=models.CASCADE, related_name="verdicts_by_others"
    )
    system = models.ForeignKey(System, null=True, on_delete=models.CASCADE, related_name="verdicts")
    shown_kind = models.TextField(choices=Kind)
    shown_score = models.FloatField()
    features = models.JSONField(default=dict, help_text="what the score was made of, for tuning")
    kind = models.TextField(choices=Kind)
    reason = models.TextField()
    by_id = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="verdict_one_other",
                condition=models.Q(other=None, system__isnull=False)
                | models.Q(other__isnull=False, system=None),
            )
        ]


def kind_label(kind: str) -> Any:
    """What a kind of likeness is called, in the reader's language."""
    return Verdict.Kind(kind).label if kind in Verdict.Kind.values else _("Only resembles it")
