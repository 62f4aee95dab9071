"""The public list as a feed and as files: Atom (RFC 4287), CSV (RFC 4180) and GeoJSON (RFC 7946), public fields only.

Files are streamed from a server-side cursor: memory stays flat however much is asked for.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prasan.city.registers import registers
from prasan.fabric.rates import client_network, rate_check
from prasan.reports.links import report_url
from prasan.reports.models import Report
from prasan.reports.pages.report import listed
from prasan.reports.queries import public as queries
from prasan.reports.queries.public import PublicFilter

FEED_SIZE = 50
EXPORTS = (20, 600)
COLUMNS = (
    "code", "submitted_at", "updated_at", "finished_at", "first_action_at", "status", "category", "text", "address",
    "district", "district_name", "subdistrict", "longitude", "latitude", "agency", "agency_name", "stage", "rating",
    "reopened", "followers", "photos", "source", "url",
)  # fmt: skip
# A spreadsheet would run a cell that begins with one of these as a formula (OWASP, CSV Injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as Latin letters


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest public reports that a filter finds, as Atom."""
    given = PublicFilter.read(request.GET)
    reports, _photos, _next = queries.report_list(given, size=FEED_SIZE)
    own = request.build_absolute_uri()
    atom = Atom1Feed(
        title=_("Reports to the city of %(city)s") % {"city": registers().profile.name},
        link=settings.PUBLIC_URL + reverse("reports:list") + (f"?{given.query}" if given.query else ""),
        description="", language=get_language(), feed_url=own, feed_guid=own,
    )  # fmt: skip
    for card in listed(reports):
        _add(atom, card)
    response = HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    return response


def _add(atom: Atom1Feed, card: dict[str, Any]) -> None:
    report, district = card["report"], card["district"]
    kind = card["category"].name if card["category"] else ""
    atom.add_item(
        title=" · ".join(part for part in (kind, district.name if district else "", str(card["label"])) if part),
        link=report_url(report.code), unique_id=report_url(report.code), description=_clean(card["excerpt"]),
        pubdate=report.submitted_at, updateddate=report.updated_at, categories=[kind] if kind else [],
    )  # fmt: skip


def _clean(text: str) -> str:
    """Without the control characters that XML 1.0 does not allow."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")


@require_safe
def csv_file(request: HttpRequest) -> StreamingHttpResponse:
    """Every public report that a filter finds, as CSV."""
    rows = _exported(request)
    return _file(_csv(rows), "text/csv; charset=utf-8", "csv")


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield BYTE_ORDER_MARK + str(writer.writerow(COLUMNS))
    for row in rows:
        yield str(writer.writerow([guarded(row[column]) for column in COLUMNS]))


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def guarded(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a quote goes before what begins like one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@require_safe
def geojson_file(request: HttpRequest) -> StreamingHttpResponse:
    """Every public report that a filter finds, as GeoJSON; a report without a point has no geometry."""
    return _file(_geojson(_exported(request)), "application/geo+json", "geojson")


def _geojson(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":['
    comma = ""
    for row in rows:
        place = [row.pop("longitude"), row.pop("latitude")]
        geometry = {"type": "Point", "coordinates": place} if place[0] is not None else None
        feature = {"type": "Feature", "id": row["code"], "geometry": geometry, "properties": row}
        yield comma + json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
        comma = ",\n"
    yield "]}\n"


def _exported(request: HttpRequest) -> Iterator[dict[str, Any]]:
    rate_check(f"export:{client_network(request)}", *EXPORTS)
    language = get_language() or "th"
    return _rows(PublicFilter.read(request.GET), language)


def _rows(given: PublicFilter, language: str) -> Iterator[dict[str, Any]]:
    """The language is set around each row, because a stream is read after the request's own has ended."""
    for report in queries.reports_for_export(given):
        with override(language):
            yield _public(report)


def _public(report: Report) -> dict[str, Any]:
    district, agency = (
        registers().areas.get(report.district),
        registers().agencies.get(report.agency_id or ""),
    )
    moments = ("submitted_at", "updated_at", "finished_at", "first_action_at")
    return {name: _moment(getattr(report, name)) for name in moments} | {
        "code": report.code, "status": report.status, "category": report.category, "text": report.public_text,
        "address": report.address, "district": report.district, "district_name": district.name if district else "",
        "subdistrict": report.subdistrict, "longitude": report.longitude, "latitude": report.latitude,
        "agency": report.agency_id or "", "agency_name": agency.name if agency else "", "stage": report.stage,
        "rating": report.rating, "reopened": report.reopened, "followers": report.followers, "photos": report.photos,
        "source": report.source, "url": report_url(report.code),
    }  # fmt: skip


def _moment(value: Any) -> str:
    return timezone.localtime(value).isoformat(timespec="seconds") if value else ""


def _file(content: Iterator[str], content_type: str, suffix: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="reports-{timezone.localdate()}.{suffix}"'
    response["Cache-Control"] = "no-store"
    return response
