"""The meeting itself: who is there, which item is before it, conflicts, votes, dissent, resolutions."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.committee import evidence
from prasan.committee.actions.after import certify
from prasan.committee.actions.frame import Sitting, needed, sitting, words
from prasan.committee.models import (
    AgendaItem,
    Attendance,
    Declaration,
    Dissent,
    Matter,
    Meeting,
    Member,
    Minutes,
    Resolution,
    Vote,
)
from prasan.committee.queries.room import Room, item_number, room_of
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Outcome
from prasan.fabric.problems import Conflict, Forbidden, Invalid, Stale

STAYS_OPEN = (Outcome.RECONSIDER, Outcome.NOT_CONSIDERED)
LIVING = (AgendaItem.State.WAITING, AgendaItem.State.DISCUSSED, AgendaItem.State.POSTPONED)


# ---- who is there ----


def arrive(
    *,
    actor: Actor,
    meeting: int,
    member: int | None = None,
    name: str = "",
    position: str = "",
    online: bool = False,
    origin: str = "",
) -> Attendance:
    """Somebody enters: the actor, a member, a member's substitute (`name`), or a guest (`name` without `member`).

    Raises Forbidden when a member notes anybody else, Conflict for who is there already.
    """
    with sitting("arrive", actor=actor, meeting=meeting, origin=origin) as change:
        row = Attendance(meeting=change.meeting, online=online, arrived_at=change.now)
        texts = words(name=name, position=position)
        own = change.seat.member
        if member is None and texts["name"]:
            _require_secretary(change)
        else:
            found = change.member(member) if member is not None else own
            if found is None:
                raise Forbidden(_("You are not a member of this committee."))
            if own is None or found.pk != own.pk or texts["name"]:
                _require_secretary(change)
            if texts["name"] and not found.substitute_allowed:
                raise Invalid({"name": _("This member may not send a substitute.")})
            if Attendance.objects.filter(meeting=change.meeting, member=found, left_at=None).exists():
                raise Conflict(_("This member is here already."))
            row.member = found
        row.name, row.position = texts["name"], texts["position"]
        row.save()
        change.changes |= {"member": row.member_id, "online": online}
    return row


def depart(*, actor: Actor, meeting: int, attendance: int, origin: str = "") -> Attendance:
    """Somebody leaves; the quorum counts without them from now on."""
    with sitting("depart", actor=actor, meeting=meeting, origin=origin) as change:
        row = Attendance.objects.filter(pk=attendance, meeting=change.meeting, left_at=None).first()
        if row is None:
            raise Conflict(_("This person has left already."))
        own = change.seat.member
        if own is None or row.member_id != own.pk:
            _require_secretary(change)
        row.left_at = change.now
        row.save(update_fields=["left_at"])
        change.changes["member"] = row.member_id
    return row


def elect(*, actor: Actor, meeting: int, member: int, origin: str = "") -> Member:
    """Note whom the members present elected to preside, when neither chair nor vice-chair can."""
    with sitting("elect", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.member(member)
        room = room_of(change.meeting)
        if found.pk not in room.voting_present:
            raise Invalid({"member": _("Only a voting member who is present can preside.")})
        change.meeting.elected_chair = found
        change.changes["member"] = member
    return found


def meeting_open(*, actor: Actor, meeting: int, origin: str = "") -> Meeting:
    """Open the meeting, or go on with an adjourned one. Raises Conflict without a quorum or anybody to preside."""
    with sitting("open", actor=actor, meeting=meeting, origin=origin) as change:
        room = room_of(change.meeting)
        _require_quorum(room)
        if room.presiding is None:
            _name_elder(change, room)
        change.meeting.opened_at = change.meeting.opened_at or change.now
        change.changes |= {"present": room.quorum.present, "needed": room.quorum.needed}
    return change.meeting


def _name_elder(change: Sitting, room: Room) -> None:
    """Until the members have elected somebody, the first of those present by order leads the election."""
    first = next((member for member in room.members if member.pk in room.voting_present), None)
    change.meeting.elected_chair = first


def adjourn(*, actor: Actor, meeting: int, origin: str = "") -> Meeting:
    """Stop for today: for lack of a quorum, or to go on another day. Everybody leaves, and is noted again then."""
    with sitting("adjourn", actor=actor, meeting=meeting, origin=origin) as change:
        Attendance.objects.filter(meeting=change.meeting, left_at=None).update(left_at=change.now)
        change.meeting.current_item = None
    return change.meeting


def meeting_close(*, actor: Actor, meeting: int, origin: str = "") -> Minutes:
    """End the meeting: what was not taken is postponed, everybody has left, the minutes' draft begins."""
    with sitting("close", actor=actor, meeting=meeting, origin=origin) as change:
        row = change.meeting
        items = AgendaItem.objects.filter(meeting=row)
        items.filter(state=AgendaItem.State.DISCUSSED).update(state=AgendaItem.State.NOTED)
        items.filter(state=AgendaItem.State.WAITING).update(state=AgendaItem.State.POSTPONED)
        Attendance.objects.filter(meeting=row, left_at=None).update(left_at=change.now)
        row.current_item, row.closed_at = None, change.now
        return Minutes.objects.create(meeting=row)


