"""`prasan reports route`: which agency a report would go to, and why."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from prasan.fabric import boot

Subparsers = Any  # argparse keeps the type private


def add_parsers(verbs: Subparsers) -> None:
    """Add route."""
    route = verbs.add_parser("route", help="tell which agency a report would go to; needs no database")
    route.add_argument("--category", required=True, help="code or Thai name, such as road or ถนน")
    route.add_argument("--lon", type=float, help="longitude in degrees")
    route.add_argument("--lat", type=float, help="latitude in degrees")
    route.add_argument("--address", default="", help="address text; tells district and kind of road too")
    route.add_argument("--text", default="", help="what the citizen wrote")
    route.add_argument("--road", help="kind of road (code in routing.yaml)")
    route.add_argument("--asset", help="kind of thing (code in routing.yaml)")
    route.add_argument("--why", action="store_true", help="print rule, reason and what was read off the words")
    route.set_defaults(run=run_route)


def run_route(given: argparse.Namespace) -> int:
    """Print the agency; 1 when the category is unknown or the point no place in the city."""
    boot.setup_django()
    from django.conf import settings

    from prasan.city.files import load_city
    from prasan.city.geography import CoordinatesError
    from prasan.reports.catalogue import catalogue
    from prasan.reports.routing import route

    category = catalogue().category_of_label(given.category)
    if category is None:
        print(f"there is no category {given.category}", file=sys.stderr)
        return 1
    city = load_city(settings.CITY_FOLDER)
    try:
        district, subdistrict = _place(city, given)
    except CoordinatesError as error:
        print(error, file=sys.stderr)
        return 1
    routed = route(
        category=category.code,
        district=district,
        subdistrict=subdistrict,
        road_kind=given.road,
        asset_kind=given.asset,
        text=given.text,
        address=given.address,
    )
    names = {agency.code: agency.name_th for agency in city.agencies}
    print(f"{routed.agency_code} {names[routed.agency_code]}")
    if given.why:
        print(f"{routed.rule_id}: {routed.why_th} ({routed.why_en})")
        print(
            f"category {category.code}, district {district or '-'}, subdistrict {subdistrict or '-'}, "
            f"road {routed.road_kind or '-'}, asset {routed.asset_kind or '-'}, word {routed.matched or '-'}"
        )
    return 0


def _place(city: Any, given: argparse.Namespace) -> tuple[str | None, str | None]:
    geography = city.geography()
    if given.lon is None or given.lat is None:
        named = geography.named(given.address)
        return named.district_code, named.subdistrict_code
    place = geography.place_of(given.lon, given.lat, given.address)
    return place.district_code, place.subdistrict_code
