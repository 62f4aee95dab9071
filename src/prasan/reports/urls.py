"""Addresses of reports."""

from django.urls import URLPattern, path

from prasan.reports.pages import citizen as citizen_pages
from prasan.reports.pages import desk as desk_pages
from prasan.reports.pages import desk_report as desk_report_pages
from prasan.reports.pages import exports as exports_pages
from prasan.reports.pages import numbers as numbers_pages
from prasan.reports.pages import public as public_pages

app_name = "reports"

citizen: list[URLPattern] = [
    path("report/", citizen_pages.report_new, name="new"),
    path("report/photo/", citizen_pages.report_photo, name="photo_add"),
    path("report/hints/", citizen_pages.report_hints, name="hints"),
    path("report/sent/<str:code>/", citizen_pages.report_sent, name="sent"),
    path("r/<str:code>/<str:step>/", citizen_pages.report_step, name="step"),
    path("unfollow/<str:token>/", citizen_pages.unfollow, name="unfollow"),
    path("find/", citizen_pages.find, name="find"),
]

public: list[URLPattern] = [
    path("r/<str:code>/", public_pages.report, name="report"),
    path("reports/", public_pages.report_list, name="list"),
    path("reports/feed.atom", exports_pages.feed, name="feed"),
    path("reports/reports.csv", exports_pages.csv_file, name="csv"),
    path("reports/reports.geojson", exports_pages.geojson_file, name="geojson"),
    path("map/", public_pages.report_map, name="map"),
    path("tiles/<int:zoom>/<int:column>/<int:row>.mvt", public_pages.tile, name="tile"),
    path("map/districts.geojson", public_pages.district_outlines_file, name="outlines"),
    path("numbers/", numbers_pages.numbers, name="numbers"),
    path("help/", public_pages.help_page, name="help"),
    path("photos/<str:key>/do/<str:decision>/", public_pages.photo_decide, name="photo_decide"),
    path("photos/<str:key>/<str:size>/", public_pages.photo, name="photo"),
]

desk: list[URLPattern] = [
    path("desk/", desk_pages.inbox, name="desk"),
    path("desk/counts/", desk_pages.counts, name="desk_counts"),
    path("desk/filters/", desk_pages.filters, name="desk_filters"),
    path("desk/batch/", desk_pages.batch, name="desk_batch"),
    path("desk/agencies/", desk_pages.agencies, name="desk_agencies"),
    path("desk/dispatch/", desk_pages.dispatch, name="desk_dispatch"),
    path("desk/team/", desk_pages.team, name="desk_team"),
    path("desk/new/", desk_pages.phone, name="desk_phone"),
    path("desk/new/<str:code>/", desk_pages.phone_done, name="desk_phone_done"),
    path("desk/help/", desk_pages.help_page, name="desk_help"),
    path("desk/<str:code>/", desk_report_pages.report, name="desk_report"),
    path("desk/<str:code>/contact/", desk_report_pages.contact, name="desk_contact"),
    path("desk/<str:code>/<str:action>/", desk_report_pages.step, name="desk_step"),
]

urlpatterns: list[URLPattern] = [*citizen, *public, *desk]
