"""Addresses of the committee module."""

from __future__ import annotations

from django.urls import path

from prasan.committee.pages import committees, meetings, steps

app_name = "committee"
MEETING = "<slug:code>/<int:year>/<int:number>"
urlpatterns = [
    path("", committees.committees, name="list"),
    path("new/", committees.new, name="new"),
    path("workflow/", committees.workflow, name="workflow"),
    path("follow-ups/", committees.follow_ups, name="follow_ups"),
    path("follow-ups/<int:number>/", committees.follow_up, name="follow_up"),
    path("follow-ups/<int:number>/close/", committees.follow_up_close, name="follow_up_close"),
    path("papers/<str:key>/", meetings.paper, name="paper"),
    path("<slug:code>/", committees.committee, name="committee"),
    path("<slug:code>/change/", committees.change, name="change"),
    path("<slug:code>/decisions/", committees.decided, name="decisions"),
    path("<slug:code>/matters/", committees.matters, name="matters"),
    path("<slug:code>/matters/<str:matter>/", committees.matter, name="matter"),
    path("<slug:code>/members/new/", committees.member_new, name="member_new"),
    path("<slug:code>/members/<int:member>/end/", committees.member_end, name="member_end"),
    path("<slug:code>/meetings/new/", committees.meeting_new, name="meeting_new"),
    path(f"{MEETING}/", meetings.meeting, name="meeting"),
    path(f"{MEETING}/items/<int:item>/", meetings.item, name="item"),
    path(f"{MEETING}/live/", meetings.live, name="live"),
    path(f"{MEETING}/live/state/", meetings.live_state, name="live_state"),
    path(f"{MEETING}/live/tools/", meetings.live_tools, name="live_tools"),
    path(f"{MEETING}/minutes/", meetings.minutes_page, name="minutes"),
    path(f"{MEETING}/minutes.pdf", meetings.minutes_pdf, name="minutes_pdf"),
    path(f"{MEETING}/do/<str:action>/", steps.step, name="step"),
]
