"""The front page and the pages that belong to no module."""

from django.urls import path

from prasan.site import operations, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("privacy/", pages.privacy, name="privacy"),
    path("about/", pages.about, name="about"),
    path("staff/operations/", operations.operations, name="operations"),
    path("staff/operations/resend/<str:what>/<int:number>/", operations.resend, name="operations_resend"),
]
