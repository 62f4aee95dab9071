"""Addresses of the committee module."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "committee"
urlpatterns: list[URLPattern] = []
