"""A real Chromium for tests: fixtures, and what every page is judged by."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import pytest

from prasan.fabric import assets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., "Page"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the run; without Chromium the test is skipped."""
    if CHROMIUM is None:
        pytest.skip(
            "BROWSER TESTS ARE SKIPPED: no chromium on this machine (Debian: apt-get install chromium)"
        )
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; Django would refuse to touch the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens pages of given ``width``, ``theme`` (light, dark) and ``language``; fails on script or policy errors."""
    assets.build()
    problems: list[str] = []
    contexts = []

    def open_one(
        *, width: int = 1280, theme: Literal["light", "dark"] = "light", language: str = "th", **options: Any
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 640 if width < 600 else 800},
            color_scheme=theme,
            locale="th-TH" if language == "th" else "en-GB",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        for host in ("localhost", "127.0.0.1"):
            context.add_cookies([{"name": "prasan_language", "value": language, "domain": host, "path": "/"}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if "Security Policy" in said.text else None
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def axe_findings(page: Page) -> list[str]:
    """What axe calls serious or critical on the page as it stands (WCAG 2.2 A and AA, best practices)."""
    assets.install(development=True)
    page.evaluate((assets.NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{finding['id']}: {finding['help']} at {node['target']}"
        for finding in result["violations"]
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"]
    ]


def sideways_overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
