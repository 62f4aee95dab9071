"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """`public_url` for absolute links, `debug` for the style guide's link."""
    return {"public_url": settings.PUBLIC_URL, "debug": settings.DEBUG}
