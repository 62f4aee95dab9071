"""Rows of people: users (officers and citizens), roles, consents, API keys."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prasan.fabric.personal import EncryptedTextField, lookup_hash

DEMO_DOMAIN = "@demo.invalid"


class Role(models.TextChoices):
    """What an officer may be for an agency and all agencies below it."""

    OFFICER = "officer", _("Officer")
    DISPATCHER = "dispatcher", _("Dispatcher")
    SUPERVISOR = "supervisor", _("Supervisor")
    DIGITAL_OFFICER = "digital_officer", _("Digital officer")
    ANALYST = "analyst", _("Analyst")
    SECRETARY = "secretary", _("Committee secretary")
    AUDITOR = "auditor", _("Auditor")
    ADMIN = "admin", _("Administrator")


class UserManager(BaseUserManager["User"]):
    """Finds users by the name they sign in with."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser):
    """Somebody who can sign in.

    An officer signs in with `username` (the work e-mail). A citizen has a random `username`; the e-mail is
    encrypted, found by its keyed hash.
    """

    class Kind(models.TextChoices):
        OFFICER = "officer"
        CITIZEN = "citizen"

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField(choices=Kind)
    username = models.CharField(_("e-mail address"), max_length=254, unique=True)
    email = EncryptedTextField()
    email_hash = models.CharField(max_length=64, blank=True, db_index=True)
    name = EncryptedTextField(_("name"))
    phone = EncryptedTextField()
    language = models.TextField(default="th")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    erased_at = models.DateTimeField(null=True)
    notice_channels = ArrayField(models.TextField(), default=list, help_text="channels wanted; empty: e-mail")

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "email_hash"],
                condition=~models.Q(email_hash=""),
                name="user_email_once_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"  # str() ends up in logs, where no name may be

    def save(self, *args: object, **kwargs: object) -> None:
        self.email_hash = lookup_hash(self.email)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_officer(self) -> bool:
        return self.kind == self.Kind.OFFICER

    @property
    def is_citizen(self) -> bool:
        return self.kind == self.Kind.CITIZEN

    @property
    def is_demo(self) -> bool:
        """A demonstration account: its address ends in a name that can never exist (RFC 2606)."""
        return self.username.endswith(DEMO_DOMAIN)

    @property
    def may_sign_in(self) -> bool:
        """Whether the account is open; a demonstration account is so on a demonstration only."""
        return self.is_active and (settings.DEMO or not self.is_demo)

    @property
    def display_name(self) -> str:
        """What pages call this person: the name, or else the address they sign in with."""
        return self.name or (self.username if self.is_officer else self.email)


class RoleGrant(models.Model):
    """A role for an agency (and the agencies below it): from `valid_from` until the day before `valid_to`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    agency = models.ForeignKey("city.Agency", on_delete=models.PROTECT, related_name="+")
    role = models.TextField(choices=Role)
    valid_from = models.DateField(db_default=Now())
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "agency", "role"], name="grant_once")]


class Consent(models.Model):
    """A citizen agreed to a purpose (PDPA section 19), or took it back."""

    citizen = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    purpose = models.TextField()
    text_version = models.TextField(help_text="version of the sentence agreed to")
    given_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="consent_in_force_once",
            )
        ]


class ApiKey(models.Model):
    """A key of another system. Only the hash of the secret is kept."""

    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    name = models.TextField()
    agency = models.ForeignKey("city.Agency", null=True, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.TextField(), default=list)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)


class SharedValue(models.Model):
    """A short-lived value that all web processes share (unlogged: losing it in a crash is harmless)."""

    key = models.TextField(primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="shared_value_age")]
