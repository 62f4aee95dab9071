"""Rows of the fabric: the ledger and its seals, subscribers' cursors and dead letters, notices, request keys."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from prasan.fabric.personal import EncryptedTextField


class LedgerEntry(models.Model):
    """One change, once: the audit trail and the event stream in one. Append-only (a trigger refuses the rest).

    `position` is the transaction's number. Entries become visible in commit order, not in `id` order, so
    readers follow (position, id) up to the oldest transaction still running and never miss a late one.
    """

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(db_default=models.Func(function="fabric_ledger_position"))
    at = models.DateTimeField(db_default=models.Func(function="clock_timestamp"))
    actor_kind = models.TextField()
    actor_id = models.TextField(blank=True)
    action = models.TextField(help_text="module.verb, for instance report.submit")
    object_type = models.TextField()
    object_id = models.TextField()
    changes = models.JSONField(default=dict, help_text="field → [old, new], or field → value for what began")
    origin = models.TextField(blank=True, help_text="channel and request: web, api, import:FILE, job:NAME …")

    class Meta:
        indexes = [
            models.Index(fields=["position", "id"], name="ledger_order"),
            models.Index(fields=["object_type", "object_id", "id"], name="ledger_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type}:{self.object_id}"


class LedgerSeal(models.Model):
    """The Merkle root of the entries whose position is in [from_position, to_position), chained to the last seal."""

    id = models.BigAutoField(primary_key=True)
    from_position = models.BigIntegerField()
    to_position = models.BigIntegerField(unique=True)
    entries = models.IntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()
    fingerprints = models.BinaryField(
        default=b"", help_text="first 4 bytes of each entry's leaf hash, in order: they name a changed entry"
    )


class Subscription(models.Model):
    """How far a subscriber has read the ledger."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField(default=0)
    entry_id = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)


class Delivery(models.Model):
    """An entry that a subscriber could not take yet: retried with growing pauses, then dead until resent."""

    class State(models.TextChoices):
        RETRY = "retry"
        DEAD = "dead"
        DONE = "done"

    subscriber = models.TextField()
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, db_constraint=False)
    state = models.TextField(choices=State, default=State.RETRY)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "entry"], name="delivery_once")]
        indexes = [models.Index(fields=["next_at"], condition=models.Q(state="retry"), name="delivery_due")]


class Notice(models.Model):
    """A message to one person by one channel (e-mail now, others by plugin)."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        DEAD = "dead"

    key = models.TextField(
        unique=True, help_text="what this notice is about; the same key is never sent twice"
    )
    channel = models.TextField(default="email")
    address = EncryptedTextField()
    language = models.TextField(default="th")
    template = models.TextField(help_text="template path without suffix; .subject.txt and .txt are rendered")
    context = models.JSONField(default=dict)
    state = models.TextField(choices=State, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=models.Q(state="queued"), name="notice_due")]


class IdempotencyKey(models.Model):
    """What a creating request answered, so that its replay gets the same answer and creates nothing."""

    key = models.TextField(primary_key=True, help_text="caller and Idempotency-Key, hashed")
    request = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.IntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]


class RateCount(models.Model):
    """How often a caller did something in the current window."""

    key = models.TextField(primary_key=True, help_text="what is limited and who calls, hashed")
    window = models.BigIntegerField(help_text="end of the window, Unix time in seconds")
    count = models.IntegerField(default=1)


class WorkerHeartbeat(models.Model):
    """When a worker process was last seen alive."""

    name = models.TextField(primary_key=True, help_text="host and process number")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
