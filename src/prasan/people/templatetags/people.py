"""Tags of people's own pages; ``{% load people %}``."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.translation import gettext as _

from prasan.people.pages.sign_in import providers_for

register = template.Library()


@register.simple_tag
def passkey_texts() -> str:
    """What passkey.ts says to people, as JSON for a ``data-texts`` attribute."""
    return json.dumps(
        {
            "stopped": _("Nothing was sent: the browser stopped, or it took too long. Please try again."),
            "failed": _("The server could not be reached. Please try again."),
        },
        ensure_ascii=False,
    )


@register.simple_tag(takes_context=True)
def staff_providers(context: template.Context) -> list[dict[str, Any]]:
    """Outside sign-in for officers: name and address of each button."""
    return providers_for(context["request"], "staff")
