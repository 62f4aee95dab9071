"""What is allowed when: one table, state of the meeting × action × part. The help page and the docs print it from here.

Parts: `secretary` (of the city, or named secretary of the committee), `chair` (chair and vice-chair), `member` (a
voting member, for himself or herself alone), `owner` (officers of the agency that a follow-up was given to).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.committee.models import Meeting

P, N, H, A, C = (  # H: being held
    Meeting.State.PLANNED,
    Meeting.State.NOTICE_SENT,
    Meeting.State.OPEN,
    Meeting.State.ADJOURNED,
    Meeting.State.CLOSED,
)
BEFORE = (P, N)
ALIVE = (P, N, H, A)
ANY = (P, N, H, A, C)

DESK = ("secretary",)
FLOOR = ("secretary", "chair")
SELF = ("secretary", "member")
OWNER = ("secretary", "owner")
PART_LABELS = {
    "secretary": _("Secretary"),
    "chair": _("Chair or vice-chair"),
    "member": _("Member, for themselves"),
    "owner": _("Agency with the task"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table; `then` is the meeting's state afterwards, None leaves it."""

    action: str
    when: tuple[Meeting.State, ...]
    who: tuple[str, ...]
    then: Meeting.State | None
    label: Any


WORKFLOW: dict[str, Step] = {
    step.action: step
    for step in (
        #    action               when          who    then  label
        Step("change",            BEFORE,       DESK,  P,    _("Change date or place")),
        Step("fill",              ALIVE,        DESK,  None, _("Fetch minutes and follow-ups that are due")),
        Step("pull",              ALIVE,        DESK,  None, _("Put a waiting matter on the agenda")),
        Step("item_add",          ALIVE,        DESK,  None, _("Add an item")),
        Step("item_change",       ANY,          DESK,  None, _("Write an item's texts")),
        Step("item_move",         BEFORE,       DESK,  None, _("Move an item")),
        Step("item_remove",       BEFORE,       DESK,  None, _("Take an item off")),
        Step("paper_add",         ALIVE,        DESK,  None, _("Add a paper")),
        Step("paper_remove",      BEFORE,       DESK,  None, _("Remove a paper")),
        Step("notice",            (P,),         DESK,  N,    _("Send the notice")),
        Step("arrive",            (N, H, A),    SELF,  None, _("Note an arrival")),
        Step("depart",            (N, H, A),    SELF,  None, _("Note a departure")),
        Step("open",              (N, A),       FLOOR, H,    _("Open the meeting")),
        Step("elect",             (H,),         DESK,  None, _("Note whom the members elected to preside")),
        Step("take",              (H,),         FLOOR, None, _("Take up an item")),
        Step("declare",           (P, N, H, A), SELF,  None, _("Declare a conflict of interest")),
        Step("propose",           (H,),         FLOOR, None, _("Propose a resolution")),
        Step("call_vote",         (H,),         FLOOR, None, _("Call a named vote")),
        Step("vote",              (H,),         SELF,  None, _("Vote")),
        Step("casting_vote",      (H,),         SELF,  None, _("Cast the chair's deciding vote")),
        Step("dissent",           (H, A, C),    SELF,  None, _("Write a dissenting opinion")),
        Step("resolve",           (H,),         FLOOR, None, _("Record the resolution")),
        Step("leave_item",        (H,),         FLOOR, None, _("Leave an item without a resolution")),
        Step("adjourn",           (N, H),       FLOOR, A,    _("Adjourn")),
        Step("close",             (H, A),       FLOOR, C,    _("Close the meeting")),
        Step("follow_up",         (H, A, C),    DESK,  None, _("Give a task with a due date")),
        Step("follow_up_report",  ANY,          OWNER, None, _("Report on a task")),
        Step("follow_up_close",   ANY,          DESK,  None, _("Close a task")),
        Step("circulate",         (C,),         DESK,  None, _("Circulate the minutes")),
        Step("correct",           (C,),         SELF,  None, _("Ask for a correction")),
        Step("correction_decide", (C,),         DESK,  None, _("Decide on a correction")),
    )
}  # fmt: skip
