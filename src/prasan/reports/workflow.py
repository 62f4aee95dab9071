"""What is allowed when: one table, status × action × role. The help page and the docs print it from here.

Statuses are those of the acting agency's own assignment (each agency works on its part of the one report);
for citizens it is the report's. `then` is the status afterwards; None leaves it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.reports.models import Status

W, P, F, L = Status.WAITING, Status.IN_PROGRESS, Status.FORWARDED, Status.FOLLOWED
DONE, NO = Status.FINISHED, Status.IRRELEVANT
OPEN = (W, P, F, L)
ANY = (*OPEN, DONE, NO)

FIELD = ("officer", "dispatcher", "supervisor", "admin")
DESK = ("dispatcher", "supervisor", "admin")
REPORTER = ("reporter",)
EVERYBODY = ("anybody",)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table."""

    action: str
    when: tuple[Status, ...]
    who: tuple[str, ...]
    then: Status | None
    label: Any
    needs: tuple[str, ...] = ()
    lead_only: bool = False


WORKFLOW: dict[str, Step] = {
    step.action: step
    for step in (
        #     action        when            who        then   label                       needs, lead only
        Step("accept",     (W, F, L),      FIELD,     P,     _("Accept")),
        Step("assign",     OPEN,           FIELD,     None,  _("Give to an officer"),    ("officer",)),
        Step("stage",      OPEN,           FIELD,     P,     _("Set the stage"),         ("stage",)),
        Step("follow_up",  (W, P, F),      FIELD,     L,     _("Keep following up"),     ("note",)),
        Step("ask",        OPEN,           FIELD,     None,  _("Ask the reporter"),      ("note",)),
        Step("note",       ANY,            FIELD,     None,  _("Internal note"),         ("note",)),
        Step("reply",      ANY,            FIELD,     None,  _("Reply in public"),       ("note",)),
        Step("categorise", OPEN,           FIELD,     None,  _("Change the category"),   ("category",)),
        Step("forward",    OPEN,           FIELD,     F,     _("Forward"),               ("agency", "note"), True),
        Step("invite",     OPEN,           FIELD,     None,  _("Invite an agency"),      ("agency", "note"), True),
        Step("split",      OPEN,           DESK,      None,  _("Split"),                 ("parts",), True),
        Step("merge",      OPEN,           DESK,      DONE,  _("Merge into another"),    ("other",), True),
        Step("finish",     OPEN,           FIELD,     DONE,  _("Finish"),                ("note", "photo")),
        Step("irrelevant", OPEN,           FIELD,     NO,    _("Not relevant"),          ("reason", "note")),
        Step("resume",     (DONE, NO),     DESK,      P,     _("Take up again"),         ("note",)),
        Step("comment",    ANY,            EVERYBODY, None,  _("Comment"),               ("note",)),
        Step("follow",     ANY,            EVERYBODY, None,  _("Follow"),                ("contact",)),
        Step("answer",     OPEN,           REPORTER,  None,  _("Answer the question"),   ("note",)),
        Step("reopen",     (DONE, NO),     REPORTER,  W,     _("Open again"),            ("note",)),
        Step("rate",       (DONE,),        REPORTER,  None,  _("Rate"),                  ("rating",)),
    )
}  # fmt: skip


def allowed(action: str, status: str) -> bool:
    """Whether the table lets this action happen in this status."""
    return status in WORKFLOW[action].when
