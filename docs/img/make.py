"""Takes the README's pictures of a running demonstration: `.venv/bin/python docs/img/make.py http://127.0.0.1:8000`."""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
PASSWORD = "prasan demonstration"  # noqa: S105 — printed by ./run, of demonstration accounts alone
GAP, GROUND = 24, (225, 232, 229)


def open_page(browser: Browser, width: int, height: int) -> Page:
    """A window of this size, in Thai."""
    return browser.new_context(viewport={"width": width, "height": height}, locale="th-TH").new_page()


def shot(page: Page, address: str, wait: float = 1.0) -> Image.Image:
    """The window's content at an address, after `wait` seconds."""
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(wait * 1000)
    return Image.open(BytesIO(page.screenshot()))


def beside(*pictures: Image.Image) -> Image.Image:
    """Pictures in a row on a quiet ground."""
    width = sum(one.width for one in pictures) + GAP * (len(pictures) + 1)
    row = Image.new("RGB", (width, max(one.height for one in pictures) + 2 * GAP), GROUND)
    left = GAP
    for one in pictures:
        row.paste(one, (left, GAP))
        left += one.width + GAP
    return row


def sign_in(page: Page, address: str, role: str) -> None:
    """Enter a page as the demonstration's account of a role."""
    page.goto(address)
    page.fill("input[name=login]", f"{role}@demo.invalid")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{address}**")


def main(address: str) -> None:
    """Write overview.png, map.png, numbers.png, report.png and governor.png."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        phone, desk = open_page(browser, 390, 800), open_page(browser, 1280, 800)
        front, form = shot(phone, f"{address}/"), shot(phone, f"{address}/report/", 4)
        shot(desk, f"{address}/map/", 9).save(HERE / "map.png", optimize=True)
        shot(desk, f"{address}/numbers/").save(HERE / "numbers.png", optimize=True)
        sign_in(desk, f"{address}/desk/", "dispatcher")
        inbox = shot(desk, f"{address}/desk/")
        desk.locator("[data-open]").first.click()
        desk.wait_for_load_state("networkidle")
        desk.screenshot(path=HERE / "report.png")
        beside(front, form, inbox).save(HERE / "overview.png", optimize=True)
        analyst = open_page(browser, 1280, 1000)
        sign_in(analyst, f"{address}/portfolio/governor/", "analyst")
        shot(analyst, f"{address}/portfolio/governor/").save(HERE / "governor.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
