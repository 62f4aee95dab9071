"""The API keeps what its OpenAPI document promises, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from prasan.fabric.actors import Actor
from prasan.people import scopes
from prasan.people.actions.api_keys import api_key_create
from prasan.people.models import RoleGrant, User
from prasan.portfolio.actions.systems import SystemGiven, system_create
from prasan.portfolio.api import systems
from prasan.reports import actions
from prasan.reports.api.schemas import EXAMPLE_CODE, MergeIn
from prasan.reports.models import Report
from prasan.reports.policies import reporter_token
from prasan.site.api import api
from prasan.site.wsgi import application
from tests import factories

pytestmark = pytest.mark.django_db

EXAMPLES = 8  # for each operation and kind of data: some 30 seconds together
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
DOCUMENT = api.get_openapi_schema()


def can_be_wrong(operation: dict[str, Any]) -> bool:
    """Whether something is sent that its description does not allow; our headers are texts of any kind."""
    return "requestBody" in operation or any(one["in"] != "header" for one in operation["parameters"])


OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Refusals for too many requests would hide everything behind them. Photos go to a folder of the test's own."""
    monkeypatch.setattr("prasan.people.api.rate_check", lambda *_: None)
    photos = {"BACKEND": "prasan.fabric.files.LocalStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "photos": photos}


@pytest.fixture(autouse=True)
def _one_connection(db: None) -> Iterator[None]:
    """As Django's own test client does: the end of a request does not close the test's connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def key() -> str:
    every = [scope.code for scope in scopes.scopes()]
    return api_key_create(actor=Actor.system("tests"), name="test", agency=None, scope_codes=every)[1]


@cache
def document() -> schemathesis.BaseSchema:
    """The document, its operations served without a network."""
    schema = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))
    schema.app = application
    return schema


def described(method: str, path: str) -> schemathesis.APIOperation:
    """An operation of the document."""
    return document()[path][method.upper()]


def few(function: Any) -> Any:
    """A bounded run with the same examples each time; what one writes stays for the next."""
    return settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
        phases=[Phase.explicit, Phase.generate],  # a failing example is told as found: making it small takes too long
        suppress_health_check=list(HealthCheck),
    )(function)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (method, path, mode)
        for method, path in OPERATIONS
        for mode in GenerationMode
        if mode.is_positive or can_be_wrong(DOCUMENT["paths"][path][method])
    ],
)
def test_every_operation_answers_as_it_is_described(method: str, path: str, mode: GenerationMode, key: str) -> None:
    operation = described(method, path)
    code = factories.report(category="complaint").code

    @few
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans(), is_reporter=st.booleans())
    def run(case: Any, is_real: bool, is_reporter: bool) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        if is_real and "{code}" in path and "reports" in path:
            case.path_parameters["code"] = code
        if is_reporter:
            headers["Reporter-Token"] = reporter_token(code)
        case.call_and_validate(checks=CHECKS, headers=headers)

    run()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_answers_nobody_as_it_is_described(method: str, path: str) -> None:
    @few
    @given(case=described(method, path).as_strategy())
    def run(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    run()


# --- examples -------------------------------------------------------------------------------------------------


def asked(code: str) -> None:
    actions.report_ask(actor=factories.officer("dispatcher", "bma"), code=code, note="อยู่หน้าร้านใด")


def finished(code: str) -> None:
    actions.report_finish(actor=factories.officer("dispatcher", "bma"), code=code, note="เรียบร้อยแล้ว")


# What has to have happened before a step is possible.
BEFORE = {"answer": asked, "reopen": finished, "rate": finished, "resume": finished}


def report_as(code: str) -> Report:
    """A public report with a code of one's choice that needs no photo to be finished."""
    longitude, latitude = factories.PHRA_NAKHON
    given = actions.Submission(text="ขอสอบถาม", category="complaint", longitude=longitude, latitude=latitude)
    return actions.report_submit(actor=Actor.anonymous(), submission=given, code=code)


@pytest.fixture
def examples(key: str) -> dict[str, str]:
    """Reports, systems and an officer as the examples name them; headers of somebody who may do everything."""
    for code in (systems.EXAMPLE_CODE, systems.OTHER_CODE):
        given = SystemGiven(name_th=f"ระบบ {code}")
        system_create(actor=Actor.system("tests"), owner="dep.14000000", given=given, code=code)
    for code in (EXAMPLE_CODE, MergeIn.model_config["json_schema_extra"]["example"]["other"]):  # type: ignore[index,call-overload]
        report_as(code)
    with connection.cursor() as cursor:  # nobody made later gets the id of the example's officer
        cursor.execute("select setval('people_user_id_seq', nextval('people_user_id_seq') + 1)")
    officer = User.objects.create(pk=1, kind=User.Kind.OFFICER, username="one", email="one@city.example")
    agency = Report.objects.get(code=EXAMPLE_CODE).agency_id
    RoleGrant.objects.create(user=officer, agency_id=agency, role="officer")
    return {"Authorization": f"Bearer {key}", "Reporter-Token": reporter_token(EXAMPLE_CODE)}


def example_of(operation: Any, where: str) -> dict[str, Any]:
    """The examples of an operation's parameters in the path or the query."""
    parameters = DOCUMENT["paths"][operation.path][operation.method.lower()]["parameters"]
    found = {one["name"]: one.get("example", one["schema"].get("example")) for one in parameters if one["in"] == where}
    return {name: value for name, value in found.items() if value is not None}


def example_body(operation: Any) -> dict[str, Any] | None:
    """The example of an operation's JSON body."""
    content = DOCUMENT["paths"][operation.path][operation.method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    body: dict[str, Any] = DOCUMENT["components"]["schemas"][name]["example"]
    return body


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if one[1] != "/api/v1/photos"])
def test_every_example_works_as_it_stands(method: str, path: str, examples: dict[str, str]) -> None:
    BEFORE.get(path.rsplit("/", 1)[1], lambda code: None)(EXAMPLE_CODE)
    operation, body = described(method, path), {}
    if (given_body := example_body(operation)) is not None:
        body = {"body": given_body, "media_type": "application/json"}
    case = operation.Case(path_parameters=example_of(operation, "path"), query=example_of(operation, "query"), **body)
    assert case.call_and_validate(checks=CHECKS, headers=examples).status_code in (200, 201)


def test_every_body_has_an_example() -> None:
    for method, path in OPERATIONS:
        operation = described(method, path)
        assert method == "get" or path == "/api/v1/photos" or example_body(operation), path
