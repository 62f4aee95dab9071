"""What the public sees of decided projects, and that it sees nothing of any other."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prasan.fabric.decisions import Outcome
from prasan.portfolio.actions.delivery import milestone_save, risk_save
from prasan.portfolio.models import Proposal
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS
from tests.portfolio.proposals import draft, submitted

pytestmark = pytest.mark.django_db
SECRETS = ("ความลับของโครงสร้างระบบ", "คำตอบลับ", "ความเสี่ยงลับ")


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    traveller = time_machine.travel(datetime(2027, 3, 10, 5, tzinfo=UTC), tick=False)
    traveller.start()
    yield
    traveller.stop()


@pytest.fixture
def project() -> Proposal:
    """A decided project with secrets in everything that is not public."""
    made = making.decided(
        title="ระบบนัดหมายแพทย์ โทร 081-234-5678",
        scope=SECRETS[0],
        answers={"problem": SECRETS[1], "reuse": SECRETS[1]},
    )
    risk_save(actor=BOSS, code=made.code, what=SECRETS[2], likelihood=5, effect=5, owner="ก", response="ข")
    making.money(made, screened=777_777, ordinance=700_000, contracted=650_000, disbursed_11=200_000)
    milestone_save(actor=BOSS, code=made.code, name="เปิดใช้งาน", planned_on=date(2027, 6, 1))
    return made


def text(name: str, *arguments: Any, **query: Any) -> str:
    reader = Client()
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = reader.get(reverse(f"portfolio:{name}", args=arguments), query)
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()  # type: ignore[attr-defined, arg-type]


def everything(project: Proposal) -> str:
    """All that the public can read of a project."""
    return "".join([
        text("public_projects"), text("public_project", project.code), text("public_record", project.code),
        text("public_releases"), text("public_budget"), text("public_datapackage"),
    ])  # fmt: skip


def test_everybody_reads_what_a_decided_project_is_for_costs_and_has_reached(project: Proposal) -> None:
    shown = text("public_project", project.code)
    for part in ("ระบบนัดหมายแพทย์", "ให้ผู้ป่วยพบแพทย์ได้จากบ้าน", "800,000", "700,000", "650,000", "200,000", "1/2569 4.2",
                 "เปิดใช้งาน", "เวลารอพบแพทย์"):  # fmt: skip
        assert part in shown, part


def test_how_it_is_built_its_risks_and_answers_and_what_a_board_was_told_stay_inside(
    project: Proposal,
) -> None:
    shown = everything(project)
    for secret in (*SECRETS, "777,777", "777777", "081-234-5678"):
        assert secret not in shown, secret


def in_every_other_status() -> list[Proposal]:
    found = [draft(title="โครงการลับ"), submitted(title="โครงการลับ"), making.screened(title="โครงการลับ")]
    others = [Outcome.NOT_APPROVED, Outcome.ACKNOWLEDGED, Outcome.RECONSIDER, Outcome.NOT_CONSIDERED]
    found += [making.decided(outcome, title="โครงการลับ") for outcome in others]
    withdrawn = draft(title="โครงการลับ")
    Proposal.objects.filter(pk=withdrawn.pk).update(status="withdrawn")
    return [*found, withdrawn]


def answer_for(code: str) -> str:
    """The page's text without the code asked for and the token that differs each time."""
    shown = Client().get(reverse("portfolio:public_project", args=[code])).content.decode()
    return re.sub(r"[A-Za-z0-9]{64}", "", shown.replace(code, ""))


def test_of_any_other_proposal_nothing_tells_that_it_exists(project: Proposal) -> None:
    missing = answer_for("22222222")
    for hidden in in_every_other_status():
        for name in ("public_project", "public_record"):
            answer = Client().get(reverse(f"portfolio:{name}", args=[hidden.code]))
            assert answer.status_code == 404, hidden.status
            assert hidden.code not in answer.content.decode().replace(f"/open/{hidden.code}/", "")
        assert answer_for(hidden.code) == missing
    assert "โครงการลับ" not in everything(project)


def test_the_list_is_searched_by_words_code_and_agency(project: Proposal) -> None:
    other = making.decided(title="กล้องวงจรปิดริมคลอง", agency="dep.11000000")
    assert project.code in text("public_projects", words="นัดหมาย")
    assert other.code not in text("public_projects", words="นัดหมาย")
    assert other.code in text("public_projects", words=other.code.lower())
    found = text("public_projects", agency="dep.11000000")
    assert other.code in found
    assert project.code not in found
    assert "No project fits" in text("public_projects", words="ไม่มีอย่างนี้")


def test_a_code_typed_in_small_letters_is_found(project: Proposal) -> None:
    answer = Client().get(reverse("portfolio:public_project", args=[project.code.lower()]))
    assert answer["Location"] == reverse("portfolio:public_project", args=[project.code])


def test_the_numbers_count_what_may_be_spent_and_was_paid(project: Proposal) -> None:
    making.money(making.decided(), ordinance=2_000_000, adjusted=1_300_000)
    shown = text("public_projects")
    assert "1.80 " in shown  # requested: 0.9 twice
    assert "2.00 " in shown  # 0.7 as in the ordinance and 1.3 as adjusted
    assert "0.20 " in shown


def test_public_pages_cost_few_statements_however_many_projects_there_are(project: Proposal) -> None:
    def cost(name: str, *arguments: Any) -> int:
        with CaptureQueriesContext(connection) as caught:
            text(name, *arguments)
        return len(caught)

    before = {name: cost(name) for name in ("public_projects", "public_releases", "public_budget")}
    for _number in range(6):
        making.money(making.decided(), ordinance=5, disbursed_10=1)
    assert {name: cost(name) for name in before} == before
    assert before["public_projects"] <= 4
    assert before["public_releases"] <= 8
    assert cost("public_project", project.code) <= 10


def test_texts_with_the_marks_of_html_and_formulas_do_no_harm() -> None:
    made = making.decided(title='=HYPERLINK("x")<script>alert(1)</script>')
    assert "<script>alert" not in text("public_project", made.code)
    assert "'=HYPERLINK" in text("public_budget")
    json.loads(text("public_releases"))


def test_money_to_the_satang_survives_the_export() -> None:
    from prasan.portfolio.actions.delivery import figure_record

    made = making.decided()
    figure_record(actor=BOSS, code=made.code, fiscal_year=2570, stage="ordinance", amount=Decimal("123.45"))
    record = json.loads(text("public_record", made.code))["records"][0]
    assert record["compiledRelease"]["planning"]["budget"]["amount"] == {"amount": 123.45, "currency": "THB"}
    assert ",123.45,THB" in text("public_budget")
