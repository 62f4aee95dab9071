"""Rows of committees: who sits, when they meet, what they decide on what evidence, and what follows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prasan.committee.rules import Rules
from prasan.fabric.decisions import Outcome
from prasan.fabric.personal import EncryptedTextField


class Committee(models.Model):
    """A committee by its order of appointment."""

    class Board(models.TextChoices):
        NONE = "", _("Decides on no proposals")
        SCREENING = "screening", _("Screening board")
        MAIN = "main", _("Main committee")

    class Publish(models.TextChoices):
        NOTHING = "nothing", _("Nothing")
        RESOLUTIONS = "resolutions", _("Resolutions")
        MINUTES = "minutes", _("Resolutions and certified minutes")

    code = models.SlugField(max_length=40, unique=True)
    name_th = models.TextField()
    name_en = models.TextField()
    order_number = models.TextField(blank=True)
    order_date = models.DateField(null=True)
    powers = models.TextField(blank=True)
    board = models.TextField(choices=Board, blank=True, default=Board.NONE)
    rules = models.JSONField(default=dict)
    publish = models.TextField(choices=Publish, default=Publish.NOTHING)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_th

    @property
    def ruling(self) -> Rules:
        """The rules in force, defaults filled in."""
        return Rules.of(self.rules)


class Member(models.Model):
    """Somebody who sits in a committee for a term: an officer's account, or only a name."""

    class Role(models.TextChoices):
        CHAIR = "chair", _("Chair")
        VICE = "vice", _("Vice-chair")
        MEMBER = "member", _("Member")
        SECRETARY = "secretary", _("Secretary")
        ASSISTANT = "assistant", _("Assistant secretary")

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.TextField()
    position = models.TextField(blank=True)
    email = EncryptedTextField()
    role = models.TextField(choices=Role, default=Role.MEMBER)
    votes = models.BooleanField(default=True)
    substitute_allowed = models.BooleanField(default=False)
    order = models.SmallIntegerField(default=50)
    term_from = models.DateField()
    term_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["committee", "user"], condition=models.Q(term_to=None), name="member_account_once"
            ),
            models.UniqueConstraint(
                fields=["committee"], condition=models.Q(role="chair", term_to=None), name="member_one_chair"
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class Meeting(models.Model):
    """One meeting, numbered within the year (ครั้งที่ 1/2569)."""

    class Mode(models.TextChoices):
        ON_SITE = "on_site", _("On site")
        ONLINE = "online", _("Online")
        MIXED = "mixed", _("On site and online")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("meeting", "Planned")
        NOTICE_SENT = "notice_sent", _("Notice sent")
        OPEN = "open", _("Meeting now")
        ADJOURNED = "adjourned", _("Adjourned")
        CLOSED = "closed", pgettext_lazy("meeting", "Closed")

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="meetings")
    number = models.SmallIntegerField()
    year = models.SmallIntegerField(help_text="พ.ศ.")
    starts_at = models.DateTimeField()
    mode = models.TextField(choices=Mode, default=Mode.ON_SITE)
    place = models.TextField(blank=True)
    link = models.TextField(blank=True)
    state = models.TextField(choices=State, default=State.PLANNED)
    second_call_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    elected_chair = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    current_item = models.ForeignKey("AgendaItem", null=True, on_delete=models.SET_NULL, related_name="+")
    notice_sent_at = models.DateTimeField(null=True)
    notice_short = models.BooleanField(default=False, help_text="sent later than the rules ask, on purpose")
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["committee", "year", "number"], name="meeting_number_once")
        ]
        indexes = [models.Index(fields=["committee", "starts_at"], name="meeting_by_time")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Its number in the year, for instance ``1/2569``."""
        return f"{self.number}/{self.year}"

    @property
    def minutes_state(self) -> str:
        """State of its minutes, empty before there are any."""
        minutes = getattr(self, "minutes", None)
        return str(minutes.state) if minutes is not None else ""


class Attendance(models.Model):
    """A person in the room from a time to a time; who comes back has a second row. Guests have a name only."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendance")
    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.TextField(blank=True, help_text="a substitute's or a guest's")
    position = models.TextField(blank=True)
    online = models.BooleanField(default=False)
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "member"], condition=models.Q(left_at=None), name="attendance_once"
            ),
            models.CheckConstraint(
                name="attendance_forward",
                condition=models.Q(left_at=None) | models.Q(left_at__gte=models.F("arrived_at")),
            ),
        ]


