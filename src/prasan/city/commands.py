"""`prasan city …`: the city as data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from prasan.fabric import boot

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add check, load, areas and where."""
    check = verbs.add_parser("check", help="check a city's files; needs no database")
    check.add_argument("folder", nargs="?", type=Path, help="default: the city of this installation")
    check.set_defaults(run=run_check)
    load = verbs.add_parser("load", help="bring the registers up to a city's files")
    load.add_argument("folder", nargs="?", type=Path, help="default: the city of this installation")
    load.set_defaults(run=run_load)
    areas = verbs.add_parser("areas", help="import official polygons of districts or subdistricts")
    areas.add_argument("file", type=Path, help="GeoJSON, WGS 84")
    areas.set_defaults(run=run_areas)
    where = verbs.add_parser("where", help="tell the district of a point")
    where.add_argument("longitude", type=float)
    where.add_argument("latitude", type=float)
    where.add_argument(
        "address", nargs="?", default="", help="text of an address, to be brought together with it"
    )
    where.set_defaults(run=run_where)


def run_check(given: argparse.Namespace) -> int:
    """Print every fault with file, line and field, in Thai and English; 1 when there is one."""
    boot.setup_django()
    from prasan.city.files import check_city

    folder = _folder(given)
    faults = check_city(folder)
    for fault in faults:
        print(f"{fault.place}: {fault.text('th')} ({fault.text('en')})")
    print(f"{folder}: {len(faults)} faults" if faults else f"{folder}: ok")
    return 1 if faults else 0


def run_load(given: argparse.Namespace) -> int:
    """Load a city and print what changed; 1 with the faults when its files can't be used."""
    boot.setup_django()
    from prasan.city.actions import city_load
    from prasan.city.rows import CityFilesError
    from prasan.fabric.actors import Actor

    folder = _folder(given)
    try:
        loaded = city_load(actor=Actor.system("city load"), folder=folder, origin="command")
    except CityFilesError as error:
        return _faults(error)
    print(f"{folder}: {len(loaded.added)} added, {len(loaded.changed)} changed, {len(loaded.ended)} ended")
    return 0


def run_areas(given: argparse.Namespace) -> int:
    """Import polygons; 1 with the faulty features when there are any."""
    boot.setup_django()
    from prasan.city.actions import areas_import
    from prasan.city.rows import CityFilesError
    from prasan.fabric.actors import Actor

    try:
        count = areas_import(actor=Actor.system("city areas"), file=given.file, origin="command")
    except CityFilesError as error:
        return _faults(error)
    print(f"{given.file}: {count} areas imported")
    return 0


def run_where(given: argparse.Namespace) -> int:
    """Print district, subdistrict and how they were found; 1 when the point is no place in the city."""
    boot.setup_django()
    from prasan.city.geography import CoordinatesError
    from prasan.city.registers import registers

    city = registers()
    try:
        place = city.place_of(given.longitude, given.latitude, given.address)
    except CoordinatesError as error:
        print(error, file=sys.stderr)
        return 1
    codes = [code for code in (place.district_code, place.subdistrict_code) if code]
    names = " ".join(f"{code} {city.areas[code].name_th}" for code in codes)
    print(f"{names} ({place.how}{', exact' if city.geography.is_exact else ''})")
    return 0


def _folder(given: argparse.Namespace) -> Path:
    from django.conf import settings

    return given.folder or settings.CITY_FOLDER


def _faults(error: Any) -> int:
    for fault in error.errors:
        print(f"{fault.place}: {fault.text()}", file=sys.stderr)
    return 1
