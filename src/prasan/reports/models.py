"""Rows of citizen issue reporting. Writes go through actions.py alone."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import pgettext_lazy

from prasan.fabric.personal import EncryptedTextField
from prasan.fabric.redaction import redact


class Status(models.TextChoices):
    """Statuses of a report and of each agency's part in it (words: Traffy Fondue's, known to Bangkok)."""

    WAITING = "waiting", pgettext_lazy("report status", "Waiting")
    IN_PROGRESS = "in_progress", pgettext_lazy("report status", "In progress")
    FORWARDED = "forwarded", pgettext_lazy("report status", "Forwarded")
    FOLLOWED = "followed", pgettext_lazy("report status", "Being followed up")
    FINISHED = "finished", pgettext_lazy("report status", "Finished")
    IRRELEVANT = "irrelevant", pgettext_lazy("report status", "Not relevant")


CLOSED_PART = models.Q(active=False, status__in=(Status.FINISHED, Status.IRRELEVANT))
OPEN_STATUSES = (Status.WAITING, Status.IN_PROGRESS, Status.FORWARDED, Status.FOLLOWED)


def wording(written: str) -> dict[str, str]:
    """Fields of a `Wording`: what everybody may see, and the original only where that differs."""
    masked = redact(written)
    return {"original": written if written != masked else "", "public_text": masked}


class Wording(models.Model):
    """Words somebody wrote: `text` reads and sets both, what was written and what everybody may see."""

    class Meta:
        abstract = True

    original: str
    public_text: str

    @property
    def text(self) -> str:
        """As written; for the writer and the agencies that handle the report."""
        return self.original or self.public_text

    @text.setter
    def text(self, written: str) -> None:
        for name, value in wording(written).items():
            setattr(self, name, value)


class Report(Wording):
    """One report of one problem at one place. `status` is that of its lead agency's assignment."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=12, unique=True)
    source = models.TextField(default="web", help_text="web, api, phone, import …")
    external_id = models.TextField(null=True, help_text="id in the system it was imported from")
    submitted_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    original = EncryptedTextField(help_text="as written, where something personal was masked; else empty")
    public_text = models.TextField(
        help_text="phones, e-mail, national ids and plates masked; shown to everybody"
    )
    search = SearchVectorField(help_text="Thai words of public_text, code and address (configuration simple)")
    category = models.TextField(help_text="code in the city's categories.yaml")
    category_how = models.TextField(help_text="citizen, triage or officer: who chose the category")
    suggested = ArrayField(models.TextField(), default=list, help_text="triage's top three, best first")
    confidence = models.FloatField(null=True, help_text="triage's probability of its first choice")

    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    cell = models.BigIntegerField(null=True, help_text="H3 cell of resolution 12")
    district = models.CharField(max_length=4, blank=True, help_text="area code")
    subdistrict = models.CharField(max_length=6, blank=True, help_text="area code")
    address = models.TextField(blank=True, help_text="address or landmark as given")
    road_kind = models.TextField(blank=True)
    asset_kind = models.TextField(blank=True)

    reporter = models.ForeignKey("people.User", null=True, on_delete=models.SET_NULL, related_name="reports")
    reporter_name = EncryptedTextField()
    reporter_phone = EncryptedTextField()
    private = models.BooleanField(default=False, help_text="seen by its reporter and the agencies alone")

    status = models.TextField(choices=Status, default=Status.WAITING)
    stage = models.TextField(blank=True, help_text="long-process stage (catalogue.stages)")
    agency = models.ForeignKey("city.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    routed_by = models.TextField(
        blank=True, help_text="routing rule id; empty = waits for a dispatcher's choice"
    )
    first_action_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rating = models.SmallIntegerField(null=True)
    reopened = models.SmallIntegerField(default=0)
    followers = models.IntegerField(default=0)
    photos = models.SmallIntegerField(default=0)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    split_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="splits")
    version = models.IntegerField(default=1, help_text="grows with every change; a stale one is a conflict")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="report_external", condition=models.Q(external_id__isnull=False)
            ),
            models.CheckConstraint(
                name="report_rating", condition=models.Q(rating__range=(1, 5)) | models.Q(rating=None)
            ),
            models.CheckConstraint(
                name="report_not_its_own_duplicate",
                condition=models.Q(duplicate_of=None) | ~models.Q(duplicate_of=models.F("id")),
            ),
        ]
        indexes = [
            models.Index(fields=["-submitted_at", "-id"], name="report_newest"),
            models.Index(fields=["district", "-submitted_at"], name="report_district"),
            models.Index(fields=["category", "-submitted_at"], name="report_category"),
            models.Index(fields=["cell", "submitted_at"], name="report_cell"),
            models.Index(
                fields=["agency"], name="report_to_dispatch", condition=models.Q(routed_by="", status=Status.WAITING)
            ),
            models.Index(
                fields=["reporter", "-submitted_at"], name="report_reporter", condition=models.Q(reporter__isnull=False)
            ),
            GinIndex(fields=["search"], name="report_search", fastupdate=True),
        ]

    def __str__(self) -> str:
        return self.code


