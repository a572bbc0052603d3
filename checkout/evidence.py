"""All that the shop knows about a disputed order, for the provider or the bank: on a page, and as a PDF."""

from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from checkout.models import Dispute, Evidence
from checkout.printing import print_due
from checkout.timeline import timeline
from storefront.jobs import enqueue
from storefront.logo import logo_data
from storefront.pdf import render_pdf
from storefront.shop import shop

STYLESHEET = Path(settings.BASE_DIR) / "static" / "css" / "paper.css"
HISTORY = {"order", "payment", "refund", "dispute"}
MAX_ROWS = 1000


def evidence_of(dispute: Dispute) -> dict[str, Any]:
    """What the page and the PDF show, in the language of now; oldest first, as it is read there."""
    order = dispute.payment.order
    lines = list(order.lines.select_related("variant__product"))
    entries = timeline(order, limit=MAX_ROWS)[::-1]
    return {
        "dispute": dispute,
        "payment": dispute.payment,
        "order": order,
        "lines": lines,
        "history": [entry for entry in entries if entry.kind in HISTORY],
        "downloads": [entry for entry in entries if entry.kind == "download"],
        "mails": [entry for entry in entries if entry.kind == "mail"],
        "refund_days": min((line.refund_days for line in lines if line.amount), default=0),
        "made_at": timezone.now(),
    }


def ask_for_evidence(dispute: Dispute, *, language: str, by: User) -> Evidence:
    """Have a PDF printed by a task. While one of this language is on its way, that one is given.

    One that failed is tried again at once.
    """
    try:
        with transaction.atomic():
            evidence = Evidence.objects.create(dispute=dispute, language=language, requested_by=by)
            enqueue("checkout.print_evidence", evidence.pk)
    except IntegrityError:
        evidence = Evidence.objects.filter(dispute=dispute, language=language).latest("pk")
        if evidence.error:
            evidence.run_again()
            enqueue("checkout.print_evidence", evidence.pk)
    return evidence


def print_evidence(evidence: Evidence) -> None:
    """Print and store the PDF, in the language that was asked for. Safe to repeat."""
    print_due(evidence, evidence.file, f"evidence/{evidence.key}.pdf", partial(_print, evidence))


def _print(evidence: Evidence) -> bytes:
    disputes = Dispute.objects.select_related("payment__order__user")
    with override(evidence.language):
        context = {
            **evidence_of(disputes.get(pk=evidence.dispute_id)),
            "site_name": shop().name,
            "logo": logo_data(shop().logo),
            "site_url": settings.SITE_URL,
            "language": evidence.language,
            "direction": "rtl" if evidence.language in settings.LANGUAGES_BIDI else "ltr",
            "is_pdf": True,
        }
        return render_pdf(render_to_string("checkout/evidence.html", context), STYLESHEET.read_text())
