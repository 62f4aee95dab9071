"""Proposals for the agencies that write them and those who read them: list, form, one proposal, its moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.idempotency import once
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Problem, Stale
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.people.policies import agencies_of
from prasan.portfolio import policies, suggestions, workflow
from prasan.portfolio.actions import proposals as actions
from prasan.portfolio.actions.evidence import evidence_attach, evidence_remove
from prasan.portfolio.actions.verdicts import verdict_give
from prasan.portfolio.content import Content, content_of, missing
from prasan.portfolio.forms import (
    EvidenceForm,
    ListForm,
    NoteForm,
    OptionalNoteForm,
    ProposalForm,
    VerdictForm,
)
from prasan.portfolio.models import Proposal, Step, System, Verdict
from prasan.portfolio.queries import likeness
from prasan.portfolio.queries import proposals as queries
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks import values
from prasan.portfolio.workflow import WORKFLOW, Move

ORIGIN = "web"
LONGEST_TYPED = 4_000  # letters of a field that are compared while one types
MOST_CHOICES = 8
MOST_OFFERED = 300  # systems and proposals that a code field offers while one types


# --- list ------------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def listing(request: HttpRequest) -> HttpResponse:
    """Proposals that this reader may see, what changed last first."""
    actor = actor_of(request)
    require_reader(actor)
    agencies = agencies_of(actor, policies.READERS)
    form = ListForm(request.GET, agencies=sorted(agencies))
    form.is_valid()
    status = request.GET.get("status", "")
    status = status if status in Proposal.Status.values else ""
    given = queries.ProposalFilter(status=status, **form.cleaned_data)
    rows, following = queries.proposals_page(actor, given, cursor=request.GET.get("cursor", ""))
    context = {
        "form": form,
        "rows": rows,
        "following": following,
        "tabs": _status_tabs(request, queries.status_counts(actor, given), status),
        "narrowed": given != queries.ProposalFilter(),
        "writes": bool(writable(actor)),
        "screens": policies.is_city_side(actor),
    }
    return render(request, "portfolio/proposals/list.html", context)


def require_reader(actor: Actor) -> None:
    """Raises Forbidden for who has no part in the portfolio."""
    if not any(actor.roles.get(role) for role in policies.READERS):
        raise Forbidden


def writable(actor: Actor) -> list[str]:
    """Codes of the agencies that the actor writes proposals for, their own first."""
    codes = agencies_of(actor, policies.AGENCY_SIDE)
    own = {code for role in policies.AGENCY_SIDE for code in actor.roles.get(role, ())}
    return sorted(codes, key=lambda code: (code not in own, registers().agency(code).name))


def _status_tabs(request: HttpRequest, counts: dict[str, int], current: str) -> list[dict[str, Any]]:
    query = request.GET.copy()
    query.pop("cursor", None)
    tabs = []
    for status, label in [("", _("All")), *Proposal.Status.choices]:
        count = counts.get(status, 0) if status else sum(counts.values())
        if status and not count and status != current:
            continue
        query["status"] = status
        tabs.append(
            {"label": label, "url": f"?{query.urlencode()}", "current": status == current, "count": count}
        )
    return tabs


@require_GET
@officers_only
def rules(request: HttpRequest) -> HttpResponse:
    """What is allowed when, what each size is asked, and how long each holder has."""
    portfolio = portfolio_rules()
    context = {
        "table": workflow.lines(),
        "outcomes": workflow.outcome_lines(),
        "tiers": [(tier, portfolio.questions_of(tier)) for tier in portfolio.tiers],
        "days": [(workflow.HOLDER_NAMES[code], days) for code, days in portfolio.working_days.items()],
    }
    return render(request, "portfolio/proposals/rules.html", context)


# --- the form --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def new(request: HttpRequest) -> HttpResponse:
    """Write a proposal; saving it asks for nothing but a name."""
    actor = actor_of(request)
    agencies = writable(actor)
    if not agencies:
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    agency = request.POST.get("agency") or request.GET.get("agency") or agencies[0]
    if agency not in agencies:
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    editor = Editor(request, actor, agency, agencies, None)
    return editor.answer()


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a proposal says."""
    actor = actor_of(request)
    proposal = queries.with_parts(Proposal.objects.filter(pk=queries.find(actor, code).pk)).get()
    if not actions.may_take(actor, WORKFLOW["change"], proposal):
        raise Forbidden
    if proposal.status not in WORKFLOW["change"].when:
        messages.warning(
            request,
            _("It can't be changed while it is “%(status)s”.") % {"status": proposal.get_status_display()},
        )
        return redirect("portfolio:proposal", proposal.code)
    return Editor(request, actor, proposal.agency_id, [proposal.agency_id], proposal).answer()


