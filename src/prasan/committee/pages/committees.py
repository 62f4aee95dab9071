"""Committees, their members and rules, decisions, matters across meetings, tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.committee import actions, policies
from prasan.committee.models import Committee, FollowUp, Matter
from prasan.committee.pages.forms import CommitteeForm, MemberEndForm, MemberForm, PlanForm, ReportForm
from prasan.committee.policies import Seat
from prasan.committee.queries import committees as queries
from prasan.committee.rules import MAJORITIES
from prasan.committee.workflow import WORKFLOW
from prasan.committee.workflow_words import rows
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.problems import NotFound, Problem
from prasan.people.actors import actor_of
from prasan.people.forms import add_problem
from prasan.people.gates import officers_only

ORIGIN = "committee"


@require_GET
def committees(request: HttpRequest) -> HttpResponse:
    """Committees that the reader may see."""
    actor = actor_of(request)
    context = {
        "committees": queries.committees(actor),
        "may_create": policies.may_manage_committees(actor),
        "is_officer": actor.is_officer,
    }
    return render(request, "committee/list.html", context)


@require_GET
def committee(request: HttpRequest, code: str) -> HttpResponse:
    """One committee: who sits in it by which order and rules, its meetings and decisions."""
    actor = actor_of(request)
    found, seat = queries.entered(actor, code)
    listed = queries.meetings_page(found, seat=seat, cursor=request.GET.get("cursor", ""))
    context = {
        "committee": found,
        "seat": seat,
        "inside": seat.is_inside,
        "members": queries.members_now(found),
        "meetings": listed,
        "decided": queries.decisions_page(found, seat=seat).items[:8],
        "rules": rules_in_words(found),
        "may_manage": policies.may_manage_committees(actor),
        "may_plan": "secretary" in seat.parts,
    }
    return render(request, "committee/committee.html", context)


@require_GET
def decided(request: HttpRequest, code: str) -> HttpResponse:
    """Every resolution, newest first, with a search in their words."""
    found, seat = queries.entered(actor_of(request), code)
    words = request.GET.get("words", "")[:200]
    listed = queries.decisions_page(found, seat=seat, cursor=request.GET.get("cursor", ""), words=words)
    context = {"committee": found, "inside": seat.is_inside, "decided": listed, "words": words}
    return render(request, "committee/decisions.html", context)


def rules_in_words(found: Committee) -> list[tuple[Any, Any]]:
    """The rules in force as (name, value) for people."""
    rules = found.ruling
    yes_no = {True: _("yes"), False: _("no")}
    return [
        (_("Quorum"), _("%(share)s of the members") % {"share": rules.quorum}),
        (_("Quorum of a second call"), _("%(share)s of the members, within %(days)d days") % {
            "share": rules.second_call_quorum, "days": rules.second_call_days}),
        (pgettext("meeting", "Notice"), _("at least %(days)d days before") % {"days": rules.notice_days}),
        (_("Majority"), MAJORITIES[rules.majority]),
        (_("Chair's casting vote"), yes_no[rules.casting_vote]),
        (_("The recused do not count for the quorum"), yes_no[rules.recused_leave]),
        (_("Agenda"), _("%(count)d parts") % {"count": len(rules.sections)}),
    ]  # fmt: skip


# ---- changing committees ----


@require_http_methods(["GET", "POST"])
@officers_only
def new(request: HttpRequest) -> HttpResponse:
    """Make a committee."""
    actor = actor_of(request)
    if not policies.may_manage_committees(actor):
        raise NotFound
    form = CommitteeForm(request.POST or None)

    def save() -> str:
        made = actions.committee_create(
            actor=actor, code=form.cleaned_data["code"], origin=ORIGIN, **form.arguments
        )
        return reverse("committee:committee", args=[made.code])

    return _handled(request, form, save, "committee/committee_form.html", {"title": _("New committee")})


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change names, order, powers, rules and what is public."""
    actor, found = _managed(request, code)
    form = CommitteeForm(request.POST or None, initial=CommitteeForm.initial_of(found))
    del form.fields["code"]

    def save() -> str:
        actions.committee_change(actor=actor, committee=code, origin=ORIGIN, **form.arguments)
        return reverse("committee:committee", args=[code])

    context = {"title": _("Order and rules"), "committee": found}
    return _handled(request, form, save, "committee/committee_form.html", context)


@require_http_methods(["GET", "POST"])
@officers_only
def member_new(request: HttpRequest, code: str) -> HttpResponse:
    """Appoint a member."""
    actor, found = _managed(request, code)
    form = MemberForm(request.POST or None)

    def save() -> str:
        given = {name: value for name, value in form.cleaned_data.items() if value is not None}
        actions.member_add(actor=actor, committee=code, origin=ORIGIN, **given)
        return reverse("committee:committee", args=[code])

    context = {"title": _("Appoint a member"), "committee": found}
    return _handled(request, form, save, "committee/committee_form.html", context)


@require_http_methods(["GET", "POST"])
@officers_only
def member_end(request: HttpRequest, code: str, member: int) -> HttpResponse:
    """End a member's term."""
    actor, found = _managed(request, code)
    row = next((one for one in queries.members_now(found) if one.pk == member), None)
    if row is None:
        raise NotFound
    form = MemberEndForm(request.POST or None)

    def save() -> str:
        last_day = form.cleaned_data["last_day"]
        actions.member_end(actor=actor, committee=code, member=member, last_day=last_day, origin=ORIGIN)
        return reverse("committee:committee", args=[code])

    context = {"title": _("End the term of %(name)s") % {"name": row.name}, "committee": found}
    return _handled(request, form, save, "committee/committee_form.html", context)


