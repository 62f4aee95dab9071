"""Rows of the city's registers that other rows point to; what only is read lives in the city's folder."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language


class Agency(models.Model):
    """An organisation of the city, or one outside that the city works with, from a day to a day."""

    class Kind(models.TextChoices):
        ROOT = "root"
        DEPARTMENT = "department"
        DIVISION = "division"
        DISTRICT_OFFICE = "district_office"
        DISTRICT_DIVISION = "district_division"
        HEALTH_CENTRE = "health_centre"
        OUTSIDE = "outside"

    code = models.TextField(primary_key=True)
    name_th = models.TextField()
    name_en = models.TextField()
    short_th = models.TextField(blank=True)
    short_en = models.TextField(blank=True)
    kind = models.TextField(choices=Kind)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    district = models.CharField(
        max_length=4, blank=True, help_text="area code, for district offices and their divisions"
    )
    phone = models.TextField(blank=True)
    url = models.TextField(blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="agency_not_its_own_parent", condition=~models.Q(parent=models.F("code"))
            ),
            models.CheckConstraint(
                name="agency_dates",
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name_th

    @property
    def name(self) -> str:
        """The name in the reader's language; Thai where there is no English one."""
        return (self.name_en if get_language() == "en" else "") or self.name_th

    @property
    def short(self) -> str:
        """The short name in the reader's language, else the full one."""
        return (self.short_en if get_language() == "en" else self.short_th) or self.name


class Area(models.Model):
    """A district (เขต) or subdistrict (แขวง) by its DOPA code."""

    class Level(models.TextChoices):
        DISTRICT = "district"
        SUBDISTRICT = "subdistrict"

    code = models.CharField(max_length=6, primary_key=True)
    level = models.TextField(choices=Level)
    name_th = models.TextField()
    name_en = models.TextField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    population = models.IntegerField(null=True)

    def __str__(self) -> str:
        return self.name_th

    @property
    def name(self) -> str:
        """The name in the reader's language; Thai where there is no English one."""
        return (self.name_en if get_language() == "en" else "") or self.name_th


class AreaShape(models.Model):
    """An official polygon that an operator imported."""

    area = models.OneToOneField(Area, primary_key=True, on_delete=models.CASCADE, related_name="shape")
    geometry = models.JSONField(help_text="GeoJSON geometry, WGS 84")
    source = models.TextField()
    imported_at = models.DateTimeField(db_default=Now())


class PolicyDimension(models.Model):
    """A dimension of the governor's policies."""

    code = models.TextField(primary_key=True)
    name_th = models.TextField()
    name_en = models.TextField()
    order = models.IntegerField()


class Indicator(models.Model):
    """A number that one module publishes and others read."""

    name = models.TextField()
    agency = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    period_start = models.DateField()
    period_end = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=4)
    unit = models.TextField(blank=True)
    published_by = models.TextField()
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "agency", "area", "period_start", "period_end"],
                name="indicator_key",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="indicator_period", condition=models.Q(period_end__gte=models.F("period_start"))
            ),
        ]


class RegisterVersion(models.Model):
    """One row: grows with every load, so that processes notice."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=1)