@dataclass(slots=True)
class Editor:
    """The form of a proposal in one request; `proposal` is None for one that is not kept yet."""

    request: HttpRequest
    actor: Actor
    agency: str
    agencies: list[str]
    proposal: Proposal | None

    def answer(self) -> HttpResponse:
        """Show the form, give it more rows, or save it (and hand it in)."""
        given = (
            content_of(self.proposal)
            if self.proposal
            else Content(title=self.request.GET.get("title", "")[:300])
        )
        if self.request.method == "GET":
            return self.show(ProposalForm(content=given))
        data = self.request.POST.copy()
        if "more" in data:
            return self.show(self._longer(data, given))
        form = ProposalForm(data, content=given)
        return self._take(form) if form.is_valid() else self.show(form, status=422)

    def _take(self, form: ProposalForm) -> HttpResponse:
        try:
            code = self._save(form)
        except Stale as problem:
            return self._show_stale(form, problem)
        except Problem as problem:
            form.refuse(problem)
            return self.show(form, status=problem.status)
        if "submit" in self.request.POST:
            return self._submit(form, code)
        messages.success(self.request, _("The draft is kept."))
        return redirect("portfolio:proposal_change", code)

    def _longer(self, data: QueryDict, given: Content) -> ProposalForm:
        """The form as it was sent with two more rows, nothing judged yet."""
        what = data["more"]
        if what == "years":
            years = [year for year in data.get("years", "").split(",") if year.isdigit()]
            data["years"] = ",".join([*years, str(max(map(int, years)) + 1)]) if years else ""
        elif what in {"metric_rows", "link_rows"} and data.get(what, "").isdigit():
            data[what] = str(int(data.get(what, "0")[:3]) + 2)
        form = ProposalForm(data, content=given)
        form.forget_errors()
        return form

    def _save(self, form: ProposalForm) -> str:
        if self.proposal is None:
            return once(self.request, lambda: self._create(form))["Location"]
        version = self.request.POST.get("version", "")
        changed = actions.proposal_change(
            actor=self.actor, code=self.proposal.code, content=form.content,
            version=int(version) if version.isdigit() else None, origin=ORIGIN,
        )  # fmt: skip
        return changed.code

    def _create(self, form: ProposalForm) -> str:
        made = actions.proposal_create(
            actor=self.actor, agency=self.agency, content=form.content, origin=ORIGIN
        )
        return made.code

    def _submit(self, form: ProposalForm, code: str) -> HttpResponse:
        try:
            actions.proposal_submit(actor=self.actor, code=code, origin=ORIGIN)
        except Problem as problem:
            self.proposal = queries.with_parts(Proposal.objects.filter(code=code)).get()
            form.refuse(problem)
            return self.show(form, status=problem.status, saved=True)
        messages.success(self.request, _("The proposal is handed in."))
        return redirect("portfolio:proposal", code)

    def _show_stale(self, form: ProposalForm, problem: Stale) -> HttpResponse:
        """Somebody was faster: what stands there now beside what was typed, ready to be sent again."""
        assert self.proposal is not None  # noqa: S101 — only what is kept can be changed by somebody else
        now = queries.with_parts(Proposal.objects.filter(pk=self.proposal.pk)).get()
        self.proposal = now
        return self.show(
            form, status=problem.status, problem=problem, differences=_differences(form, content_of(now))
        )

    def show(self, form: ProposalForm, status: int = 200, **extra: Any) -> HttpResponse:
        proposal = self.proposal
        form.mark_needed()
        code = proposal.code if proposal else ""
        content = content_of(proposal) if proposal else None
        item = likeness.content_item(code, self.agency, content) if content else None
        context = {
            "form": form,
            "proposal": proposal,
            "agency": self.agency,
            "agencies": [(one, registers().agency(one).name) for one in self.agencies],
            "idempotency_key": self.request.POST.get("idempotency_key") or uuid4().hex,
            "likenesses": likeness.closest(self.actor, item) if item else [],
            "waiting": queries.waiting_of(proposal) if proposal else None,
            "lacks": _lacks(form, content) if content and status == 200 else [],
            "system_codes": System.objects.order_by("code").values_list("code", "name_th")[:MOST_OFFERED],
            "proposal_codes": queries.readable(self.actor).exclude(code=code).order_by("-updated_at")
            .values_list("code", "title")[:MOST_OFFERED],
        } | extra  # fmt: skip
        return render(self.request, "portfolio/proposals/form.html", context, status=status)


