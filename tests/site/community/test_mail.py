"""The outbox: what is queued leaves once, whatever happens to those who send it, and nothing of it stays."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

QUESTION = "What did you do about the lights?"


def queue(number=1, address="resident@example.org"):
    from comity.site.community.mail import queue_mail

    queue_mail(address, "An answer", f"It was asked: {QUESTION}", once=f"answer {number}")


def send(town, later=timedelta()):
    from django.conf import settings

    from comity.site.community.mail import send_waiting

    return send_waiting(town.folder, settings.CLOCK() + later)


def test_a_message_leaves_once_however_often_it_is_queued_and_nothing_of_it_stays(on_sqlite, town, sent):
    queue()
    queue()

    assert [send(town), send(town)] == [1, 0]
    queue()
    assert send(town) == 0

    assert [(each.to, each.subject, each.from_email) for each in sent] == [
        (["resident@example.org"], "An answer", "record@town.example")
    ]
    store = (town.folder / "default.sqlite3").read_bytes()
    assert QUESTION.encode() not in store
    assert b"resident@example.org" not in store


def test_a_message_of_an_action_that_failed_does_not_leave(town, sent):
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        _ = 1 / 0

    assert send(town) == 0


def test_mail_waits_while_no_server_is_named(town, sent, settings_of):
    queue()
    with settings_of(MAIL_FROM=""):
        assert send(town) == 0
    assert send(town) == 1


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("a@example.org\nBcc: all@example.org", "Hello"),
        ("a@example.org", "Hello\r\nBcc: all@example.org"),
        ("a@example.org", "Hello\u2028Bcc: all@example.org"),
        ("a@example.org", "Hello\x00"),
        ("a@example.org, b@example.org", "Hello"),
        ("nobody", "Hello"),
        ("a@example.org", ""),
        ("a@example.org", "x" * 201),
    ],
)
def test_what_would_begin_another_header_is_refused_and_not_repeated(town, address, subject):
    from comity.site.community.mail import MailRefused, queue_mail
    from comity.site.community.models import Mail

    with pytest.raises(MailRefused) as refusal:
        queue_mail(address, subject, "text", once="x")

    assert "Bcc" not in str(refusal.value)
    assert not Mail.objects.exists()


class Refusing:
    """A mail server that answers each message with the next of `answers`: an error, or None."""

    answers: ClassVar[list[Exception | None]] = []

    def __init__(self, **options):
        pass

    def open(self):
        pass

    def close(self):
        pass

    def send_messages(self, messages):
        if problem := self.answers.pop(0):
            raise problem


@pytest.mark.parametrize(
    ("answer", "state", "is_tried_again"),
    [
        (smtplib.SMTPDataError(451, b"later"), "waiting", True),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"busy")}), "waiting", True),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), "refused", False),
    ],
)
def test_a_refusal_for_now_is_tried_again_later_and_one_for_good_is_not(
    town, sent, settings_of, answer, state, is_tried_again
):
    from comity.site.community.models import Mail

    queue()
    Refusing.answers = [answer, None]
    with settings_of(MAILERS={"default": {"BACKEND": f"{__name__}.Refusing"}}):
        first, at_once, later = send(town), send(town), None
        assert Mail.objects.get().state == state
        later = send(town, timedelta(minutes=16))

    assert (first, at_once, later) == (0, 0, int(is_tried_again))


def test_what_was_perhaps_sent_is_never_sent_again_and_is_counted(town, sent, settings_of):
    from django.conf import settings

    from comity.site.community.mail import stuck_mail

    queue()
    Refusing.answers = [smtplib.SMTPServerDisconnected("after the text")]
    with (
        settings_of(MAILERS={"default": {"BACKEND": f"{__name__}.Refusing"}}),
        pytest.raises(smtplib.SMTPServerDisconnected),
    ):
        send(town)

    assert send(town, timedelta(days=2)) == 0
    assert stuck_mail(settings.CLOCK() + timedelta(days=2)) == 1


def test_workers_at_the_same_time_never_send_twice(town, sent):
    from django.db import connections

    for number in range(30):
        queue(number)
    start, counts = threading.Barrier(4), []

    def work():
        start.wait()
        counts.append(send(town))
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert sum(counts) == len(sent) == 30


ON_POSTGRESQL = """
import os, sys, threading
from pathlib import Path
from typing import ClassVar
from datetime import UTC, datetime
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path(sys.argv[1]), {"default": sys.argv[2]}))
from django.conf import settings
from django.core import mail
from django.db import connections
from django.test import override_settings
from comity.site.community.mail import queue_mail, send_waiting
mail.outbox = []
with override_settings(MAILERS={"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}, MAIL_FROM="a@b.example"):
    for number in range(30):
        queue_mail(f"p{number}@example.org", "s", "t", once=str(number % 25))
    start = threading.Barrier(4)
    def work():
        start.wait()
        send_waiting(Path(), datetime.now(UTC))
        connections.close_all()
    workers = [threading.Thread(target=work) for _ in range(4)]
    [each.start() for each in workers]; [each.join() for each in workers]
print(len(mail.outbox), len({each.to[0] for each in mail.outbox}))
"""


def test_nor_on_postgresql(postgresql, tmp_path):
    environment = {**os.environ, "COMITY_PARTS": "community", "DJANGO_SETTINGS_MODULE": "comity.site.settings"}
    run = subprocess.run(
        [sys.executable, "-c", ON_POSTGRESQL, tmp_path, postgresql],
        env=environment, capture_output=True, text=True, check=False, cwd=Path(__file__).parent,
    )  # fmt: skip

    assert run.stdout.split() == ["25", "25"], run.stderr
