"""Mail goes out in two steps: a row in the transaction that promises it, then a task that sends it."""

import logging
import smtplib
from email.utils import parseaddr, quote
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation

from storefront.jobs import enqueue
from storefront.models import OutgoingMail
from storefront.shop import shop
from storefront.text import clean_line

logger = logging.getLogger(__name__)
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def send_templated(
    name: str,
    *,
    to: str,
    context: dict[str, Any],
    language: str,
    cause: str,
    about: str = "",
    is_secret: bool = False,
) -> OutgoingMail:
    """Promise one mail: templates/mail/<name>.{subject.txt,txt,html} in the given language.

    The cause names why the mail is sent, such as "order.paid:17". One cause is one mail, however often
    this is called: a repeat gives the row that is there. Sent after commit, by a task. `about` is the number
    of the order that the mail belongs to, for staff to find it there.
    """
    mail = OutgoingMail.objects.filter(cause=cause).first()
    if mail is None:
        mail = write_mail(
            cause=cause,
            to=to,
            language=language,
            about=about,
            is_secret=is_secret,
            **_render(name, context, language),
        )
    return mail


def write_mail(
    *,
    cause: str,
    to: str,
    language: str,
    subject: str,
    text: str,
    html: str = "",
    about: str = "",
    is_secret: bool = False,
) -> OutgoingMail:
    """Promise one mail with ready texts. One cause is one mail, as in send_templated()."""
    mail = OutgoingMail(
        cause=cause,
        about=about,
        to=to,
        language=language,
        subject=clean_line(subject)[:300],
        text=text,
        html=html,
        is_secret=is_secret,
    )
    try:
        with transaction.atomic():
            mail.save()
    except IntegrityError:
        return OutgoingMail.objects.get(cause=cause)
    enqueue("storefront.send_mail", mail.pk)
    return mail


def tell_staff(*, title: str, words: str, details: str, path: str, cause: str, about: str = "") -> None:
    """Promise each member of staff a note that leads to a page of the admin. One cause is one note each."""
    for _name, address in settings.ADMINS:
        context = {"title": title, "words": words, "details": details, "path": path}
        send_templated(
            "staff_note",
            to=address,
            context=context,
            language=settings.LANGUAGE_CODE,
            cause=f"{cause}:{address}",
            about=about,
        )


def _render(name: str, context: dict[str, Any], language: str) -> dict[str, str]:
    with translation.override(language):
        context = {
            **context,
            "shop": shop(),
            "site_name": shop().name,
            "site_url": settings.SITE_URL,
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        return {
            "subject": render_to_string(f"mail/{name}.subject.txt", context),
            "text": render_to_string(f"mail/{name}.txt", context).strip() + "\n",
            "html": inline_styles(render_to_string(f"mail/{name}.html", context)),
        }


def inline_styles(html: str) -> str:
    """The mail with its styles on each element, for programs that drop style sheets."""
    return _inliner.inline(html)


def deliver(mail: OutgoingMail) -> bool:
    """Hand one mail to the mail server, record how that went, and tell whether the server answered.

    Repeating it sends nothing twice while the row says so; only a death between the server's yes and
    our note of it can send a mail again, under the same Message-ID.
    """
    if not mail.claim():
        return True
    try:
        _message(mail).send()
    except smtplib.SMTPRecipientsRefused as error:
        mail.mark_failed(str(error), final=all(code >= 500 for code, _why in error.recipients.values()))
    except smtplib.SMTPDataError as error:
        mail.mark_failed(str(error), final=error.smtp_code >= 500)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPNotSupportedError) as error:  # this mail's own trouble
        mail.mark_failed(str(error), final=False)
    except OSError as error:  # refused, timed out, no such host, not let in: all are of this kind
        mail.mark_unreached(str(error) or type(error).__name__)
        return False
    except Exception as error:  # a mail that can't be written at all stays with its reason for staff
        logger.exception("Mail %s could not be written.", mail.pk)
        mail.mark_failed(f"{type(error).__name__}: {error}", final=True)
    else:
        mail.mark_sent()
    return True


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    domain, wish = settings.ALLOWED_HOSTS[0], f"-{mail.wishes}" if mail.wishes else ""
    headers = {
        "Message-ID": f"<mail-{mail.pk}-{mail.created_at:%Y%m%d%H%M%S}{wish}@{domain}>",
        "Content-Language": mail.language,
    }
    answers = [shop().email] if shop().email else []
    message = EmailMultiAlternatives(
        mail.subject, mail.text, _sender(mail.language), [mail.to], headers=headers, reply_to=answers
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _sender(language: str) -> str:
    """As the operator has set it; an address alone goes under the shop's name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if name:
        return settings.DEFAULT_FROM_EMAIL
    with translation.override(language):
        return f'"{quote(clean_line(shop().name))}" <{address}>'
