"""What numbers after the decision say in words and as a drawing; the officers' page and the public one share it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prasan.city.registers import registers
from prasan.fabric.templatetags.kit import thai_number
from prasan.portfolio.before_after import LEAST_AFTER, Answer, Finding
from prasan.portfolio.models import BudgetFigure
from prasan.portfolio.queries.delivery import MetricView, YearRow, first_full_month

STAGE_NAMES: tuple[Any, ...] = (
    gettext_lazy("Requested"), *(label for _value, label in BudgetFigure.Stage.choices)
)  # fmt: skip
UNITS = {
    "reports": gettext_lazy("reports"), "hours": gettext_lazy("hours"), "baht": gettext_lazy("baht"),
    "percent": gettext_lazy("percent"), "visits": gettext_lazy("visits"), "days": gettext_lazy("days"),
}  # fmt: skip
WIDTH, HEIGHT, FOOT = 640, 160, 4


def unit_name(unit: str) -> str:
    """A unit in the reader's language; one that the agency wrote stays as it is."""
    return str(UNITS.get(unit, unit))


def shown(value: float | Decimal | None) -> str:
    """A number with one decimal where it is small, none where it is large; a dash for none."""
    if value is None:
        return "–"
    told = float(value)
    return thai_number(value, 0 if abs(told) >= 100 or told.is_integer() else 1)


# --- before and after -------------------------------------------------------------------------------------------------


def answer_sentences(view: MetricView) -> list[str]:
    """What before and after allow to say of a metric, each a sentence; empty where nothing was compared."""
    answer = view.answer
    if answer is None:
        return []
    if answer.finding == Finding.TOO_LITTLE:
        return [_too_little(answer)]
    unit = unit_name(view.unit)
    first = _("A month in a district: %(before)s %(unit)s in the same months of the year before, %(after)s after."
              " In the %(count)d comparable districts: %(compared_before)s before, %(compared_after)s after.") % {
        "before": shown(answer.before), "after": shown(answer.after), "unit": unit, "count": len(answer.comparable),
        "compared_before": shown(answer.compared_before), "compared_after": shown(answer.compared_after),
    }  # fmt: skip
    return [_finding(answer, unit), first, _caution(answer)]


def _too_little(answer: Answer) -> str:
    if answer.why == "after":
        return ngettext(
            "It is too early to say: there is %(count)d full month since people use it, and at least %(least)d are"
            " needed.",
            "It is too early to say: there are %(count)d full months since people use it, and at least %(least)d are"
            " needed.",
            answer.months,
        ) % {"count": answer.months, "least": LEAST_AFTER}  # fmt: skip
    if answer.why == "before":
        return _(
            "It can't be said: in the year before or since then, months lack a number in these districts."
        )
    return _("It can't be said: there are too few districts without such a project to compare with.")


def _finding(answer: Answer, unit: str) -> str:
    """Only the sign and the size that the range allows."""
    words: dict[str, Any] = {"unit": unit}
    if answer.finding == Finding.NO_DIFFERENCE:
        words |= {"value": signed(answer.difference), "low": signed(answer.low), "high": signed(answer.high)}
        return _("No difference from comparable districts can be told: %(value)s %(unit)s a month in a district, range"
                 " of uncertainty %(low)s to %(high)s. What was found happens by chance too.") % words  # fmt: skip
    ends = sorted((abs(answer.low), abs(answer.high)))
    words |= {"value": shown(abs(answer.difference)), "low": shown(ends[0]), "high": shown(ends[1])}
    fell = answer.after < answer.before
    if answer.finding == Finding.FELL_MORE and fell:
        text = _("Fell by %(value)s %(unit)s a month in a district more than in comparable districts (range of"
                 " uncertainty %(low)s to %(high)s).")  # fmt: skip
    elif answer.finding == Finding.FELL_MORE:
        text = _("Rose by %(value)s %(unit)s a month in a district less than in comparable districts (range of"
                 " uncertainty %(low)s to %(high)s).")  # fmt: skip
    elif fell:
        text = _("Fell by %(value)s %(unit)s a month in a district less than in comparable districts (range of"
                 " uncertainty %(low)s to %(high)s).")  # fmt: skip
    else:
        text = _("Rose by %(value)s %(unit)s a month in a district more than in comparable districts (range of"
                 " uncertainty %(low)s to %(high)s).")  # fmt: skip
    return text % words


def _caution(answer: Answer) -> str:
    return ngettext(
        "This compares %(count)d month; it shows that something differed here, not that the project was the reason.",
        "This compares %(count)d months; it shows that something differed here, not that the project was the reason.",
        answer.months,
    ) % {"count": answer.months}  # fmt: skip


def signed(value: float) -> str:
    """A difference with its sign, − as a minus."""
    text = shown(abs(value))
    return text if text == "0" or not value else f"{'−' if value < 0 else '+'}{text}"


# --- one metric, as the templates show it -----------------------------------------------------------------------------


def metric_card(view: MetricView, since: date | None) -> dict[str, Any]:
    """A promised number with its words, drawing and table."""
    places = [registers().areas[code].name for code in view.metric.areas if code in registers().areas]
    return {
        "view": view,
        "metric": view.metric,
        "unit": unit_name(view.metric.unit or view.unit),
        "places": ", ".join(places),
        "reached": view.reached,
        "bar": min(max(view.reached or 0, 0), 100),
        "actual": shown(view.actual),
        "drawing": drawing(view, since),
        "table": [(month, value, dict(view.compared).get(month)) for month, value in reversed(view.series)],
        "sentences": answer_sentences(view),
        "comparable": [
            registers().areas[code].name for code in (view.answer.comparable if view.answer else ())
        ],
    }


def drawing(view: MetricView, since: date | None) -> dict[str, Any] | None:
    """Two lines in a box of WIDTH × HEIGHT and where people begin to use it; None for fewer than two points."""
    if len(view.series) < 2:
        return None
    days = [day for day, _value in view.series]
    top = max(float(value) for _day, value in [*view.series, *view.compared]) or 1.0
    target, baseline = view.metric.target, view.metric.baseline
    start = first_full_month(since) if since else None
    return {
        "own": _line(view.series, days, top), "compared": _line(view.compared, days, top),
        "since": f"{_across(start, days):.1f}" if start and days[0] <= start <= days[-1] else "",
        "top": shown(top), "first": days[0], "last": days[-1], "readings": not view.metric.indicator,
        "target": target, "baseline": baseline,
    }  # fmt: skip


def _line(series: Sequence[tuple[date, Decimal]], days: Sequence[date], top: float) -> str:
    return " ".join(
        f"{_across(day, days):.1f},{HEIGHT - FOOT - (HEIGHT - 2 * FOOT) * float(value) / top:.1f}"
        for day, value in series
    )


def _across(day: date, days: Sequence[date]) -> float:
    whole = (days[-1] - days[0]).days or 1
    return WIDTH * (day - days[0]).days / whole


def money_bars(years: Sequence[YearRow]) -> list[dict[str, Any]]:
    """Each year's stages for the kit's bar chart, the last year first."""
    return [
        {
            "year": row.year,
            "bars": [
                {"label": name, "value": amount, "text": thai_number(amount, 0)}
                for name, amount in zip(STAGE_NAMES, row.cells, strict=True) if amount is not None
            ],
        }
        for row in reversed(years)
    ]  # fmt: skip
