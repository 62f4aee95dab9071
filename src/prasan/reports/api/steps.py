"""Steps on a report over the API: one operation for each row of workflow.py, with the same names.

Citizens' steps need no key (some need the Reporter-Token); officers' steps need a key with the scope
`reports:handle` of an agency that handles the report. `If-Match` makes a step conditional on what its caller saw.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import Router

from prasan.fabric.api import expected_version, precondition, refusals
from prasan.fabric.idempotency import idempotent
from prasan.people.api import KEY_NEEDED, KEY_OR_NOT, caller, limited, needs_scope
from prasan.reports import actions
from prasan.reports.actions.handle import Part
from prasan.reports.api import schemas, shapes
from prasan.reports.api.reports import ORIGIN, Code, ReporterToken
from prasan.reports.models import Report

router = Router()
ANSWERS = {200: schemas.ReportOut} | refusals(403, 404, 409, 412)


def _citizen(path: str, summary: str) -> Callable[[Any], Any]:
    return _operation(path, summary, "citizen's steps", KEY_OR_NOT)


def _officer(path: str, summary: str) -> Callable[[Any], Any]:
    return _operation(path, summary, "officer's steps", KEY_NEEDED)


def _operation(path: str, summary: str, tag: str, auth: Any) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        answers = {200: schemas.Codes} | refusals(403, 404, 409, 412) if path == "split" else ANSWERS
        add = router.post(
            f"/reports/{{code}}/{path}", response=answers, summary=summary, tags=[tag], auth=auth
        )
        return add(limited("writes")(idempotent(function)))

    return register


def _take(request: HttpRequest, code: str, step: Callable[..., Report], **fields: Any) -> Any:
    """An officer's step, unless somebody changed the report since the caller read it."""
    needs_scope(request, "reports:handle")
    with precondition():
        report = step(
            actor=caller(request), code=code, version=expected_version(request), origin=ORIGIN, **fields
        )
    return _answer(report)


def _say(request: HttpRequest, code: str, step: Callable[..., Report], token: str, **fields: Any) -> Any:
    """A citizen's step."""
    return _answer(step(actor=caller(request), code=code, token=token, origin=ORIGIN, **fields))


def _answer(report: Report) -> dict[str, Any]:
    merged = report.duplicate_of.code if report.duplicate_of is not None else ""
    return shapes.report_shape(report, merged)


# --- citizens -------------------------------------------------------------------------------------------------


@_citizen("comment", "Comment")
def comment(
    request: HttpRequest, code: Code, body: schemas.SaidIn, reporter_token: ReporterToken = ""
) -> Any:
    """Say something in public. Phone numbers and the like are masked."""
    return _say(
        request, code, actions.report_comment, reporter_token, note=body.note, photos=tuple(body.photos)
    )


@_citizen("follow", "Follow")
def follow(
    request: HttpRequest, code: Code, body: schemas.FollowIn, reporter_token: ReporterToken = ""
) -> Any:
    """Hear of the report by e-mail. Following twice changes nothing."""
    actor = caller(request)
    follower = actions.report_follow(
        actor=actor, code=code, email=body.email, token=reporter_token, origin=ORIGIN
    )
    return _answer(follower.report)


@_citizen("answer", "Answer the agency's question")
def answer(request: HttpRequest, code: Code, body: schemas.SaidIn, reporter_token: ReporterToken = "") -> Any:
    """The reporter's answer; the deadlines' clock runs again."""
    return _say(
        request, code, actions.report_answer, reporter_token, note=body.note, photos=tuple(body.photos)
    )


@_citizen("reopen", "Open again")
def reopen(request: HttpRequest, code: Code, body: schemas.SaidIn, reporter_token: ReporterToken = "") -> Any:
    """The reporter says why it is not fixed; the last lead agency gets it again."""
    return _say(
        request, code, actions.report_reopen, reporter_token, note=body.note, photos=tuple(body.photos)
    )


