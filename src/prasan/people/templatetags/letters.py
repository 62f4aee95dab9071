"""Links for letters, made while the letter is written; ``{% load letters %}``."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.urls import reverse

from prasan.people.links import password_path, sign_in_token
from prasan.people.models import User

register = template.Library()


@register.simple_tag
def sign_in_url(citizen_id: int, next_path: str = "") -> str:
    """Address that signs the citizen in, once, within 30 minutes."""
    query = {"token": sign_in_token(User.objects.get(pk=citizen_id)), "next": next_path}
    return (
        f"{settings.PUBLIC_URL}{reverse('sign_in_link')}?{urlencode({k: v for k, v in query.items() if v})}"
    )


@register.simple_tag
def password_url(officer_id: int) -> str:
    """Address where the officer chooses a password, once, within three days."""
    return settings.PUBLIC_URL + password_path(User.objects.get(pk=officer_id))
