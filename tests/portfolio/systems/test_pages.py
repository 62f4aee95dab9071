"""The inventory's pages: who enters, what is found, what it costs in statements, and that changes arrive."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Interface, Proposal, System
from tests import factories
from tests.portfolio.systems import making
from tests.portfolio.systems.making import EDUCATION, HEALTH
from tests.portfolio.systems.test_import import APPOINTMENTS, csv_of

pytestmark = pytest.mark.django_db

YEAR = fiscal_year(timezone.localdate())


@pytest.fixture
def officer() -> Client:
    """A digital officer of the health department."""
    return factories.signed_in(factories.officer_user("digital_officer", HEALTH))


@pytest.fixture
def analyst() -> Client:
    return factories.signed_in(factories.officer_user("analyst", "bma"))


def text(client: Client, name: str, *arguments: Any, **query: Any) -> str:
    answer = client.get(
        reverse(f"portfolio:{name}", args=arguments), query, headers={"Accept-Language": "th"}
    )
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


PAGES = (
    "systems",
    "systems_due",
    "systems_network",
    "systems_capabilities",
    "systems_cell",
    "systems_silos",
)


@pytest.mark.parametrize("name", PAGES)
def test_nobody_but_officers_of_the_portfolio_sees_the_inventory(name: str, officer: Client) -> None:
    address = reverse(f"portfolio:{name}")
    assert Client().get(address).status_code == 302
    assert factories.signed_in(factories.officer_user("officer")).get(address).status_code == 403
    assert officer.get(address).status_code == 200


def test_one_system_is_hidden_from_strangers_and_a_wrong_code_is_not_found(officer: Client) -> None:
    made = making.system()
    address = reverse("portfolio:system", args=[made.code])
    assert Client().get(address).status_code == 302
    assert factories.signed_in(factories.officer_user("dispatcher", "bma")).get(address).status_code == 403
    assert officer.get(reverse("portfolio:system", args=["nothing"])).status_code == 404


# --- finding ----------------------------------------------------------------------------------------------------------


def found(client: Client, **query: Any) -> set[str]:
    page = client.get(reverse("portfolio:systems"), query).context["page"]
    return {system.code for system in page.items}


def test_systems_are_found_by_thai_words_in_any_of_their_texts(analyst: Client) -> None:
    making.system(code="A", name_th="ระบบบันทึกเวลาปฏิบัติราชการ", purpose="ลงเวลาเข้าออกของข้าราชการ")
    making.system(code="B", name_th="ระบบจองห้องประชุม", vendor="บริษัทฟ้าใส", data_held=("การจองห้อง",))
    assert found(analyst, words="เวลาราชการ") == {"A"}
    assert found(analyst, words="ฟ้าใส") == {"B"}
    assert found(analyst, words="จองห้อง") == {"B"}
    assert found(analyst, words="ระบบ") == {"A", "B"}
    assert found(analyst, words="b") == {"B"}
    assert found(analyst, words="โรงเรียน") == set()
    assert found(analyst, words="100%") == set()


def test_systems_are_found_by_agency_capability_lifecycle_hosting_and_contract(analyst: Client) -> None:
    soon = timezone.localdate() + timedelta(days=60)
    making.system(making.DIVISION, code="A", capability="health.centres", hosting="city", contract_end=soon)
    making.system(EDUCATION, code="B", capability="education.students", lifecycle="planned")
    assert found(analyst, agency=HEALTH) == {"A"}  # the division stands below it
    assert found(analyst, capability="health") == found(analyst, capability="health.centres") == {"A"}
    assert found(analyst, lifecycle="planned") == {"B"}
    assert found(analyst, hosting="city") == {"A"}
    assert (found(analyst, contract="90"), found(analyst, contract="365")) == ({"A"}, {"A"})
    assert found(analyst, agency="no.such", hosting="moon", contract="x") == {"A", "B"}


def test_an_empty_inventory_says_what_to_do_next(officer: Client) -> None:
    assert reverse("portfolio:system_new") in text(officer, "systems")
    making.system()
    assert "ไม่มีระบบที่ตรง" in text(officer, "systems", words="ไม่มีอย่างนี้แน่")


# --- entering, changing, confirming ------------------------------------------------------------------------------


def form(**changes: Any) -> dict[str, Any]:
    given = {
        "name_th": "ระบบใหม่", "owner": HEALTH, "lifecycle": "in_use", "hosting": "own", "criticality": "high",
        "personal_data": "general", "data_held": "ผู้ป่วย\nนัดหมาย", "capability": "citizen.queues",
        f"cost_{YEAR}": "1250000", "users": "40", "contract_end": "2027-09-30",
    }  # fmt: skip
    return given | changes


def test_an_officer_enters_a_system_and_comes_to_its_page(officer: Client) -> None:
    answer = officer.post(reverse("portfolio:system_new"), form(code="HD-1"))
    assert answer["Location"] == reverse("portfolio:system", args=["HD-1"])
    made = System.objects.get()
    assert (made.data_held, made.contract_end, made.users) == (["ผู้ป่วย", "นัดหมาย"], date(2027, 9, 30), 40)
    assert [(one.fiscal_year, one.amount) for one in made.costs.all()] == [(YEAR, 1_250_000)]
    page = text(officer, "system", "HD-1")
    assert "1,250,000" in page
    assert "30\xa0ก.ย.\xa02570" in page


def test_sending_the_form_twice_enters_one_system(officer: Client) -> None:
    given = form() | {"idempotency_key": "a-key-of-this-form"}
    places = {officer.post(reverse("portfolio:system_new"), given)["Location"] for _ in range(2)}
    assert (System.objects.count(), len(places)) == (1, 1)


def test_a_wrong_field_keeps_what_was_written_and_says_what_is_wrong(officer: Client) -> None:
    answer = officer.post(reverse("portfolio:system_new"), form(name_th="", purpose="เขียนไว้แล้ว"))
    assert answer.status_code == 422
    assert "เขียนไว้แล้ว" in answer.content.decode()
    making.system(code="HD-1")
    answer = officer.post(reverse("portfolio:system_new"), form(code="HD-1"))
    assert list(answer.context["form"].errors) == ["code"]
    foreign = officer.post(reverse("portfolio:system_new"), form(owner=EDUCATION))
    assert list(foreign.context["form"].errors) == ["owner"]


def test_a_change_arrives_and_an_old_form_is_refused_with_a_sentence(officer: Client) -> None:
    made = making.system(costs={YEAR: Decimal(5), 2560: Decimal(7)})
    address = reverse("portfolio:system_change", args=[made.code])
    changed = form(name_th="ชื่อใหม่", version="1") | {f"cost_{YEAR}": ""}
    assert officer.post(address, changed).status_code == 302
    made.refresh_from_db()
    assert made.name_th == "ชื่อใหม่"
    assert [one.fiscal_year for one in made.costs.all()] == [2560]  # a year that the form does not show stays
    late = officer.post(address, form(name_th="อีกชื่อ", version="1"))
    assert late.status_code == 422
    assert "มีผู้แก้ไข" in late.content.decode()
    assert System.objects.get().name_th == "ชื่อใหม่"


def test_buttons_and_forms_are_for_who_may(officer: Client) -> None:
    foreign = making.system(EDUCATION)
    page = text(officer, "system", foreign.code)
    assert reverse("portfolio:system_change", args=[foreign.code]) not in page
    for name in ("system_change", "system_confirm", "system_retire"):
        assert officer.post(reverse(f"portfolio:{name}", args=[foreign.code])).status_code == 403


def test_what_is_due_is_listed_for_its_owners_and_confirmed_there(officer: Client, analyst: Client) -> None:
    mine, foreign, fresh = making.system(), making.system(EDUCATION), making.system()
    System.objects.filter(pk=fresh.pk).update(confirmed_on=timezone.localdate())
    page = text(officer, "systems_due")
    assert mine.code in page
    assert foreign.code not in page
    assert fresh.code not in page
    assert foreign.code in text(analyst, "systems_due")
    answer = officer.post(reverse("portfolio:system_confirm", args=[mine.code]), {"version": "1", "due": "1"})
    assert answer["Location"] == reverse("portfolio:systems_due")
    text(officer, "systems_due")  # thanks for it, by its code
    assert mine.code not in text(officer, "systems_due")


def test_a_connection_is_entered_by_a_choice_and_removed_again(officer: Client) -> None:
    one, other = making.system(code="A"), making.system(EDUCATION, code="B", name_th="ระบบอื่น")
    given = {"direction": "uses", "other": "B · ระบบอื่น", "what": "นักเรียน", "method": "manual"}
    assert officer.post(reverse("portfolio:interface_add", args=["A"]), given).status_code == 302
    link = Interface.objects.get()
    assert (link.provider, link.consumer) == (other, one)
    wrong = officer.post(reverse("portfolio:interface_add", args=["A"]), given | {"other": "ไม่มี"})
    assert wrong.status_code == 422
    assert list(wrong.context["form"].errors) == ["other"]
    assert officer.post(reverse("portfolio:interface_remove", args=["A", link.pk])).status_code == 302
    assert not Interface.objects.exists()


def test_what_is_typed_suggests_systems_by_code_and_thai_words(officer: Client) -> None:
    making.system(EDUCATION, code="ED-1", name_th="ระบบทะเบียนนักเรียน")
    making.system(EDUCATION, code="ED-2", name_th="ระบบทะเบียนนักเรียนเก่า", lifecycle="retired")
    for typed in ("ed-1", "นักเรียน", "ED-1 · ระบบทะเบียนนักเรียน"):
        assert [one.code for one in officer.get(suggestions_url(), {"other": typed}).context["found"]] == [
            "ED-1"
        ]
    assert officer.get(suggestions_url(), {"other": " "}).context["found"] == []
    assert factories.signed_in(factories.officer_user("officer")).get(suggestions_url()).status_code == 403


def suggestions_url() -> str:
    return reverse("portfolio:systems_suggestions")


def test_the_history_tells_who_did_what_in_words(analyst: Client) -> None:
    person = factories.officer_user("digital_officer", HEALTH, name="กมล")
    client = factories.signed_in(person)
    client.post(reverse("portfolio:system_new"), form(code="HD-1"))
    client.post(reverse("portfolio:system_change", args=["HD-1"]), form(hosting="city"))
    page = text(analyst, "system", "HD-1")
    assert "กมล" in page
    assert "ห้องเซิร์ฟเวอร์ของหน่วยงาน → ศูนย์ข้อมูลของกรุงเทพมหานคร" in page


def test_a_file_is_checked_first_and_taken_over_by_the_second_button(officer: Client) -> None:
    address = reverse("portfolio:systems_import")
    checked = officer.post(address, {"file": csv_of(APPOINTMENTS), "check": "1"})
    assert (checked.status_code, checked.context["done"].created, System.objects.count()) == (200, 1, 0)
    assert officer.post(address, {"file": csv_of(APPOINTMENTS)}).status_code == 302
    assert System.objects.count() == 1
    faulty = officer.post(address, {"file": csv_of(("HD-2", "", "", "", "สำนักที่ไม่มี", *[""] * 8))})
    assert (faulty.status_code, {one.cell for one in faulty.context["errors"]}) == (422, {"B2", "E2"})


# --- the whole --------------------------------------------------------------------------------------------------------


def test_the_graph_draws_every_connection_and_the_table_names_it() -> None:
    client = factories.signed_in(factories.officer_user("auditor", "bma"))
    one, other, alone = making.system(code="A"), making.system(EDUCATION, code="B"), making.system(code="C")
    gone = making.system(code="D", lifecycle="retired")
    making.connect(one, other, "นักเรียน", "manual")
    making.connect(one, gone)
    page = client.get(reverse("portfolio:systems_network"))
    drawing = page.context["drawing"]
    assert [(arrow["provider"], arrow["consumer"], arrow["manual"]) for arrow in drawing["arrows"]] == [
        ("A", "B", True)
    ]
    assert page.context["alone"] == [alone]
    assert "นักเรียน" in page.content.decode()
    narrowed = client.get(reverse("portfolio:systems_network"), {"agency": EDUCATION})
    assert set(narrowed.context["network"].systems) == {"A", "B"}


def test_too_many_connections_are_told_in_the_table_alone(
    analyst: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prasan.portfolio.pages.systems_views.MOST_DRAWN", 1)
    one, other, third = making.system(), making.system(), making.system()
    making.connect(one, other)
    making.connect(other, third)
    page = analyst.get(reverse("portfolio:systems_network"))
    assert page.context["drawing"] is None
    assert len(page.context["network"].interfaces) == 2


def proposal(agency: str, capability: str, status: str, total: int, code: str) -> Proposal:
    return Proposal.objects.create(
        code=code,
        agency_id=agency,
        title=f"โครงการ {code}",
        capability=capability,
        status=status,
        total=total,
    )


def cells(client: Client, **query: Any) -> dict[str, list[str]]:
    context = client.get(reverse("portfolio:systems_capabilities"), query).context
    return {row["name"]: [cell["text"] for cell in row["cells"]] for row in context["rows"]}


def test_the_heat_map_counts_systems_baht_and_requests(analyst: Client) -> None:
    making.system(making.DIVISION, capability="health.centres", costs={YEAR - 1: Decimal(2_000_000)})
    making.system(HEALTH, capability="health.centres", costs={YEAR: Decimal(500_000), YEAR + 1: Decimal(9)})
    making.system("district.1001.works", capability="works.roads")
    making.system("district.1002", capability="works.roads")
    making.system(HEALTH, capability="health.centres", lifecycle="retired")
    proposal(HEALTH, "health.telemedicine", "submitted", 3_000_000, "P-1")
    proposal(HEALTH, "health.telemedicine", "draft", 8_000_000, "P-2")
    health, works = "การแพทย์และสาธารณสุข", "โยธา ผังเมือง และอาคาร"
    counted = cells(analyst)
    assert (counted[health], counted[works]) == (["2", ""], ["", "2"])  # both districts in one column
    assert cells(analyst, show="cost")[health] == ["2.5", ""]
    assert cells(analyst, show="requests")[health] == ["1", ""]
    assert cells(analyst, show="requested")[health] == ["3.0", ""]
    inside = cells(analyst, group="health")
    assert inside["ศูนย์บริการสาธารณสุขและเยี่ยมบ้าน"] == ["2"]


def test_a_cell_opens_the_rows_behind_it_and_no_request_that_one_may_not_read(
    officer: Client, analyst: Client
) -> None:
    making.system(HEALTH, code="HD-1", capability="health.centres")
    making.system(EDUCATION, code="ED-1", capability="health.centres")
    proposal(HEALTH, "health.centres", "submitted", 1, "P-1")
    proposal(EDUCATION, "health.centres", "submitted", 1, "P-2")
    page = text(analyst, "systems_cell", capability="health", agency=HEALTH)
    assert [code in page for code in ("HD-1", "ED-1", "P-1", "P-2")] == [True, False, True, False]
    whole = text(officer, "systems_cell", capability="health.centres")
    assert [code in whole for code in ("HD-1", "ED-1", "P-1", "P-2")] == [True, True, True, False]
    assert cells(officer, show="requests")["การแพทย์และสาธารณสุข"] == ["1", ""]


def test_the_silo_page_shows_definition_number_series_and_rows(analyst: Client) -> None:
    one, other = (
        making.system(code="A", data_held=("ผู้ป่วย",)),
        making.system(EDUCATION, code="B", data_held=("ผู้ป่วย",)),
    )
    making.connect(one, other, method="manual")
    silos_publish(today=timezone.localdate() - timedelta(days=40))
    silos_publish()
    page = analyst.get(reverse("portfolio:systems_silos"))
    numbers = {row["definition"].code: row["value"] for row in page.context["numbers"]}
    assert numbers["isolated_share"] == 100
    assert numbers["repeated_data"] == numbers["manual_links"] == 1
    assert len(page.context["months"]) == 2
    assert "การคีย์ซ้ำไม่นับเป็นการเชื่อมโยง" in page.content.decode()
    own = analyst.get(reverse("portfolio:systems_silos"), {"agency": EDUCATION})
    assert {row["definition"].code: row["value"] for row in own.context["numbers"]}["systems"] == 1


# --- what it costs ----------------------------------------------------------------------------------------------

# Statements of a page beyond the three of session and user.
BUDGETS = {
    "systems": 2, "systems_due": 1, "systems_network": 5, "systems_capabilities": 2, "systems_cell": 2,
    "systems_silos": 4,
}  # fmt: skip


@pytest.mark.parametrize("count", [2, 30])
@pytest.mark.parametrize("name", BUDGETS)
def test_a_page_costs_the_same_whatever_the_number_of_systems(analyst: Client, name: str, count: int) -> None:
    agencies = [code for code, one in registers().agencies.items() if one.kind == Agency.Kind.DEPARTMENT]
    made = [
        making.system(agencies[number % len(agencies)], capability="health.centres", data_held=("ผู้ป่วย",))
        for number in range(count)
    ]
    for one, other in pairwise(made):
        making.connect(one, other)
    silos_publish()
    analyst.get(reverse(f"portfolio:{name}"))
    with CaptureQueriesContext(connection) as queries:
        assert analyst.get(reverse(f"portfolio:{name}")).status_code == 200
    assert len(queries) <= BUDGETS[name] + 3, [one["sql"][:90] for one in queries]


@pytest.mark.parametrize("count", [2, 30])
def test_a_systems_page_costs_the_same_whatever_it_is_connected_with(analyst: Client, count: int) -> None:
    made = making.system()
    for _ in range(count):
        making.connect(made, making.system())
    with CaptureQueriesContext(connection) as queries:
        assert analyst.get(reverse("portfolio:system", args=[made.code])).status_code == 200
    assert len(queries) <= 8 + 3, [one["sql"][:90] for one in queries]