def _lacks(form: ProposalForm, content: Content) -> list[dict[str, str]]:
    """What is still needed to submit, each with the field to go to."""
    found = []
    for name, sentence in missing(content).items():
        target = form.field_of(name)
        label = str(form[target].label) if target else ""
        found.append(
            {"label": label, "text": str(sentence), "target": form[target].auto_id if target else ""}
        )
    return found


def _differences(form: ProposalForm, now: Content) -> list[tuple[Any, str]]:
    """(label, what stands there now) of each text that differs from what was typed."""
    names = ("title", "objective", "scope", "benefit", "own_number")
    found = [
        (form[name].label, str(getattr(now, name)))
        for name in names
        if values.long_text(getattr(now, name)) != values.long_text(form.cleaned_data.get(name, ""))
    ]
    if now.total != form.content.total:
        found.append((_("Money over all years"), f"{now.total:,.0f}"))
    return found


@require_POST
@officers_only
def closest(request: HttpRequest) -> HttpResponse:
    """The closest systems and proposals to what stands in the form, for the page beside it."""
    actor = actor_of(request)
    agency = request.POST.get("agency", "")
    if agency not in writable(actor):
        raise Forbidden
    code = request.POST.get("code", "")
    content = _typed(request.POST)
    enough = len(values.plain(content.title)) >= 4
    found = likeness.closest(actor, likeness.content_item(code, agency, content)) if enough else []
    context = {"likenesses": found, "code": code, "typed": enough}
    return render(request, "portfolio/proposals/closest.html", context)


def _typed(data: QueryDict) -> Content:
    """The words of a form as it stands, valid or not."""
    systems = {
        value.split(" ")[0]: "uses"
        for name, value in data.items()
        if name.startswith("system_") and name.endswith("_code") and isinstance(value, str) and value
    }
    return Content(
        title=data.get("title", "")[:LONGEST_TYPED],
        objective=data.get("objective", "")[:LONGEST_TYPED],
        scope=data.get("scope", "")[:LONGEST_TYPED],
        benefit=data.get("benefit", "")[:LONGEST_TYPED],
        capability=data.get("capability", ""),
        nature=data.get("nature", Proposal.Nature.NEW),
        lane=data.get("lane", ""),
        data_held=tuple(values.listed(data.get("data_held", ""))),
        systems=systems,
    )


@require_POST
@officers_only
def questions(request: HttpRequest) -> HttpResponse:
    """The questions that the money typed so far calls for."""
    form = ProposalForm(request.POST.copy())
    form.forget_errors()
    form.mark_needed()
    return render(request, "portfolio/proposals/questions.html", {"form": form})


# --- one proposal ----------------------------------------------------------------------------------------------------

MOVES = ("submit", "send_screening", "send_main", "return", "join", "withdraw")


@require_GET
@officers_only
def proposal(request: HttpRequest, code: str) -> HttpResponse:
    """Everything of one proposal, with what this reader may do."""
    return _page(request, queries.whole(actor_of(request), code))


def _page(request: HttpRequest, whole: queries.Whole, status: int = 200, **extra: Any) -> HttpResponse:
    actor, shown = actor_of(request), whole.proposal
    content = content_of(shown)
    item = likeness.content_item(shown.code, shown.agency_id, content)
    rules = portfolio_rules()
    context = {
        "whole": whole,
        "proposal": shown,
        "waiting": whole.waiting,
        "moves": moves_of(actor, shown),
        "may_change": may_now(actor, "change", shown),
        "may_judge": may_now(actor, "verdict", shown),
        "may_join": may_now(actor, "join", shown),
        "may_attach": may_now(actor, "attach", shown),
        "lacks": missing(content) if may_now(actor, "submit", shown) else {},
        "likenesses": likeness.closest(actor, item),
        "tier": next((tier for tier in rules.tiers if tier.code == shown.tier), None),
        "lane": rules.lanes.get(shown.lane),
        "policies": [rules.policies[one] for one in shown.policies if one in rules.policies],
        "answers": [
            (one.name, shown.answers[one.code]) for one in rules.questions if shown.answers.get(one.code)
        ],
        "timeline": [_line(step, whole.names) for step in whole.steps],
        "evidence": [_evidence_line(row) for row in whole.evidence],
        "evidence_form": EvidenceForm() if may_now(actor, "attach", shown) else None,
    } | extra
    return render(request, "portfolio/proposals/proposal.html", context, status=status)


