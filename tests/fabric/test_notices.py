"""Notices: once per key, in the reader's language, retried while the mail server is down."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prasan.fabric.actions import notice_queue, notice_queue_many, notice_resend
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices import NoticeRequest, registry, sending
from prasan.fabric.notices.email import EmailChannel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, settings: Any) -> None:
    """A letter in two languages, whose text knows no HTML."""
    begin = "{% load i18n %}{% get_current_language as l %}"
    (tmp_path / "letter.subject.txt").write_text(begin + "[{{ l }}] {{ title }}\n")
    (tmp_path / "letter.txt").write_text(begin + "{{ l }}: {{ title }} ประสาน\n")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def queue(key: str = "k1", **changes: Any) -> None:
    fields = {
        "address": "somchai@home.example",
        "language": "th",
        "template": "letter",
        "context": {"title": "ทางเท้า"},
    }
    notice_queue(key=key, **{**fields, **changes})


def make_due() -> None:
    Notice.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def test_a_notice_is_sent_in_its_readers_language() -> None:
    queue("a", language="th")
    queue("b", language="en")
    assert sending.notices_send() == 2
    letters = {letter.subject: letter for letter in mail.outbox}
    assert set(letters) == {"[th] ทางเท้า", "[en] ทางเท้า"}
    assert letters["[th] ทางเท้า"].body == "th: ทางเท้า ประสาน\n"
    assert letters["[th] ทางเท้า"].to == ["somchai@home.example"]
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_the_same_key_is_sent_once_however_often_it_is_queued() -> None:
    queue("a")
    queue("a")
    sending.notices_send()
    queue("a")
    assert sending.notices_send() == 0
    assert len(mail.outbox) == 1


def test_queueing_many_costs_one_statement() -> None:
    requests = [NoticeRequest(f"k{n}", "a@home.example", "th", "letter") for n in range(100)]
    with CaptureQueriesContext(connection) as statements, transaction.atomic():
        notice_queue_many(requests)
    assert len([s for s in statements if "insert" in s["sql"].lower()]) == 1


def test_a_notice_of_an_undone_change_is_never_sent() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 — the notice is undone by what follows
        queue()
        raise RuntimeError
    assert sending.notices_send() == 0


def test_the_address_is_not_readable_in_the_row() -> None:
    queue(address="somchai@home.example")
    with connection.cursor() as cursor:
        cursor.execute("select encode(address, 'escape') from fabric_notice")
        assert "somchai" not in cursor.fetchone()[0]


@pytest.mark.parametrize("title", ["x\nBcc: all@city.example", "x\r\nBcc: all@city.example", "x\rSubject: y"])
def test_a_title_can_not_add_headers(title: str) -> None:
    queue(context={"title": title})
    sending.notices_send()
    (letter,) = mail.outbox
    message = letter.message()
    assert message["Bcc"] is None
    assert "\n" not in letter.subject
    assert letter.recipients() == ["somchai@home.example"]


@pytest.mark.parametrize(
    "address", ["a@b.example\nBcc: c@d.example", "no address", "", "a@b.example, c@d.example"]
)
def test_an_address_that_is_none_is_dead_at_once_and_harms_no_other(address: str) -> None:
    queue("bad", address=address)
    queue("good")
    sending.notices_send()
    assert dict(Notice.objects.values_list("key", "state")) == {"bad": "dead", "good": "sent"}
    assert [letter.to for letter in mail.outbox] == [["somchai@home.example"]]


def test_html_in_a_title_stays_text() -> None:
    queue(context={"title": "<b>5 > 3 & 'x'</b>"})
    sending.notices_send()
    assert "<b>5 > 3 & 'x'</b>" in mail.outbox[0].body


def test_a_broken_template_harms_its_own_notices_alone() -> None:
    queue("bad", template="nowhere")
    queue("good")
    sending.notices_send()
    assert dict(Notice.objects.values_list("key", "state")) == {"bad": "queued", "good": "sent"}
    assert Notice.objects.get(key="bad").error == "TemplateDoesNotExist"


def test_while_the_mail_server_is_down_notices_wait_and_then_go_out(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    queue("a")
    queue("b")
    pauses = []
    for _ in range(3):
        sending.notices_send()
        pauses.append(Notice.objects.get(key="a").next_at - timezone.now())
        assert sending.notices_send() == 0, "a pause is kept"
        make_due()
    assert pauses == sorted(pauses)
    assert EmailChannel().check().level == "error"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sending.notices_send()
    assert len(mail.outbox) == 2
    assert set(Notice.objects.values_list("state", "attempts")) == {("sent", 4)}


def test_a_notice_that_never_goes_out_is_dead_in_the_end_and_can_be_resent(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    queue()
    for _ in range(20):
        make_due()
        sending.notices_send()
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == ("dead", len(sending.PAUSES) + 1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    notice_resend(actor=Actor.system("test"), notice_id=notice.pk)
    sending.notices_send()
    assert len(mail.outbox) == 1
    assert LedgerEntry.objects.get().action == "notice.resend"


def test_a_sender_that_dies_gives_its_notices_back(monkeypatch: pytest.MonkeyPatch) -> None:
    queue()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(EmailChannel, "send", die)
    with pytest.raises(KeyboardInterrupt):
        sending.notices_send()
    monkeypatch.undo()
    assert sending.notices_send() == 0, "leased"
    Notice.objects.update(next_at=timezone.now())  # ten minutes later
    assert sending.notices_send() == 1


def test_a_letter_sent_again_has_the_same_message_id() -> None:
    queue()
    sending.notices_send()
    Notice.objects.update(state="queued", next_at=timezone.now())
    sending.notices_send()
    first, second = (letter.message()["Message-ID"] for letter in mail.outbox)
    assert first == second
    assert mail.outbox[0].message()["Auto-Submitted"] == "auto-generated"


def test_an_unknown_channel_waits_for_its_plugin() -> None:
    queue(channel="pigeon")
    sending.notices_send()
    assert Notice.objects.get().error == "LookupError"


def test_channels_are_known_by_name() -> None:
    assert [channel.name for channel in registry.channels()] == ["email"]
    with pytest.raises(ValueError, match="two channels"):
        registry.register(EmailChannel())


class _Mailbox(socketserver.StreamRequestHandler):
    """Just enough of SMTP: refuses refused@…, hangs up in the middle of the second letter when told to."""

    letters: list[str] = []
    hang_up_after: int | None = None

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line.split(b":")[0].strip().upper()
            if word == b"DATA":
                self._data()
            elif b"REFUSED@" in line.upper():
                self.wfile.write(b"550 no such mailbox\r\n")
            elif word == b"QUIT" or (
                self.hang_up_after is not None and len(self.letters) >= self.hang_up_after
            ):
                return
            else:
                self.wfile.write(b"250 ok\r\n")

    def _data(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        text = b""
        while not text.endswith(b"\r\n.\r\n"):
            text += self.rfile.readline()
        self.letters.append(text.decode())
        self.wfile.write(b"250 taken\r\n")


@pytest.fixture
def mail_server(settings: Any) -> Iterator[type[_Mailbox]]:
    handler = type("Mailbox", (_Mailbox,), {"letters": [], "hang_up_after": None})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_TIMEOUT = 5
        yield handler
        server.shutdown()


def test_a_real_mail_server_gets_thai_letters(mail_server: type[_Mailbox]) -> None:
    queue("a")
    queue("b", address="refused@home.example")
    queue("c")
    sending.notices_send()
    assert len(mail_server.letters) == 2
    assert dict(Notice.objects.values_list("key", "state")) == {"a": "sent", "b": "dead", "c": "sent"}
    assert EmailChannel().check().level == "good"


def test_a_server_that_hangs_up_gets_no_letter_twice(mail_server: type[_Mailbox]) -> None:
    mail_server.hang_up_after = 2
    for number in range(4):
        queue(f"k{number}")
    sending.notices_send()
    assert Notice.objects.filter(state="sent").count() == 2
    mail_server.hang_up_after = None
    make_due()
    sending.notices_send()
    assert len(mail_server.letters) == 4
