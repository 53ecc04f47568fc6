"""The outbox: mail is stored in the transaction of the action it tells of, and sent once by whichever worker claims it.

A worker that dies while it sends leaves its mail claimed: perhaps it was sent, so it is never sent again.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, mailers
from django.core.validators import validate_email

from comity.errors import ComityError
from comity.site.community.models import Mail

LONGEST_SUBJECT = 200
MOST_ATTEMPTS = 8  # a quarter of an hour apart at first, twice as long each time: about a day and a half
FIRST_WAIT = timedelta(minutes=15)


class MailRefused(ComityError):
    """A message cannot be sent as it is."""


def queue_mail(address: str, subject: str, text: str, *, once: str, leave_url: str = "") -> None:
    """Puts a message into the outbox. A second call with the same `once` does nothing.

    leave_url: where one POST ends such mail, for the reader's own mail program (RFC 8058).

    Raises MailRefused, which does not repeat them, for an address that is none or a subject that would begin another header.
    """
    try:
        validate_email(address)
    except ValidationError:
        raise MailRefused("This is not an e-mail address.", "Write it as name@example.org.") from None
    if _breaks_a_line(address) or _breaks_a_line(subject) or _breaks_a_line(leave_url):
        raise MailRefused("A subject or address has a line break in it.", "Write it on one line.")
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise MailRefused(
            f"A subject has {len(subject)} characters.", f"Use between 1 and {LONGEST_SUBJECT} characters."
        )
    now = settings.CLOCK()
    key = hashlib.sha256(once.encode()).hexdigest()
    mail = Mail(
        once=key, address=address, subject=subject, text=text, leave_url=leave_url, queued_at=now, try_after=now
    )
    Mail.objects.bulk_create([mail], ignore_conflicts=True)


def send_waiting(folder: Path, now: datetime) -> int:
    """Sends what waits, and returns how many were sent; none while no mail server is named in comity.toml.

    An error of the connection is raised before anything is claimed.
    """
    waiting = Mail.objects.filter(state=Mail.State.WAITING, try_after__lte=now).order_by("number")
    if not settings.MAIL_FROM or not waiting.exists():
        return 0
    mailer = mailers.default
    mailer.open()
    try:
        return sum(_send(number, mailer, now) for number in waiting.values_list("number", flat=True))
    finally:
        mailer.close()


def stuck_mail(now: datetime) -> int:
    """How many messages a worker claimed over an hour ago and never finished, or the server refused for good."""
    unfinished = Mail.objects.filter(state=Mail.State.SENDING, try_after__lt=now - timedelta(hours=1))
    return unfinished.count() + Mail.objects.filter(state=Mail.State.REFUSED).count()


def _send(number: int, mailer: object, now: datetime) -> bool:
    """Claims one message and sends it; False where another worker has it or the server refused it."""
    claimed = Mail.objects.filter(number=number, state=Mail.State.WAITING)
    if not claimed.update(state=Mail.State.SENDING, try_after=now):
        return False
    mail = Mail.objects.get(number=number)
    message = EmailMessage(
        mail.subject, mail.text, settings.MAIL_FROM, [mail.address], headers=_headers(mail.leave_url)
    )
    try:
        mailer.send_messages([message])  # type: ignore[attr-defined]
    except (SMTPResponseException, SMTPRecipientsRefused) as refusal:
        _note_refusal(mail, refusal, now)
        return False
    mail.state, mail.address, mail.subject, mail.text, mail.leave_url = Mail.State.SENT, "", "", "", ""
    mail.save()
    return True


def _headers(leave_url: str) -> dict[str, str]:
    if not leave_url:
        return {}
    return {"List-Unsubscribe": f"<{leave_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _note_refusal(mail: Mail, refusal: SMTPResponseException | SMTPRecipientsRefused, now: datetime) -> None:
    """The server said no: 4xx means later, 5xx means never (RFC 5321)."""
    codes = (
        [code for code, _ in refusal.recipients.values()]
        if isinstance(refusal, SMTPRecipientsRefused)
        else [refusal.smtp_code]
    )
    mail.attempts += 1
    is_final = any(code >= 500 for code in codes) or mail.attempts >= MOST_ATTEMPTS
    mail.state = Mail.State.REFUSED if is_final else Mail.State.WAITING
    mail.try_after = now + FIRST_WAIT * 2 ** (mail.attempts - 1)
    mail.save()


def _breaks_a_line(text: str) -> bool:
    return any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in text)