def may_now(actor: Actor, action: str, shown: Proposal) -> bool:
    """Whether the actor's role and the proposal's status allow an action."""
    return shown.status in WORKFLOW[action].when and actions.may_take(actor, WORKFLOW[action], shown)


def moves_of(actor: Actor, shown: Proposal) -> list[Move]:
    """Moves that the page offers as buttons."""
    return [WORKFLOW[action] for action in MOVES if may_now(actor, action, shown)]


STATES = {
    "draft": ("edit", "neutral"), "submitted": ("inbox", "info"), "returned": ("reopen", "warning"),
    "screening": ("people", "info"), "screened": ("people", "info"), "approved": ("finished", "success"),
    "approved_with_conditions": ("finished", "success"), "not_approved": ("irrelevant", "danger"),
    "acknowledged": ("check", "neutral"), "reconsider": ("reopen", "warning"), "not_considered": ("clock", "neutral"),
    "withdrawn": ("close", "neutral"),
}  # fmt: skip


def _line(step: Step, names: dict[str, str]) -> dict[str, Any]:
    icon, tone = STATES.get(step.after, ("info", "neutral"))
    who = names.get(step.by_id, "") if step.by_kind == "officer" else ""
    title = Proposal.Status(step.after).label if step.before != step.after else _("Note")
    if step.resolution:
        title = _("%(status)s by resolution %(number)s") % {"status": title, "number": step.resolution}
    return {"title": title, "at": step.at, "who": who, "text": step.note, "icon": icon, "tone": tone}


def _evidence_line(row: queries.EvidenceRow) -> dict[str, Any]:
    areas = registers().areas
    return {
        "evidence": row.evidence,
        "label": suggestions.indicator_label(row.evidence.indicator),
        "places": ", ".join(areas[code].name for code in row.evidence.areas if code in areas),
        "today": row.today,
    }


STEP_FORMS: dict[str, type[Form]] = {
    "withdraw": NoteForm, "return": NoteForm, "send_main": NoteForm, "send_screening": OptionalNoteForm,
    "join": NoteForm, "submit": Form,
}  # fmt: skip
INTROS: dict[str, Any] = {
    "submit": gettext_lazy("The digital office looks at it next. You can't change it while they have it."),
    "withdraw": gettext_lazy("The proposal ends here and stays on record with your reason."),
    "return": gettext_lazy("The agency reads your words, mends the proposal and hands it in again."),
    "send_screening": gettext_lazy("It waits for the screening board's next meeting of its lane."),
    "send_main": gettext_lazy("It skips the screening board. Say why."),
    "join": gettext_lazy("Your proposal ends here, and your agency takes part in the other one instead."),
}


@require_http_methods(["GET", "POST"])
@officers_only
def step(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """The form of one move; sending it moves the proposal."""
    if action not in MOVES:
        raise NotFound
    actor = actor_of(request)
    shown = queries.find(actor, code)
    if not actions.may_take(actor, WORKFLOW[action], shown):
        raise Forbidden
    form = STEP_FORMS[action](request.POST if request.method == "POST" else None)
    other = request.POST.get("other") or request.GET.get("other", "")
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            version = request.POST.get("version", "")
            act: dict[str, Any] = {"actor": actor, "code": shown.code, "origin": ORIGIN}
            act["version"] = int(version) if version.isdigit() else None
            _move(action, act, form.cleaned_data.get("note", ""), other)
        except (Invalid, Conflict) as refused:
            problem = refused
        else:
            messages.success(request, _("Done: %(step)s.") % {"step": WORKFLOW[action].label})
            return redirect("portfolio:proposal", shown.code)
    context = {
        "proposal": shown,
        "move": WORKFLOW[action],
        "intro": INTROS[action],
        "form": form,
        "other": other,
        "target": _target(actor, shown, other) if other else None,
        "choices": _joinable(actor, shown)[:MOST_CHOICES] if action == "join" and not other else [],
        "problem": problem,
        "faults": _fault_lines(problem),
    }
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "portfolio/proposals/step.html", context, status=status)