class Matter(models.Model):
    """What a committee deals with across meetings; a subject of another module comes back as the same matter."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("matter", "Open")
        DECIDED = "decided", _("Decided")

    code = models.CharField(max_length=12, unique=True)
    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="matters")
    kind = models.TextField(
        blank=True, help_text="kind of subject in fabric.decisions; empty: the committee's own"
    )
    reference = models.TextField(blank=True)
    title = models.TextField()
    agency = models.TextField(blank=True)
    state = models.TextField(choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["committee", "kind", "reference"],
                condition=~models.Q(kind=""),
                name="matter_subject_once",
            )
        ]

    def __str__(self) -> str:
        return self.code


class AgendaItem(models.Model):
    """One item of a meeting's agenda, with what is told of it and the resolution that is proposed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Not yet taken")
        DISCUSSED = "discussed", _("Under discussion")
        DECIDED = "decided", _("Decided")
        NOTED = "noted", _("Taken without a resolution")
        POSTPONED = "postponed", _("Postponed")

    class Voting(models.TextChoices):
        NONE = "", _("No vote")
        NAMED = "named", _("Named vote")

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    section = models.TextField(help_text="code of a part of the agenda template")
    position = models.SmallIntegerField()
    title = models.TextField()
    matter = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, related_name="items")
    follow_up = models.ForeignKey("FollowUp", null=True, on_delete=models.PROTECT, related_name="items")
    adopts = models.ForeignKey("Minutes", null=True, on_delete=models.PROTECT, related_name="items")
    background = models.TextField(blank=True)
    facts = models.TextField(blank=True)
    law = models.TextField(blank=True)
    question = models.TextField(blank=True)
    discussion = models.TextField(blank=True)
    state = models.TextField(choices=State, default=State.WAITING)
    proposed_outcome = models.TextField(choices=Outcome, blank=True)
    proposed_text = models.TextField(blank=True)
    proposed_conditions = models.TextField(blank=True)
    proposal_version = models.SmallIntegerField(default=0)
    voting = models.TextField(choices=Voting, blank=True, default=Voting.NONE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "section", "position"],
                name="item_place_once",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"


class Paper(models.Model):
    """A document of an item; its bytes lie in fabric.files under a name of our own."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="papers")
    key = models.CharField(max_length=64, unique=True)
    title = models.TextField()
    kind = models.TextField(help_text="ending by which it is known: pdf, png, jpg")
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(db_default=Now())


class Declaration(models.Model):
    """A member's conflict of interest in an item; while it stands the member neither counts nor votes on it."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="declarations")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    declared_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="declaration_once")]


class Vote(models.Model):
    """A member's named vote on an item; the chair's casting vote is a second row."""

    class Choice(models.TextChoices):
        AGREE = "agree", _("For")
        AGAINST = "against", _("Against")
        ABSTAIN = "abstain", _("Abstains")

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    choice = models.TextField(choices=Choice)
    casting = models.BooleanField(default=False)
    cast_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "member", "casting"], name="vote_once"),
            models.UniqueConstraint(
                fields=["item"], condition=models.Q(casting=True), name="vote_one_casting"
            ),
        ]


class Dissent(models.Model):
    """A member's differing opinion with its reasons: it goes into the minutes (section 83)."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="dissents")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reasons = models.TextField()
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="dissent_once")]


class Resolution(models.Model):
    """What was decided, on what evidence. The database refuses to change or delete it."""

    class Method(models.TextChoices):
        NO_OBJECTION = "no_objection", _("No objection")
        NAMED = "named", _("Named vote")

    item = models.OneToOneField(AgendaItem, on_delete=models.PROTECT, related_name="resolution")
    matter = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, related_name="resolutions")
    number = models.TextField(help_text="meeting and place on its agenda: 1/2569 4.2")
    outcome = models.TextField(choices=Outcome)
    text = models.TextField()
    conditions = models.TextField(blank=True)
    method = models.TextField(choices=Method)
    agree = models.SmallIntegerField(default=0)
    against = models.SmallIntegerField(default=0)
    abstain = models.SmallIntegerField(default=0)
    casting = models.TextField(blank=True)
    members = models.SmallIntegerField(help_text="members who counted for this item")
    present = models.SmallIntegerField(help_text="of them present")
    presided_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    snapshot = models.TextField(help_text="the evidence as canonical JSON")
    snapshot_hash = models.CharField(max_length=64, help_text="SHA-256 of `snapshot` in UTF-8")
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class FollowUp(models.Model):
    """What a resolution asks somebody to do; it returns under matters arising until it is closed."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for a report")
        REPORTED = "reported", _("Reported, waits for the meeting")
        CLOSED = "closed", pgettext_lazy("task", "Closed")

    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="follow_ups")
    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="follow_ups")
    task = models.TextField()
    agency = models.ForeignKey("city.Agency", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.TextField(choices=State, default=State.OPEN)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["committee", "state", "due_on"], name="follow_up_open")]


class FollowUpReport(models.Model):
    """What the agency says it has done."""

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="reports")
    text = models.TextField()
    done = models.BooleanField(default=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_default=Now())


class Minutes(models.Model):
    """The report of a meeting. Drafted from what happened; frozen when circulated; locked when certified."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("minutes", "Draft")
        CIRCULATED = "circulated", _("Circulated for correction")
        CERTIFIED = "certified", _("Certified")

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="minutes")
    state = models.TextField(choices=State, default=State.DRAFT)
    content = models.TextField(blank=True, help_text="canonical JSON of the document once it is circulated")
    content_hash = models.CharField(max_length=64, blank=True)
    circulated_at = models.DateTimeField(null=True)
    certified_at = models.DateTimeField(null=True)
    certified_in = models.ForeignKey(Meeting, null=True, on_delete=models.PROTECT, related_name="+")


class Correction(models.Model):
    """A member asks to change words of circulated minutes."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Not accepted")

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="corrections")
    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    was = models.TextField()
    becomes = models.TextField()
    state = models.TextField(choices=State, default=State.PROPOSED)
    proposed_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)
