"""The workbook that Prasan hands out: Thai headings, lists to choose from, and the agency's own proposals in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from prasan.city.registers import registers
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.content import Content
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Proposal
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks import values
from prasan.portfolio.workbooks.proposals import columns
from prasan.portfolio.workbooks.reading import Column, letter_of

HEADING_ROW = 3
ROOM = 500  # rows that get lists to choose from
WIDE = {
    "title": 46,
    "objective": 40,
    "scope": 40,
    "benefit": 36,
    "agency": 28,
    "capability": 30,
    "metric": 28,
}


def proposals_template(rows: Iterable[tuple[str, str, Content]] = (), agencies: Sequence[str] = ()) -> bytes:
    """An .xlsx to fill in: (code, agency, content) of proposals that it shall hold already, in Thai whoever asks.

    `agencies` are codes to choose from; all offices of the city where none is given.
    """
    with override("th"):
        return _made(list(rows), agencies)


def _made(rows: list[tuple[str, str, Content]], agencies: Sequence[str]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    years = _years(rows)
    headings = list(_headings(years))
    book = Workbook()
    sheet = book.active
    sheet.title = _("Proposals")
    sheet["B1"] = _("Digital project proposals")
    sheet["B1"].font = Font(bold=True, size=14)
    sheet["B2"] = _(
        "One row for each project. Amounts in baht. Leave column A alone: by it a row is found when it is sent again."
    )
    for index, (name, text) in enumerate(headings, start=1):
        cell = sheet.cell(HEADING_ROW, index, text)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B6450")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(index)].width = WIDE.get(name, 18)
    sheet.column_dimensions["A"].hidden = True
    sheet.freeze_panes = sheet.cell(HEADING_ROW + 1, 5)
    for number, (code, agency, content) in enumerate(rows, start=HEADING_ROW + 1):
        for index, (name, _text) in enumerate(headings, start=1):
            cell = sheet.cell(number, index, _cell(name, code, agency, content))
            if cell.data_type == "f":
                cell.data_type = "s"  # what somebody wrote with = in front is text, never a formula
    _add_lists(book, sheet, headings, agencies)
    _number_formats(sheet, headings, len(rows))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _years(rows: list[tuple[str, str, Content]]) -> list[int]:
    rules = portfolio_rules()
    known = {year for _code, _agency, content in rows for year, _part in content.costs}
    following = fiscal_year(timezone.localdate()) + 1
    return [
        year
        for year in sorted(known | {*range(following, following + rules.form_years)})
        if year in rules.years()
    ]


def _headings(years: list[int]) -> Iterable[tuple[str, str]]:
    for column in columns():
        if column.field == "amount":
            continue
        if column.by_year:
            yield from ((f"{column.field}.{year}", f"{column.label} {year}") for year in years)
        else:
            yield column.field, str(column.label)


def _cell(name: str, code: str, agency: str, content: Content) -> Any:
    part, _dot, year = name.partition(".")
    if year:
        amount = content.costs.get((int(year), part))
        return float(amount) if amount is not None else None
    if name in {"metric", "unit", "baseline", "target", "due_on"}:
        return _metric_cell(name, content)
    rules = portfolio_rules()
    made: dict[str, Any] = {
        "code": code,
        "agency": registers().agency(agency).name_th,
        "nature": str(Proposal.Nature(content.nature).label),
        "lane": rules.lanes[content.lane].name if content.lane in rules.lanes else content.lane,
        "capability": capability_map().name(content.capability) if content.capability else None,
        "data_held": ", ".join(content.data_held),
        "policies": "\n".join(
            rules.policies[one].name_th for one in content.policies if one in rules.policies
        ),
        "systems": ", ".join(content.systems),
        "depends_on": ", ".join(one for one, kind in content.relations.items() if kind == "depends_on"),
        "excludes": ", ".join(one for one, kind in content.relations.items() if kind == "excludes"),
    }
    if name.startswith("answer_"):
        return content.answers.get(name.removeprefix("answer_"))
    return (made[name] if name in made else getattr(content, name)) or None


def _metric_cell(name: str, content: Content) -> Any:
    if not content.metrics:
        return None
    first = content.metrics[0]
    if name == "due_on":
        return values.thai_day(first.due_on) or None
    value = first.name if name == "metric" else getattr(first, name)
    return float(value) if isinstance(value, Decimal) else value or None


def _add_lists(book: Any, sheet: Any, headings: list[tuple[str, str]], agencies: Sequence[str]) -> None:
    """Lists to choose from, kept on a hidden sheet."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rules, known = portfolio_rules(), registers()
    codes = agencies or [
        code for code, one in known.agencies.items() if known.is_active(code) and one.kind != "root"
    ]
    lists: dict[str, list[Any]] = {
        "agency": [known.agency(code).name_th for code in codes],
        "nature": [str(label) for _value, label in Proposal.Nature.choices],
        "lane": [term.name for term in rules.lanes.values()],
        "capability": [one.name for one in capability_map().capabilities.values()],
        "first_year": [year for year in rules.years() if year >= fiscal_year(timezone.localdate())][:10],
    }
    hidden = book.create_sheet("lists")
    hidden.sheet_state = "hidden"
    places = {name: index for index, (name, _text) in enumerate(headings)}
    for at, (name, choices) in enumerate(lists.items()):
        for row, choice in enumerate(choices, start=1):
            hidden.cell(row, at + 1, choice)
        if not choices:
            continue
        letter = letter_of(at)
        check = DataValidation(
            type="list",
            formula1=f"lists!${letter}$1:${letter}${len(choices)}",
            allow_blank=True,
            showErrorMessage=True,
        )
        check.errorTitle, check.error = "Prasan", _("Please choose from the list.")
        column = letter_of(places[name])
        check.add(f"{column}{HEADING_ROW + 1}:{column}{HEADING_ROW + ROOM}")
        sheet.add_data_validation(check)


def _number_formats(sheet: Any, headings: list[tuple[str, str]], rows: int) -> None:
    money = [index for index, (name, _text) in enumerate(headings, start=1) if "." in name]
    for number in range(HEADING_ROW + 1, HEADING_ROW + max(rows, 50) + 1):
        for index in money:
            sheet.cell(number, index).number_format = "#,##0.00"


def fields_of_template() -> list[Column]:
    """Columns that the template has, for the page that tells of it."""
    return [column for column in columns() if column.field not in {"amount", "code"}]