def _move(action: str, act: dict[str, Any], note: str, other: str) -> None:
    if action == "submit":
        actions.proposal_submit(**act)
    elif action == "join":
        is_system = System.objects.filter(code=other).exists()
        target = {"system": other} if is_system else {"other": other}
        actions.proposal_join(**(act | target | {"note": note}))
    elif action.startswith("send_"):
        actions.proposal_send(**act, board=action.removeprefix("send_"), note=note)
    else:
        run = {"withdraw": actions.proposal_withdraw, "return": actions.proposal_return}[action]
        run(**act, note=note)


def _fault_lines(problem: Problem | None) -> list[tuple[str, str]]:
    """(field's label, sentence) of each fault of a refusal."""
    if not isinstance(problem, Invalid):
        return []
    form = ProposalForm()
    found = []
    for name, sentence in problem.errors.items():
        target = form.field_of(name)
        found.append((str(form[target].label) if target else "", str(sentence)))
    return found


def _target(actor: Actor, shown: Proposal, other: str) -> likeness.Likeness | None:
    return next((one for one in _joinable(actor, shown) if one.code == other), None)


def _joinable(actor: Actor, shown: Proposal) -> list[likeness.Likeness]:
    found = likeness.closest(actor, likeness.proposal_item(shown), limit=likeness.LOOKED_AT)
    return [one for one in found if one.joinable]


# --- likenesses and evidence -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def verdict(request: HttpRequest, code: str, other: str) -> HttpResponse:
    """Say what a likeness is, and why; kept beside what Prasan said."""
    actor = actor_of(request)
    shown = queries.find(actor, code)
    if not actions.may_take(actor, WORKFLOW["verdict"], shown):
        raise Forbidden
    found = _target(actor, shown, other)
    if found is None:
        raise NotFound(_("These two are not alike any more."))
    start = {"kind": found.kind} if found.kind in Verdict.Kind.values else {}
    form = VerdictForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        done = refused_by(
            form,
            lambda: verdict_give(
                actor=actor, code=shown.code, other=other, kind=given["kind"], reason=given["note"],
                shown=found.match, origin=ORIGIN,
            ),
        )  # fmt: skip
        if done:
            return _after_verdict(request, actor, shown, found, given["kind"])
    context = {"proposal": shown, "found": found, "form": form, "history": _verdicts(shown, other)}
    return render(request, "portfolio/proposals/verdict.html", context, status=422 if form.errors else 200)


def _after_verdict(
    request: HttpRequest, actor: Actor, shown: Proposal, found: likeness.Likeness, kind: str
) -> HttpResponse:
    messages.success(request, _("Your word is kept."))
    same = kind in {Verdict.Kind.SAME_FUNCTION, Verdict.Kind.EXISTING_SYSTEM}
    if same and found.joinable and may_now(actor, "join", shown):
        return redirect(
            reverse("portfolio:proposal_step", args=[shown.code, "join"]) + f"?other={found.code}"
        )
    if request.GET.get("next") == "screening":
        return redirect("portfolio:screening")
    return redirect("portfolio:proposal", shown.code)


def _verdicts(shown: Proposal, other: str) -> list[Verdict]:
    rows = Verdict.objects.filter(proposal=shown).select_related("other", "system").order_by("-id")
    return [row for row in rows if str(row.other or row.system) == other]


def refused_by(form: Form, run: Callable[[], Any]) -> Any:
    """What `run` gives, or None with its refusal shown in the form."""
    try:
        return run()
    except (Invalid, Conflict) as problem:
        errors = problem.errors if isinstance(problem, Invalid) else {"": problem.detail or problem.title}
        for name, sentence in errors.items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return None


@require_POST
@officers_only
def evidence(request: HttpRequest, code: str) -> HttpResponse:
    """Attach a number of the city, or take one off (`remove`)."""
    actor = actor_of(request)
    shown = queries.find(actor, code)
    if request.POST.get("remove", "").isdigit():
        evidence_remove(actor=actor, code=shown.code, evidence=int(request.POST["remove"]), origin=ORIGIN)
        messages.success(request, _("The number is taken off."))
        return redirect("portfolio:proposal", shown.code)
    form = EvidenceForm(request.POST)
    done = form.is_valid() and refused_by(
        form, lambda: evidence_attach(actor=actor, code=shown.code, origin=ORIGIN, **form.cleaned_data)
    )
    if done:
        messages.success(request, _("The number is attached as it stands today."))
        return redirect("portfolio:proposal", shown.code)
    return _page(request, queries.whole(actor, code), status=422, evidence_form=form)