@require_http_methods(["GET", "POST"])
@officers_only
def meeting_new(request: HttpRequest, code: str) -> HttpResponse:
    """Plan the next meeting."""
    actor = actor_of(request)
    found, seat = queries.entered(actor, code)
    if "secretary" not in seat.parts:
        raise NotFound
    form = PlanForm(request.POST or None, committee=found)

    def save() -> str:
        made = actions.meeting_plan(actor=actor, committee=code, origin=ORIGIN, **form.arguments)
        return reverse("committee:meeting", args=[code, made.year, made.number])

    context = {"title": _("Plan a meeting"), "committee": found}
    return _handled(request, form, save, "committee/committee_form.html", context)


def _managed(request: HttpRequest, code: str) -> tuple[Actor, Committee]:
    actor = actor_of(request)
    found, _seat = queries.entered(actor, code)
    if not policies.may_manage_committees(actor):
        raise NotFound
    return actor, found


def _handled(
    request: HttpRequest, form: Any, save: Callable[[], str], template: str, context: dict[str, Any]
) -> HttpResponse:
    """Show the form, or save what it says and go on; refusals stand at its fields."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                target = save()
            except NotFound:
                raise
            except Problem as problem:
                add_problem(form, problem)
            else:
                messages.success(request, _("Saved."))
                return HttpResponseRedirect(target)
    return render(request, template, context | {"form": form}, status=status)


# ---- across meetings ----


@require_GET
@officers_only
def matters(request: HttpRequest, code: str) -> HttpResponse:
    """What the committee deals with, whatever the meeting."""
    found, _seat = _inside(actor_of(request), code)
    state = request.GET.get("state", "")
    listed = queries.matters_page(found, state=state, cursor=request.GET.get("cursor", ""))
    here = reverse("committee:matters", args=[code])
    choices = [("", _("All")), *Matter.State.choices]
    tabs = [
        {"label": label, "url": f"{here}?state={value}" if value else here, "current": state == value}
        for value, label in choices
    ]
    return render(request, "committee/matters.html", {"committee": found, "matters": listed, "tabs": tabs})


@require_GET
@officers_only
def matter(request: HttpRequest, code: str, matter: str) -> HttpResponse:
    """One matter through its meetings."""
    found, _seat = _inside(actor_of(request), code)
    shown = queries.matter_detail(found, matter)
    return render(
        request, "committee/matter.html", {"committee": found, "matter": shown, "url": _subject_url(shown)}
    )


def _subject_url(shown: Matter) -> str:
    """Where the subject's own module shows it, if it does."""
    if not shown.kind:
        return ""
    try:
        subject = decisions.kind(shown.kind).find(shown.reference)
    except KeyError:
        return ""
    return subject.url if subject is not None else ""


@require_GET
@officers_only
def follow_ups(request: HttpRequest) -> HttpResponse:
    """Tasks of resolutions, the next due first."""
    everything = request.GET.get("all") == "1"
    listed = queries.follow_ups_page(
        actor_of(request), everything=everything, cursor=request.GET.get("cursor", "")
    )
    here = reverse("committee:follow_ups")
    tabs = [
        {"label": pgettext("task", "Open"), "url": here, "current": not everything},
        {"label": _("All"), "url": f"{here}?all=1", "current": everything},
    ]
    return render(request, "committee/follow_ups.html", {"tasks": listed, "tabs": tabs})


@require_http_methods(["GET", "POST"])
@officers_only
def follow_up(request: HttpRequest, number: int) -> HttpResponse:
    """One task: report on it; the secretary closes it."""
    actor = actor_of(request)
    task = queries.follow_up_detail(actor, number)
    seat = policies.seat_of(actor, task.committee)
    is_open = task.state != FollowUp.State.CLOSED
    form = ReportForm(request.POST or None)

    def save() -> str:
        actions.follow_up_report(actor=actor, follow_up=number, origin=ORIGIN, **form.cleaned_data)
        return reverse("committee:follow_up", args=[number])

    context = {
        "task": task,
        "inside": seat.is_inside,
        "may_report": is_open and ("secretary" in seat.parts or policies.is_owner(actor, task)),
        "may_close": is_open and "secretary" in seat.parts,
    }
    return _handled(request, form, save, "committee/follow_up.html", context)


@require_POST
@officers_only
def follow_up_close(request: HttpRequest, number: int) -> HttpResponse:
    """Close a task."""
    actions.follow_up_close(actor=actor_of(request), follow_up=number, origin=ORIGIN)
    messages.success(request, _("Done: %(step)s.") % {"step": WORKFLOW["follow_up_close"].label})
    return HttpResponseRedirect(reverse("committee:follow_up", args=[number]))


@require_GET
def workflow(request: HttpRequest) -> HttpResponse:
    """What is allowed when, for everybody to read."""
    return render(request, "committee/workflow.html", {"rows": rows()})


def _inside(actor: Actor, code: str) -> tuple[Committee, Seat]:
    found, seat = queries.entered(actor, code)
    if not seat.is_inside:
        raise NotFound
    return found, seat
