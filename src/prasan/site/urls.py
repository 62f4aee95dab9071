"""Every address of Prasan."""

from django.urls import include, path

from prasan.site.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("prasan.site.home_urls")),
    path("", include("prasan.fabric.urls")),
    path("", include("prasan.people.urls")),
    path("", include("prasan.reports.urls")),
    path("portfolio/", include("prasan.portfolio.urls")),
    path("committee/", include("prasan.committee.urls")),
]

handler400 = "prasan.fabric.handlers.bad_request"
handler403 = "prasan.fabric.handlers.permission_denied"
handler404 = "prasan.fabric.handlers.page_not_found"
handler500 = "prasan.fabric.handlers.server_error"
