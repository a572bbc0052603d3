"""Reads back the mails of the demo shop, which Django's file backend keeps in a folder."""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

_BETWEEN_MAILS = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class SentMail:
    pk: str
    subject: str
    to: str
    language: str
    sent_at: datetime
    text: str
    html: str


def sent_mails() -> list[SentMail]:
    """All mails of the folder, newest first."""
    mails = [mail for path in Path(settings.EMAIL_FILE_PATH).glob("*.log") for mail in _read(path)]
    return sorted(mails, key=lambda mail: (mail.sent_at, mail.pk), reverse=True)


def find_mail(pk: str) -> SentMail | None:
    return next((mail for mail in sent_mails() if mail.pk == pk), None)


def _read(path: Path) -> list[SentMail]:
    raws = [raw for raw in path.read_bytes().split(_BETWEEN_MAILS) if raw.strip()]
    return [_parse(f"{path.stem}-{number}", raw) for number, raw in enumerate(raws)]


def _parse(pk: str, raw: bytes) -> SentMail:
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    text, html = message.get_body(["plain"]), message.get_body(["html"])
    return SentMail(
        pk=pk,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        language=str(message.get("Content-Language", "en")),
        # Django writes -0000 for UTC, which Python reads as a time without a zone.
        sent_at=parsedate_to_datetime(str(message["Date"])).replace(tzinfo=UTC),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )
