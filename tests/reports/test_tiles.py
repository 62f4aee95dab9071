"""Map tiles and the roll-ups below them say what the rows say, at every zoom."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from fnmatch import fnmatch
from typing import Any

import h3.api.basic_int as h3
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from mapbox_vector_tile import decode

from prasan.city.outlines import dissolved, district_outlines
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.reports import actions, rollups
from prasan.reports.models import CellCount, Report
from prasan.reports.queries.public import PublicFilter
from prasan.reports.queries.tiles import MOST_POINTS, Tile, cells, child_range, ranges, tile
from tests import factories

pytestmark = pytest.mark.django_db

EVERYTHING = PublicFilter()
SYSTEM = Actor.system("tests")


def tile_of(longitude: float, latitude: float, zoom: int) -> Tile:
    """The tile that holds a point."""
    down = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return Tile(zoom, int((longitude + 180) / 360 * 2**zoom), int(down * 2**zoom))


def scatter(number: int, seed: int = 1) -> list[Report]:
    """Reports all over the two districts of the factories."""
    chance = random.Random(seed)
    found = []
    for _one in range(number):
        longitude, latitude = chance.choice((factories.PHRA_NAKHON, factories.LAT_PHRAO))
        found.append(
            factories.report(
                longitude=longitude + chance.uniform(-0.005, 0.005),
                latitude=latitude + chance.uniform(-0.005, 0.005),
                category=chance.choice(("road", "lighting", "drain")),
            )
        )
    return found


def counts(content: bytes, layer: str = "cells") -> list[dict[str, Any]]:
    return [one["properties"] for one in decode(content)[layer]["features"]] if content else []


def shown(zoom: int, wanted: PublicFilter = EVERYTHING, *, heat: bool = False) -> int:
    """How many reports all tiles of a zoom show together."""
    places = {tile_of(r.longitude or 0, r.latitude or 0, zoom) for r in Report.objects.all()}
    around = {
        Tile(one.zoom, one.column + x, one.row + y) for one in places for x in (-1, 0, 1) for y in (-1, 0, 1)
    }
    if heat:
        return sum(
            {
                cell: n for one in around if one.is_real for cell, n in cells(one, wanted, heat=True).items()
            }.values()
        )
    contents = [tile(one, wanted) for one in around if one.is_real]
    layer = "cells" if zoom < 15 else "reports"
    return sum(one.get("count", 1) for content in contents for one in counts(content, layer))


@pytest.mark.parametrize("zoom", [3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
def test_every_report_is_counted_once_at_every_zoom(zoom: int) -> None:
    scatter(40)
    rollups.rebuild()
    assert shown(zoom) == 40
    assert shown(zoom, heat=True) == 40


def test_a_near_tile_shows_reports_by_code_and_status_without_what_is_private() -> None:
    report = factories.report()
    factories.report(private=True)
    content = tile(tile_of(*factories.PHRA_NAKHON, 16), EVERYTHING)
    assert counts(content, "reports") == [
        {"code": report.code, "category": "road", "status": "waiting", "title": report.public_text[:48]}
    ]


def test_private_reports_are_in_no_count() -> None:
    factories.report(private=True)
    rollups.rebuild()
    assert [shown(zoom) for zoom in (8, 12, 14, 16)] == [0, 0, 0, 0]


@pytest.mark.parametrize("zoom", [10, 12, 14, 16])
def test_filters_hold_in_far_and_in_near_tiles(zoom: int) -> None:
    scatter(30)
    finished = Report.objects.filter(category="road").first()
    assert finished is not None
    Report.objects.filter(pk=finished.pk).update(status="finished")
    Report.objects.filter(category="drain").update(submitted_at=timezone.now() - timedelta(days=400))
    rollups.rebuild()
    rows = Report.objects.all()
    last_year = PublicFilter(until=date.today() - timedelta(days=300))  # noqa: DTZ011
    assert shown(zoom, PublicFilter(category="road")) == rows.filter(category="road").count()
    assert shown(zoom, PublicFilter(district="1001")) == rows.filter(district="1001").count()
    assert shown(zoom, PublicFilter(status="finished")) == 1
    assert shown(zoom, PublicFilter(status="open")) == 29
    assert shown(zoom, last_year) == rows.filter(category="drain").count() > 0


def test_roll_ups_follow_the_ledger_and_come_out_as_a_rebuild_would() -> None:
    reports = scatter(12)
    actions.report_accept(actor=SYSTEM, code=reports[0].code)
    actions.report_categorise(actor=SYSTEM, code=reports[1].code, category="canal")
    actions.report_merge(actor=SYSTEM, code=reports[2].code, other=reports[3].code)
    told = LedgerEntry.objects.filter(object_type="report")
    wanted = [one for one in told if any(fnmatch(one.action, pattern) for pattern in rollups.CHANGING)]
    rollups.follow(wanted)
    followed = counted()
    rollups.follow(wanted)
    assert counted() == followed
    rollups.rebuild()
    assert counted() == followed
    assert sum(row[-1] for row in followed) == 12


def counted() -> set[tuple[Any, ...]]:
    return set(CellCount.objects.values_list("cell", "category", "status", "district", "month", "count"))


def test_a_report_that_moves_leaves_its_old_cell() -> None:
    report = factories.report()
    rollups.rebuild()
    old, (longitude, latitude) = report.cell, factories.LAT_PHRAO
    assert old is not None
    cell = h3.latlng_to_cell(latitude, longitude, 12)
    Report.objects.filter(pk=report.pk).update(cell=cell, longitude=longitude, latitude=latitude)
    rollups.recompute([report.code], left={report.code: old})
    assert set(CellCount.objects.values_list("cell", flat=True)) == {h3.cell_to_parent(cell, 8)}


def test_a_tile_costs_one_statement(client: Client, django_assert_num_queries: Any) -> None:
    scatter(5)
    rollups.rebuild()
    client.get(reverse("reports:tile", args=[0, 0, 0]))  # the registers are read once a process
    for zoom in (5, 10, 14, 16):
        at = tile_of(*factories.PHRA_NAKHON, zoom)
        with django_assert_num_queries(1):
            client.get(reverse("reports:tile", args=[at.zoom, at.column, at.row]), {"category": "road"})


def test_a_tile_is_not_sent_again_to_who_has_it(client: Client) -> None:
    factories.report()
    at = tile_of(*factories.PHRA_NAKHON, 16)
    address = reverse("reports:tile", args=[at.zoom, at.column, at.row])
    first = client.get(address)
    assert (first.status_code, first["Content-Type"]) == (200, "application/vnd.mapbox-vector-tile")
    assert "max-age=60" in first["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("zoom", "column", "row"), [(3, 8, 0), (3, 0, 8), (21, 0, 0), (64, 1, 1)])
def test_a_tile_that_cannot_be_is_not_found(client: Client, zoom: int, column: int, row: int) -> None:
    assert client.get(reverse("reports:tile", args=[zoom, column, row])).status_code == 404


def test_tiles_far_from_the_city_are_empty(client: Client) -> None:
    answer = client.get(reverse("reports:tile", args=[10, 0, 0]))
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_crowded_tile_shows_the_newest_and_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.reports.queries.tiles.MOST_POINTS", 3)
    reports = [factories.report() for _one in range(5)]
    content = tile(tile_of(*factories.PHRA_NAKHON, 16), EVERYTHING)
    assert {one["code"] for one in counts(content, "reports")} == {report.code for report in reports[2:]}
    assert MOST_POINTS < 5000


@given(
    st.floats(100.3, 100.97), st.floats(13.45, 13.98), st.integers(3, 11), st.integers(12, 15),
)  # fmt: skip
def test_the_children_of_a_cell_lie_in_its_range(lon: float, lat: float, parent: int, child: int) -> None:
    cell = h3.latlng_to_cell(lat, lon, child)
    low, high = child_range(h3.cell_to_parent(cell, parent), child)
    assert low <= cell <= high
    outside = h3.latlng_to_cell(lat + 0.9, lon, child)
    if h3.cell_to_parent(outside, parent) != h3.cell_to_parent(cell, parent):
        assert not low <= outside <= high


@settings(max_examples=30, deadline=None)
@given(st.floats(100.35, 100.9), st.floats(13.5, 13.95), st.integers(14, 18))
def test_the_ranges_of_a_near_tile_hold_every_point_in_it(lon: float, lat: float, zoom: int) -> None:
    at = tile_of(lon, lat, zoom)
    west, south, east, north = at.bounds
    inside = (min(max(lon, west), east), min(max(lat, south), north))
    cell = h3.latlng_to_cell(inside[1], inside[0], 12)
    assert any(low <= cell <= high for low, high in ranges(at, min(zoom - 5, 12), 12, "overlap"))


def test_outlines_of_districts_are_whole_and_share_their_borders(client: Client) -> None:
    import json

    import shapely

    answer = client.get(reverse("reports:outlines"))
    features = json.loads(answer.content)["features"]
    assert len(features) == 50
    assert features[0]["properties"] == {"code": "1001", "name_th": "พระนคร", "name_en": "Phra Nakhon"}
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    assert all(shape.is_valid for shape in shapes)
    assert (
        client.get(reverse("reports:outlines"), headers={"If-None-Match": answer["ETag"]}).status_code == 304
    )
    assert district_outlines()[1] in answer["ETag"]


def test_cells_of_several_sizes_dissolve_into_one_outline() -> None:
    centre = h3.latlng_to_cell(13.75, 100.5, 8)
    coarse, fine = h3.grid_disk(centre, 1), h3.cell_to_children(h3.grid_ring(centre, 2)[0], 10)
    found = dissolved(dict.fromkeys(coarse, "1001") | dict.fromkeys(fine, "1001"))
    assert set(found) == {"1001"}
    assert found["1001"].geom_type == "Polygon"