# ---- the item before the meeting ----


def item_take(*, actor: Actor, meeting: int, item: int, origin: str = "") -> AgendaItem:
    """Everybody's page shows this item from now on."""
    with sitting("take", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.item(item)
        _settle_current(change, found)
        if found.state in LIVING:
            found.state = AgendaItem.State.DISCUSSED
            found.save(update_fields=["state"])
        change.meeting.current_item = found
    return found


def _settle_current(change: Sitting, coming: AgendaItem) -> None:
    """What was under discussion without a resolution waits again; a vote under way must be ended first."""
    current = change.meeting.current_item
    if current is None or current.pk == coming.pk:
        return
    if current.state == AgendaItem.State.DISCUSSED:
        if current.voting:
            raise Conflict(_("A vote is under way; record its result first, or change the proposal."))
        current.state = AgendaItem.State.WAITING
        current.save(update_fields=["state"])


def item_leave(
    *, actor: Actor, meeting: int, item: int, postpone: bool = False, origin: str = ""
) -> AgendaItem:
    """Leave the item without a resolution: noted, or postponed to a later meeting."""
    with sitting("leave_item", actor=actor, meeting=meeting, origin=origin) as change:
        found = _living(change, item)
        found.state = AgendaItem.State.POSTPONED if postpone else AgendaItem.State.NOTED
        found.voting = AgendaItem.Voting.NONE
        found.save(update_fields=["state", "voting"])
        change.changes["item_state"] = found.state
    return found


def declare(
    *, actor: Actor, meeting: int, item: int, reason: str, member: int | None = None, origin: str = ""
) -> Declaration:
    """A member declares a conflict of interest: recused from this item, vote withdrawn."""
    with sitting("declare", actor=actor, meeting=meeting, origin=origin) as change:
        found, own = _living(change, item), change.own_member(member)
        texts = needed(reason=reason)
        if Declaration.objects.filter(item=found, member=own).exists():
            raise Conflict(_("The conflict of interest is declared already."))
        declared = Declaration.objects.create(item=found, member=own, reason=texts["reason"])
        Vote.objects.filter(item=found, member=own).delete()
        change.changes["member"] = own.pk
    return declared


def propose(
    *,
    actor: Actor,
    meeting: int,
    item: int,
    outcome: str,
    text: str,
    conditions: str = "",
    version: int | None = None,
    origin: str = "",
) -> AgendaItem:
    """Put the words of a resolution before the meeting; votes on earlier words are void.

    `version` is the proposal's that the actor saw: raises Stale when somebody changed it meanwhile.
    """
    with sitting("propose", actor=actor, meeting=meeting, origin=origin) as change:
        found = _current(change, item)
        _require_version(found, version)
        if outcome not in Outcome.values:
            raise Invalid({"outcome": _("Please choose an outcome.")})
        texts = needed(text=text) | words(conditions=conditions)
        if outcome == Outcome.CONDITIONS and not texts["conditions"]:
            raise Invalid({"conditions": _("Please write the conditions.")})
        found.proposed_outcome, found.proposed_text = outcome, texts["text"]
        found.proposed_conditions = texts["conditions"] if outcome == Outcome.CONDITIONS else ""
        found.proposal_version += 1
        found.voting = AgendaItem.Voting.NONE
        found.save()
        found.votes.all().delete()
        change.changes |= {"outcome": outcome, "version": found.proposal_version}
    return found


def call_vote(*, actor: Actor, meeting: int, item: int, origin: str = "") -> AgendaItem:
    """Begin a named vote on the proposed resolution."""
    with sitting("call_vote", actor=actor, meeting=meeting, origin=origin) as change:
        found = _current(change, item)
        _require_proposal(found)
        if found.voting:
            raise Conflict(_("A vote is under way already."))
        _require_quorum(room_of(change.meeting, found))
        found.voting = AgendaItem.Voting.NAMED
        found.save(update_fields=["voting"])
    return found


def vote(
    *,
    actor: Actor,
    meeting: int,
    item: int,
    choice: str,
    version: int,
    member: int | None = None,
    origin: str = "",
) -> Vote:
    """One member, one vote, changed as often as wanted until the result is recorded.

    A vote against before any vote was called is an objection: it calls a named vote. Raises Stale when the proposal
    is another one than the voter saw, Conflict for who is absent or recused.
    """
    with sitting("vote", actor=actor, meeting=meeting, origin=origin) as change:
        found, own = _current(change, item), change.own_member(member)
        _require_proposal(found)
        _require_version(found, version)
        if choice not in Vote.Choice.values:
            raise Invalid({"choice": _("Please choose for, against or abstain.")})
        if own.pk not in room_of(change.meeting, found).entitled:
            raise Conflict(_("Only voting members who are present and not recused vote."))
        if not found.voting:
            if choice != Vote.Choice.AGAINST:
                raise Conflict(_("No vote has been called."))
            found.voting = AgendaItem.Voting.NAMED
            found.save(update_fields=["voting"])
        cast, _made = Vote.objects.update_or_create(
            item=found, member=own, casting=False, defaults={"choice": choice, "cast_at": change.now}
        )
        change.changes["member"] = own.pk  # how somebody voted stays in the rows
    return cast


def casting_vote(
    *,
    actor: Actor,
    meeting: int,
    item: int,
    choice: str,
    version: int,
    member: int | None = None,
    origin: str = "",
) -> Vote:
    """Who presides decides a tie with one more vote. Raises Conflict when there is none."""
    with sitting("casting_vote", actor=actor, meeting=meeting, origin=origin) as change:
        found = _current(change, item)
        _require_version(found, version)
        room = room_of(change.meeting, found)
        if room.presiding is None or change.own_member(member or room.presiding).pk != room.presiding:
            raise Forbidden(_("Only who presides has the casting vote."))
        if choice not in {Vote.Choice.AGREE, Vote.Choice.AGAINST}:
            raise Invalid({"choice": _("The casting vote is for or against.")})
        if not found.voting or room.tally.verdict != "tie":
            raise Conflict(_("There is no tie to decide."))
        cast = Vote.objects.create(item=found, member_id=room.presiding, choice=choice, casting=True)
        change.changes["member"] = room.presiding
    return cast


def dissent(
    *, actor: Actor, meeting: int, item: int, reasons: str, member: int | None = None, origin: str = ""
) -> Dissent:
    """A member's differing opinion with reasons, written or written anew until the minutes are circulated."""
    with sitting("dissent", actor=actor, meeting=meeting, origin=origin) as change:
        found, own = change.item(item), change.own_member(member)
        texts = needed(reasons=reasons)
        if Minutes.objects.filter(meeting=change.meeting).exclude(state=Minutes.State.DRAFT).exists():
            raise Conflict(_("The minutes have been circulated; ask for a correction instead."))
        written, _made = Dissent.objects.update_or_create(item=found, member=own, defaults=texts)
        change.changes["member"] = own.pk
    return written


# ---- the resolution ----


def resolve(*, actor: Actor, meeting: int, item: int, version: int, origin: str = "") -> Resolution:
    """Record the proposed resolution: by no objection, or by the named vote that was called.

    Freezes the evidence and tells the subject's own module in the same transaction: where that refuses, nothing is
    written here either. Raises Stale for a proposal that has changed, Conflict without a quorum, for a vote that is
    lost, tied or unfinished.
    """
    with sitting("resolve", actor=actor, meeting=meeting, origin=origin) as change:
        found = _current(change, item)
        _require_proposal(found)
        _require_version(found, version)
        room = room_of(change.meeting, found)
        _require_quorum(room)
        presiding = _require_presiding(room)
        _require_result(found, room)
        resolution = _record(change, found, room, presiding)
        found.state, found.voting = AgendaItem.State.DECIDED, AgendaItem.Voting.NONE
        found.save(update_fields=["state", "voting"])
        _tell(change, found, resolution)
        change.changes |= {"resolution": resolution.number, "outcome": resolution.outcome,
                           "snapshot": resolution.snapshot_hash}  # fmt: skip
    return resolution


def _require_result(item: AgendaItem, room: Room) -> None:
    if not item.voting:
        return
    verdict = room.tally.verdict
    if room.tally.missing:
        raise Conflict(_("%(count)d members have not voted yet.") % {"count": len(room.tally.missing)})
    if verdict == "tie":
        raise Conflict(_("The votes are equal; who presides casts the deciding vote."))
    if verdict != "carried":
        raise Conflict(_("The proposal was voted down; put other words before the meeting."))


def _record(change: Sitting, item: AgendaItem, room: Room, presiding: int) -> Resolution:
    named = bool(item.voting)
    frozen, digest = evidence.freeze(item, change.committee)
    counted = room.tally
    return Resolution.objects.create(
        item=item, matter=item.matter, number=f"{change.meeting.label} {item_number(change.rules, item)}",
        outcome=item.proposed_outcome, text=item.proposed_text, conditions=item.proposed_conditions,
        method=Resolution.Method.NAMED if named else Resolution.Method.NO_OBJECTION,
        agree=counted.agree if named else 0, against=counted.against, abstain=counted.abstain,
        casting=room.casting or "", members=room.quorum.members, present=room.quorum.present,
        presided_by_id=presiding, snapshot=frozen, snapshot_hash=digest, decided_at=change.now,
    )  # fmt: skip


def _tell(change: Sitting, item: AgendaItem, resolution: Resolution) -> None:
    """Move on what was decided: minutes that were adopted, the matter, the subject in its own module."""
    if item.adopts_id is not None and resolution.outcome in {Outcome.APPROVED, Outcome.CONDITIONS}:
        certify(item.adopts_id, change.meeting, change.now)
    matter = item.matter
    if matter is None or item.follow_up_id is not None:
        return
    matter.state = Matter.State.OPEN if resolution.outcome in STAYS_OPEN else Matter.State.DECIDED
    matter.save(update_fields=["state"])
    if not matter.kind:
        return
    decisions.kind(matter.kind).decided(
        actor=change.actor, reference=matter.reference, decision=_decision(change, item, resolution),
        origin="committee",
    )  # fmt: skip


def _decision(change: Sitting, item: AgendaItem, resolution: Resolution) -> decisions.Decision:
    meeting = change.meeting
    path = reverse("committee:item", args=[change.committee.code, meeting.year, meeting.number, item.pk])
    return decisions.Decision(
        outcome=Outcome(resolution.outcome), number=resolution.number, text=resolution.text,
        conditions=resolution.conditions, decided_on=timezone.localdate(resolution.decided_at),
        committee=change.committee.name_th if settings.LANGUAGE_CODE == "th" else change.committee.name_en,
        url=path, snapshot_hash=resolution.snapshot_hash,
    )  # fmt: skip


# ---- what every step asks ----


def _current(change: Sitting, item: int) -> AgendaItem:
    found = _living(change, item)
    if change.meeting.current_item_id != found.pk:
        raise Conflict(_("Another item is before the meeting now."))
    return found


def _living(change: Sitting, item: int) -> AgendaItem:
    found = change.item(item)
    if found.state not in LIVING:
        raise Conflict(_("This item is settled already."))
    return found


def _require_proposal(item: AgendaItem) -> None:
    if not item.proposal_version:
        raise Conflict(_("No resolution has been proposed yet."))


def _require_version(item: AgendaItem, version: int | None) -> None:
    if version is not None and version != item.proposal_version:
        raise Stale(_("The proposed resolution was changed a moment ago; please read it again."))


def _require_quorum(room: Room) -> None:
    if not room.quorum.is_met:
        sentence = _("There is no quorum: %(present)d of %(members)d are present, %(needed)d are needed.")
        told = {"present": room.quorum.present, "members": room.quorum.members, "needed": room.quorum.needed}
        raise Conflict(sentence % told)


def _require_presiding(room: Room) -> int:
    if room.presiding is None:
        raise Conflict(
            _("Nobody presides: chair and vice-chair are absent or recused. Note who was elected.")
        )
    return room.presiding


def _require_secretary(change: Sitting) -> None:
    if "secretary" not in change.seat.parts:
        raise Forbidden(_("Only the secretary notes other people's coming and going."))
