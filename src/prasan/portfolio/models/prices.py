"""Prices: reference lists by edition, what proposals pay for what, what looks dear, and what officers answered."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models.proposals import Proposal


class PriceEdition(models.Model):
    """A list of reference prices as one source published it; it holds until the source's next edition."""

    source = models.TextField(help_text="who published it; editions of one source replace each other")
    name = models.TextField()
    valid_from = models.DateField()
    file_hash = models.TextField(help_text="SHA-256 of the file it was imported from")
    imported_at = models.DateTimeField(db_default=Now())
    by_id = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "valid_from"], name="price_edition_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ReferencePrice(models.Model):
    """One item of an edition. `unit_code` and `words` are what lines are compared by (price_words.py)."""

    edition = models.ForeignKey(PriceEdition, on_delete=models.CASCADE, related_name="items")
    number = models.TextField(blank=True, help_text="the list's own number of it")
    name = models.TextField()
    specification = models.TextField(blank=True)
    unit = models.TextField(help_text="as the list writes it")
    unit_code = models.TextField()
    price = models.DecimalField(max_digits=16, decimal_places=2, help_text="baht for one `unit`")
    base_price = models.DecimalField(max_digits=16, decimal_places=2, help_text="baht for one of `unit_code`")
    words = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(name="reference_price_positive", condition=models.Q(price__gt=0))
        ]
        indexes = [GinIndex(fields=["words"], name="reference_price_words")]


class PriceLine(models.Model):
    """Something that a proposal buys: so many of it, at so much each."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="price_lines")
    name = models.TextField()
    specification = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=2)
    unit = models.TextField(blank=True, help_text="as the agency writes it")
    unit_code = models.TextField(blank=True, help_text="what one of it is; empty: not told, or a lump sum")
    unit_price = models.DecimalField(max_digits=16, decimal_places=2, help_text="baht for one `unit`")
    base_price = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, help_text="baht for one of `unit_code`"
    )
    words = ArrayField(models.TextField(), default=list)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="price_line_positive", condition=models.Q(quantity__gt=0, unit_price__gte=0)
            )
        ]
        indexes = [
            models.Index(fields=["proposal", "id"], name="price_line_proposal"),
            GinIndex(fields=["words"], name="price_line_words"),
        ]

    @property
    def sum(self) -> Decimal:
        """Baht for all of it."""
        return self.quantity * self.unit_price


class PriceFlag(models.Model):
    """Why somebody should look at a line. It never refuses anything; made anew whenever what it rests on changes."""

    class Kind(models.TextChoices):
        ABOVE_REFERENCE = "above_reference", _("Above the reference price")
        ABOVE_HISTORY = "above_history", _("Far above what others pay")
        UNIT_MISSING = "unit_missing", _("Price for what?")
        TOO_LITTLE = "too_little_data", _("Too little to compare with")

    line = models.ForeignKey(PriceLine, on_delete=models.CASCADE, related_name="flags")
    kind = models.TextField(choices=Kind)
    facts = models.JSONField(default=dict, help_text="the numbers that the reason is told with")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "kind"], name="price_flag_once")]
        indexes = [models.Index(fields=["kind", "-id"], name="price_flag_kind")]


class PriceAnswer(models.Model):
    """An officer's word on a flag. It stays when the line or its price is changed; it answers one price only."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="price_answers")
    line = models.ForeignKey(PriceLine, null=True, on_delete=models.SET_NULL, related_name="answers")
    kind = models.TextField(choices=PriceFlag.Kind)
    name = models.TextField(help_text="what the line was called")
    unit_price = models.DecimalField(
        max_digits=16, decimal_places=2, help_text="the price that was answered for"
    )
    reason = models.TextField()
    by_id = models.TextField()
    at = models.DateTimeField(db_default=Now())