class Assignment(models.Model):
    """One agency's part in a report, with its own status and deadlines. One is the lead; others were invited."""

    class Role(models.TextChoices):
        LEAD = "lead"
        INVITED = "invited"

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="assignments")
    agency = models.ForeignKey("city.Agency", on_delete=models.PROTECT, related_name="+")
    role = models.TextField(choices=Role, default=Role.LEAD)
    status = models.TextField(choices=Status, default=Status.WAITING)
    stage = models.TextField(blank=True)
    active = models.BooleanField(
        default=True, help_text="false once forwarded away, finished or found irrelevant"
    )
    officer = models.ForeignKey("people.User", null=True, on_delete=models.SET_NULL, related_name="+")
    assigned_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    respond_by = models.DateTimeField(null=True, help_text="deadline of the first action, in working time")
    due_at = models.DateTimeField(null=True, help_text="deadline of the fix, in working time")
    paused_at = models.DateTimeField(
        null=True, help_text="since when the reporter is being asked; the clock stands"
    )
    reminded = models.SmallIntegerField(
        default=0, help_text="50, 80 or 100: the last reminder sent, in % of the time"
    )
    remind_at = models.DateTimeField(null=True, help_text="when the next of the reminders falls due")
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=models.Q(role="lead", active=True), name="assignment_one_active_lead"
            ),
            models.UniqueConstraint(
                fields=["report", "agency"], condition=models.Q(active=True), name="assignment_once_per_agency"
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "due_at", "id"], name="assignment_inbox", condition=models.Q(active=True)),
            models.Index(fields=["due_at", "id"], name="assignment_city_inbox", condition=models.Q(active=True)),
            models.Index(
                fields=["officer", "due_at"], name="assignment_officer",
                condition=models.Q(active=True, officer__isnull=False),
            ),
            models.Index(
                fields=["agency", "due_at", "id"], name="assignment_invited",
                condition=models.Q(active=True, role="invited"),
            ),
            models.Index(fields=["-closed_at", "-id"], name="assignment_city_closed", condition=CLOSED_PART),
            models.Index(fields=["agency", "-closed_at", "-id"], name="assignment_closed", condition=CLOSED_PART),
            models.Index(fields=["remind_at"], name="assignment_clock", condition=models.Q(active=True)),
        ]


class Entry(Wording):
    """A line of a report's timeline. Free text lives here (erasable), never in the ledger."""

    class Kind(models.TextChoices):
        STATUS = "status"
        COMMENT = "comment"
        QUESTION = "question"
        ANSWER = "answer"
        NOTE = "note"
        ASSIGN = "assign"
        FORWARD = "forward"
        INVITE = "invite"
        REOPEN = "reopen"
        MERGE = "merge"
        SPLIT = "split"
        CATEGORY = "category"
        RATING = "rating"
        ESCALATION = "escalation"

    class Audience(models.TextChoices):
        PUBLIC = "public"
        REPORTER = "reporter"
        INTERNAL = "internal"

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(db_default=Now())
    kind = models.TextField(choices=Kind)
    audience = models.TextField(choices=Audience, default=Audience.PUBLIC)
    agency = models.ForeignKey("city.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    to_agency = models.ForeignKey("city.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("people.User", null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.TextField(help_text="kind of actor: anonymous, citizen, officer, system …")
    status = models.TextField(blank=True, help_text="new status, where the entry changed it")
    stage = models.TextField(blank=True)
    original = EncryptedTextField(help_text="as written, where something personal was masked; else empty")
    public_text = models.TextField(blank=True, help_text="what was written, personal data masked")
    other = models.ForeignKey(Report, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["report", "at", "id"], name="entry_timeline")]


class Photo(models.Model):
    """A picture: the original is kept apart for officers; the public one is re-encoded, without EXIF, faces blurred."""

    class Moment(models.TextChoices):
        BEFORE = "before"
        AFTER = "after"
        OTHER = "other"

    class State(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        REFUSED = "refused"

    key = models.CharField(
        max_length=40, unique=True, help_text="random name; part of the address, not guessable"
    )
    report = models.ForeignKey(Report, null=True, on_delete=models.CASCADE, related_name="pictures")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="pictures")
    moment = models.TextField(choices=Moment, default=Moment.BEFORE)
    state = models.TextField(choices=State, default=State.PENDING)
    sha256 = models.CharField(max_length=64)
    width = models.IntegerField()
    height = models.IntegerField()
    size = models.IntegerField(help_text="bytes of the original as stored")
    external_url = models.TextField(
        blank=True, help_text="address in the system it was imported from; never fetched"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["report"], name="photo_report")]


class Follower(models.Model):
    """Somebody who wants to hear of a report: a signed-in citizen or an e-mail address."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="follows")
    citizen = models.ForeignKey("people.User", null=True, on_delete=models.CASCADE, related_name="+")
    address = EncryptedTextField()
    address_hash = models.CharField(max_length=64, blank=True)
    language = models.TextField(default="th")
    token = models.CharField(
        max_length=40, unique=True, help_text="unfollow link; knowing it is the permission"
    )
    reporter = models.BooleanField(default=False, help_text="this follower sent the report")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "citizen"], condition=models.Q(citizen__isnull=False), name="follow_once"
            ),
            models.UniqueConstraint(
                fields=["report", "address_hash"], condition=~models.Q(address_hash=""), name="follow_once_by_address"
            ),
        ]


class Correction(models.Model):
    """An officer changed triage's or the citizen's category: kept for retraining."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="corrections")
    was = models.TextField()
    became = models.TextField()
    officer = models.ForeignKey("people.User", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_default=Now())


class SavedFilter(models.Model):
    """An officer's own named inbox filter; `query` is the page's query string."""

    officer = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="saved_filters")
    name = models.TextField()
    query = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["officer", "name"], name="saved_filter_name")]


class CellCount(models.Model):
    """How many public reports an H3 cell of resolution 8 holds, per category, status and month: low map zooms."""

    cell = models.BigIntegerField()
    category = models.TextField()
    status = models.TextField()
    district = models.CharField(max_length=4, blank=True)
    month = models.DateField()
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cell", "category", "status", "district", "month"], name="cell_count_key")
        ]


class NumbersSnapshot(models.Model):
    """The numbers page as computed at a moment (heavy at a million reports, so a job computes it)."""

    computed_at = models.DateTimeField()
    period_start = models.DateField()
    period_end = models.DateField()
    content = models.JSONField()