@_citizen("rate", "Rate the fix")
def rate(request: HttpRequest, code: Code, body: schemas.RateIn, reporter_token: ReporterToken = "") -> Any:
    """1 to 5, by the reporter, once or again."""
    return _say(request, code, actions.report_rate, reporter_token, rating=body.rating, note=body.note)


# --- officers -------------------------------------------------------------------------------------------------


@_officer("accept", "Accept")
def accept(request: HttpRequest, code: Code, body: schemas.NoteIn) -> Any:
    """The agency takes the report on."""
    return _take(request, code, actions.report_accept, note=body.note)


@_officer("assign", "Give to an officer")
def assign(request: HttpRequest, code: Code, body: schemas.AssignIn) -> Any:
    """Give the agency's part to one of its officers."""
    return _take(request, code, actions.report_assign, officer=body.officer, note=body.note)


@_officer("stage", "Set the stage")
def stage(request: HttpRequest, code: Code, body: schemas.StageIn) -> Any:
    """Set the long-process stage; the report is in progress."""
    return _take(request, code, actions.report_stage, stage=body.stage, note=body.note)


@_officer("follow_up", "Keep following up")
def follow_up(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """Keep the report under observation."""
    return _take(request, code, actions.report_follow_up, note=body.note)


@_officer("ask", "Ask the reporter")
def ask(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """Ask the reporter; the agency's clock stands until the answer."""
    return _take(request, code, actions.report_ask, note=body.note)


@_officer("note", "Internal note")
def note(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """A note for the agencies alone."""
    return _take(request, code, actions.report_note, note=body.note, photos=tuple(body.photos))


@_officer("reply", "Reply in public")
def reply(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """A public reply in the agency's name."""
    return _take(request, code, actions.report_reply, note=body.note, photos=tuple(body.photos))


@_officer("categorise", "Change the category")
def categorise(request: HttpRequest, code: Code, body: schemas.CategoriseIn) -> Any:
    """Put the category right; the deadline follows it."""
    return _take(request, code, actions.report_categorise, category=body.category, note=body.note)


@_officer("forward", "Forward")
def forward(request: HttpRequest, code: Code, body: schemas.AgencyIn) -> Any:
    """Hand the report over to another agency, which leads from now on."""
    return _take(request, code, actions.report_forward, agency=body.agency, note=body.note)


@_officer("invite", "Invite an agency")
def invite(request: HttpRequest, code: Code, body: schemas.AgencyIn) -> Any:
    """Ask another agency to do its part; the report stays with its lead."""
    return _take(request, code, actions.report_invite, agency=body.agency, note=body.note)


@_officer("split", "Split")
def split(request: HttpRequest, code: Code, body: schemas.SplitIn) -> Any:
    """Make separate reports of several problems; the answer holds the new codes."""
    needs_scope(request, "reports:handle")
    parts = [Part(part.text, part.category, part.agency) for part in body.parts]
    with precondition():
        made = actions.report_split(
            actor=caller(request), code=code, parts=parts, version=expected_version(request), origin=ORIGIN
        )
    return {"codes": [report.code for report in made]}


@_officer("merge", "Merge into another")
def merge(request: HttpRequest, code: Code, body: schemas.MergeIn) -> Any:
    """Close the report as a duplicate; the answer is the report that stays."""
    return _take(request, code, actions.report_merge, other=body.other, note=body.note)


@_officer("finish", "Finish")
def finish(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """Say what was done, with photos where the category asks for them."""
    return _take(request, code, actions.report_finish, note=body.note, photos=tuple(body.photos))


@_officer("irrelevant", "Not relevant")
def irrelevant(request: HttpRequest, code: Code, body: schemas.IrrelevantIn) -> Any:
    """Close with a reason that the reporter reads."""
    return _take(request, code, actions.report_irrelevant, reason=body.reason, note=body.note)


@_officer("resume", "Take up again")
def resume(request: HttpRequest, code: Code, body: schemas.SaidIn) -> Any:
    """Take a closed report up again."""
    return _take(request, code, actions.report_resume, note=body.note)
