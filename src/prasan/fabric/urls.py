"""Addresses of the fabric: health, metrics, language."""

from django.urls import include, path

from prasan.fabric import health, pages

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("theme/", pages.theme, name="theme"),
    path("kit/", pages.kit, name="kit"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("metrics", health.numbers, name="metrics"),
    path("kit/outlines", pages.kit_outlines),
    path("kit/tiles/<int:zoom>/<int:column>/<int:row>", pages.kit_tile),
]
