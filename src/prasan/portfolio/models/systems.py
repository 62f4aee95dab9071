"""What the city has: its information systems, what they cost, and which data flows between them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class System(models.Model):
    """An information system that an agency owns."""

    class Hosting(models.TextChoices):
        OWN = "own", _("Agency's own server room")
        CITY = "city", _("City's data centre")
        GOVERNMENT_CLOUD = "government_cloud", _("Government cloud (GDCC)")
        COMMERCIAL_CLOUD = "commercial_cloud", _("Commercial cloud")
        VENDOR = "vendor", _("With the vendor")
        UNKNOWN = "unknown", _("Not told")

    class Criticality(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        VITAL = "vital", _("Vital")

    class PersonalData(models.TextChoices):
        NONE = "none", _("None")
        GENERAL = "general", _("Personal data")
        SENSITIVE = "sensitive", _("Sensitive personal data")
        UNKNOWN = "unknown", _("Not told")

    class Lifecycle(models.TextChoices):
        PLANNED = "planned", _("Planned")
        IN_USE = "in_use", _("In use")
        TO_REPLACE = "to_replace", _("To be replaced")
        RETIRED = "retired", _("Retired")

    code = models.TextField(unique=True, help_text="the owner's code, or one that we gave")
    owner = models.ForeignKey("city.Agency", on_delete=models.PROTECT, related_name="+")
    name_th = models.TextField()
    name_en = models.TextField(blank=True)
    purpose = models.TextField(blank=True)
    capability = models.TextField(blank=True, help_text="code of the city's capability map")
    data_held = ArrayField(models.TextField(), default=list, help_text="names of the data it keeps")
    users = models.IntegerField(null=True, help_text="people who use it")
    technology = models.TextField(blank=True)
    hosting = models.TextField(choices=Hosting, default=Hosting.UNKNOWN)
    vendor = models.TextField(blank=True)
    contract_end = models.DateField(null=True)
    criticality = models.TextField(choices=Criticality, default=Criticality.NORMAL)
    personal_data = models.TextField(choices=PersonalData, default=PersonalData.UNKNOWN)
    lifecycle = models.TextField(choices=Lifecycle, default=Lifecycle.IN_USE)
    confirmed_on = models.DateField(null=True, help_text="the day its owner last said that all this is true")
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["owner", "code"], name="system_owner")]

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """The name in the reader's language; Thai where there is no English one."""
        return (self.name_en if get_language() == "en" else "") or self.name_th


class SystemCost(models.Model):
    """What a system costs in a fiscal year (พ.ศ., October to September), in baht."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="costs")
    fiscal_year = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "fiscal_year"], name="system_cost_once"),
            models.CheckConstraint(name="system_cost_positive", condition=models.Q(amount__gte=0)),
        ]


class Interface(models.Model):
    """Data that one system gives to another."""

    class Method(models.TextChoices):
        API = "api", _("API")
        FILE = "file", _("File sent by program")
        DATABASE = "database", _("Shared database")
        MANUAL = "manual", _("Typed or copied again by hand")

    provider = models.ForeignKey(System, on_delete=models.CASCADE, related_name="given")
    consumer = models.ForeignKey(System, on_delete=models.CASCADE, related_name="used")
    data = models.TextField(help_text="which data")
    method = models.TextField(choices=Method)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "consumer", "data"], name="interface_once"),
            models.CheckConstraint(
                name="interface_not_to_itself", condition=~models.Q(provider=models.F("consumer"))
            ),
        ]
