"""What agencies send as workbooks: a file between its upload and its import, and what their columns mean."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Workbook(models.Model):
    """A workbook that was sent and is not imported yet; its content is a file of the fabric under `key`."""

    key = models.TextField(unique=True)
    agency = models.ForeignKey("city.Agency", on_delete=models.CASCADE, related_name="+")
    name = models.TextField(blank=True, help_text="the file's own name, for the page alone")
    by_id = models.TextField()
    at = models.DateTimeField(db_default=Now())


class ColumnMapping(models.Model):
    """What an agency said that a column of its sheets means: asked once, used ever after."""

    agency = models.ForeignKey("city.Agency", on_delete=models.CASCADE, related_name="+")
    heading = models.TextField(help_text="the heading as it is compared: no blanks, no marks, small letters")
    field = models.TextField(blank=True, help_text="the field it means; empty: pass the column over")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "heading"], name="column_mapping_once")]
