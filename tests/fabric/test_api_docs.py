"""The API's docs page works in a browser under our Content-Security-Policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_docs_page_draws_every_operation_and_breaks_no_policy(
    live_server: Any, open_page: OpenPage
) -> None:
    page = open_page(language="en")
    page.goto(f"{live_server.url}/api/v1/docs")
    page.wait_for_selector(".opblock", timeout=60_000)
    operations = page.request.get(f"{live_server.url}/api/v1/openapi.json").json()["paths"]
    assert page.locator(".opblock").count() == sum(len(methods) for methods in operations.values())
    page.locator(".opblock").first.click()
    page.wait_for_selector(".opblock-body")
