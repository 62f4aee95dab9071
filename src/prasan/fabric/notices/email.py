"""E-mail through Django's mail settings (PRASAN_SMTP_…); one connection per batch."""

from __future__ import annotations

import hashlib
import logging
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from prasan.fabric.checks import Result
from prasan.fabric.notices.base import AddressRefused, Channel, ChannelDown, Message


@dataclass(frozen=True)
class EmailOptions:
    """From whom, and whether a mail server is set (without one, letters are files in var/mail)."""

    sender: str
    host: str

    @classmethod
    def from_settings(cls) -> EmailOptions:
        return cls(settings.DEFAULT_FROM_EMAIL, settings.EMAIL_HOST)


log = logging.getLogger(__name__)


class EmailChannel(Channel):
    """Plain-text letters in UTF-8."""

    name = "email"

    def send(self, messages: Sequence[Message]) -> list[Exception | None]:
        options = EmailOptions.from_settings()
        connection = get_connection()
        results: list[Exception | None] = []
        try:
            connection.open()
            for message in messages:
                results.append(_send_one(connection, message, options))  # noqa: PERF401 — what was sent must be known
        except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as error:
            log.warning("the mail server can't be reached: %s", type(error).__name__)
            results += [ChannelDown()] * (len(messages) - len(results))
        finally:
            _close(connection)
        return results

    def check(self) -> Result:
        options = EmailOptions.from_settings()
        if not options.host:
            return Result.warning("no mail server is set (PRASAN_SMTP_HOST); letters are written to var/mail")
        connection = get_connection(timeout=5)
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            return Result.error(
                f"{options.host} does not answer ({type(error).__name__}); letters wait in the queue"
            )
        finally:
            _close(connection)
        return Result.good(f"{options.host} answers")


def _send_one(connection: Any, message: Message, options: EmailOptions) -> Exception | None:
    try:
        validate_email(message.address)
        letter = EmailMessage(
            message.subject, message.text, options.sender, [message.address],
            connection=connection, headers=_headers(message, options),
        )  # fmt: skip
        letter.send()
    except (ValidationError, smtplib.SMTPRecipientsRefused) as error:
        return AddressRefused() if _is_lasting(error) else error
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, ValueError) as error:
        return error
    return None


def _is_lasting(error: Exception) -> bool:
    """Bad addresses and answers of 5xx; 4xx (grey-listing, full mailbox) pass."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return True


def _headers(message: Message, options: EmailOptions) -> dict[str, str]:
    """RFC 3834 (sent by a program) and a Message-ID by key: a letter sent again after a crash counts as the same."""
    domain = parseaddr(options.sender)[1].rpartition("@")[2] or "localhost"
    name = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    return {"Auto-Submitted": "auto-generated", "Message-ID": f"<{name}@{domain}>", **message.headers}


def _close(connection: Any) -> None:
    with suppress(OSError, smtplib.SMTPException):
        connection.close()
