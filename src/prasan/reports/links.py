"""Absolute addresses that leave the pages: in letters, feeds and exports."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from prasan.reports.policies import reporter_token


def report_url(code: str) -> str:
    """The public page of a report."""
    return f"{settings.PUBLIC_URL}{reverse('reports:report', args=[code])}"


def reporter_url(code: str) -> str:
    """The reporter's own link: whoever holds it acts as the person who sent the report."""
    return f"{report_url(code)}?key={reporter_token(code)}"


def unfollow_url(token: str) -> str:
    """The link with which a follower stops hearing of a report."""
    return f"{settings.PUBLIC_URL}{reverse('reports:unfollow', args=[token])}"
