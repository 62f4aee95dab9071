"""What `prasan doctor` asks of the city."""

from __future__ import annotations

from django.conf import settings

from prasan.city.files import check_city
from prasan.city.models import Agency
from prasan.fabric.checks import Result, register


@register("city files")
def files() -> Result:
    """The folder of setting PRASAN_CITY can be used."""
    faults = check_city(settings.CITY_FOLDER)
    if faults:
        return Result.error(f"{len(faults)} faults in {settings.CITY_FOLDER}: run `prasan city check`")
    return Result.good(str(settings.CITY_FOLDER))


@register("city registers")
def registers() -> Result:
    """The city was loaded into the database."""
    count = Agency.objects.count()
    return Result.good(f"{count} agencies") if count else Result.error("no agencies: run `prasan city load`")
