"""The price check as officers use it. All prices are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prasan.portfolio.models import PriceAnswer, PriceEdition, PriceFlag, PriceLine
from tests import factories
from tests.portfolio import proposals
from tests.portfolio.prices import COMPUTER, bought, csv_of, line, references
from tests.portfolio.proposals import DRAINS, HEALTH

pytestmark = pytest.mark.django_db


def client_of(role: str = "digital_officer", agency: str = HEALTH) -> Any:
    return factories.signed_in(factories.officer_user(role, agency))


def lines_sent(*rows: dict[str, str], initial: int = 0) -> dict[str, str]:
    """What the form of lines sends."""
    sent = {"line-TOTAL_FORMS": str(len(rows)), "line-INITIAL_FORMS": str(initial)}
    return sent | {f"line-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


def test_lines_are_written_in_thai_digits_with_the_unit_behind_the_price() -> None:
    proposal = proposals.draft()
    row = {"name": COMPUTER, "quantity": "๑๐", "unit": "", "unit_price": "๒๕,๐๐๐ บาท/เครื่อง"}
    answer = client_of().post(f"/portfolio/proposal/{proposal.code}/prices/change/", lines_sent(row, {}))
    assert answer.status_code == 302
    saved = PriceLine.objects.get()
    assert (saved.quantity, saved.unit_price, saved.unit_code) == (10, 25_000, "piece")


def test_a_line_emptied_is_taken_away_and_one_with_a_fault_comes_back() -> None:
    proposal, (one, two) = bought(line(1), line(2), submit=False)
    client, address = client_of(), f"/portfolio/proposal/{proposal.code}/prices/change/"
    kept = {"id": str(two.pk), "name": "จอ", "quantity": "2", "unit": "เครื่อง", "unit_price": "5000"}
    faulty = client.post(address, lines_sent({"id": str(one.pk)}, kept | {"quantity": "สอง"}, initial=2))
    assert faulty.status_code == 422
    assert "สอง" in faulty.content.decode()
    missing = client.post(address, lines_sent({"id": str(one.pk)}, kept | {"unit_price": ""}, initial=2))
    assert missing.status_code == 422
    assert client.post(address, lines_sent({"id": str(one.pk)}, kept, initial=2)).status_code == 302
    assert list(PriceLine.objects.values_list("pk", "name")) == [(two.pk, "จอ")]


def test_a_flag_is_told_with_its_numbers_and_answered_on_the_page() -> None:
    references()
    proposal, (dear,) = bought(line(25_000))
    client, address = client_of(), f"/portfolio/proposal/{proposal.code}/prices/"
    shown = client.get(address).content.decode()
    for words in ("25,000", "20,000", "25 %", "เกณฑ์ราคา มี.ค. 2566"):
        assert words in shown
    empty = client.post(f"{address}answer/", {"line": dear.pk, "kind": "above_reference", "reason": " "})
    assert empty.status_code == 422
    sent = {"line": dear.pk, "kind": "above_reference", "reason": "ต้องใช้จอใหญ่"}
    assert client.post(f"{address}answer/", sent).status_code == 302
    assert PriceAnswer.objects.get().reason == "ต้องใช้จอใหญ่"
    assert "ต้องใช้จอใหญ่" in client.get(address).content.decode()


def test_every_kind_of_flag_has_its_sentence_in_both_languages() -> None:
    for price in (20_000, 20_500, 21_000, 21_500, 22_000):
        bought(line(price), agency=DRAINS)
    references()
    proposal, _lines = bought(
        line(60_000), line(5, unit="งาน"), line(5, unit=""), line(7, name="ของที่ไม่มีใครซื้อ"),
        line(9, name="L2 Switch 24 port"),
    )  # fmt: skip
    assert set(PriceFlag.objects.filter(line__proposal=proposal).values_list("kind", flat=True)) == set(
        PriceFlag.Kind.values
    )
    client = client_of()
    for language in ("th", "en"):
        client.cookies["prasan_language"] = language
        assert client.get(f"/portfolio/proposal/{proposal.code}/prices/").status_code == 200


def test_other_agencies_do_not_find_the_page_and_after_handing_in_nobody_changes_prices() -> None:
    proposal, _lines = bought(line(1))
    address = f"/portfolio/proposal/{proposal.code}/prices/"
    assert client_of(agency=DRAINS).get(address).status_code == 404
    assert client_of().get(f"{address}change/").status_code == 403


def test_lines_come_from_a_table_for_this_proposal_alone() -> None:
    proposal = proposals.draft()
    heading = ("รายการ", "จำนวน", "หน่วย", "ราคาต่อหน่วย")
    address = f"/portfolio/proposal/{proposal.code}/prices/upload/"
    bad = csv_of(("จอ", "0", "เครื่อง", "5"), heading=heading)
    bad.name = "a.csv"
    refused = client_of().post(address, {"file": bad})
    assert refused.status_code == 422
    assert [fault.cell for fault in refused.context["errors"]] == ["B2"]
    good = csv_of(("จอ", "3", "เครื่อง", "5,000"), heading=heading)
    good.name = "a.csv"
    assert client_of().post(address, {"file": good}).status_code == 302
    assert proposal.price_lines.get().quantity == 3


def test_the_citys_list_of_flags_is_filtered_and_the_agencies_do_not_see_it() -> None:
    references()
    proposal, _lines = bought(line(25_000))
    client = client_of("analyst", "bma")
    shown = client.get("/portfolio/prices/")
    assert [row["proposal"].code for row in shown.context["rows"]] == [proposal.code]
    assert "เกณฑ์ราคา มี.ค. 2566" in shown.content.decode()
    assert client.get("/portfolio/prices/?kind=unit_missing").context["rows"] == []
    assert client.get("/portfolio/prices/?answered=yes").context["rows"] == []
    assert client.get("/portfolio/prices/?kind=nonsense&agency=nonsense&answered=").status_code == 200
    assert client_of().get("/portfolio/prices/").status_code == 403


def test_a_list_is_taken_over_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from prasan.site.cli import main

    file = tmp_path / "prices.csv"
    file.write_text("รายการ,หน่วย,ราคา\nจอภาพ,เครื่อง,5000\n", encoding="utf-8")
    arguments = [
        "portfolio",
        "import-prices",
        str(file),
        "--edition",
        "ตัวอย่าง",
        "--date",
        "2026-10-01",
        "--source",
        "ตัวอย่าง",
    ]
    assert main([*arguments, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["read"], told["accepted"], told["written"]) == (1, 1, False)
    assert main(arguments) == 0
    assert PriceEdition.objects.get().items.count() == 1
    file.write_text("รายการ,หน่วย,ราคา\nจอภาพ,เครื่อง,ห้าพัน\n", encoding="utf-8")
    assert main(arguments) == 1
    assert "C2" in capsys.readouterr().out
    assert main(["portfolio", "check-prices"]) == 0
