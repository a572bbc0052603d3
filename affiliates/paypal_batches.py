"""Batches that PayPal sends: given to it once, and followed until each payout arrived or came back."""

import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Payout, PayoutBatch
from affiliates.payouts import mark_paid, take_back
from checkout.errors import PaymentRefused, ProviderNotOffered, ProviderUnavailable
from checkout.providers.paypal_payouts import (
    KEY_DAYS,
    PayoutItem,
    PayoutOrder,
    PayoutReport,
    PayoutState,
    fetch_payouts,
    send_payouts,
)
from storefront.shop import shop

logger = logging.getLogger(__name__)
SAFE_TO_REPEAT = timedelta(days=KEY_DAYS - 2)


def follow_batch(batch: PayoutBatch) -> None:
    """Give the batch to PayPal, or ask what became of it. Safe to repeat and to race.

    The batch's own key stands before the call, so an answer that was lost is asked for by the same call
    again; not when PayPal may have forgotten the key: then staff has to look.
    """
    if not batch.claim():
        return
    try:
        report = _asked(batch)
    except (ProviderUnavailable, ProviderNotOffered) as error:
        batch.look_again(str(error), getattr(error, "wait", timedelta(0)))
    except PaymentRefused as error:
        _refused(batch, str(error))
    else:
        if report is not None:
            _book(batch, report)


def _asked(batch: PayoutBatch) -> PayoutReport | None:
    if batch.reference:
        return fetch_payouts(batch.reference)
    if not batch.sent_at or timezone.now() - batch.sent_at > SAFE_TO_REPEAT:
        batch.stop(_("PayPal never answered. Look there for this batch before you send it another way."))
        return None
    payouts = Payout.objects.filter(batch=batch, status=Payout.Status.PENDING).order_by("pk")
    orders = [PayoutOrder(each.key, each.destination, each.amount, each.currency) for each in payouts]
    if not orders:
        batch.stop("")
        return None
    subject = _("Your earnings at %(shop)s") % {"shop": shop().name}
    report = send_payouts(batch.key, orders, subject=subject, attempt=f"-{batch.sent_at:%Y%m%d%H%M%S%f}")
    batch.note_reference(report.reference)
    return report


def _refused(batch: PayoutBatch, error: str) -> None:
    """PayPal said no. After an answer that was lost, it may be to a batch that it has sent all the same."""
    if batch.reference or batch.attempts > 1:
        batch.stop(error)
    else:
        batch.hand_back(error)


def _book(batch: PayoutBatch, report: PayoutReport) -> None:
    """What PayPal says of each payout. One of another sum or currency is left for staff."""
    items = {item.key: item for item in report.items}
    problems = []
    for payout in Payout.objects.filter(batch=batch).select_related("affiliate__user").order_by("pk"):
        item = items.get(payout.key)
        if item is None:
            if report.is_undone and payout.status == Payout.Status.PENDING:
                take_back(payout, note=_("PayPal did not send it."))
            continue
        if (item.amount, item.currency) != (payout.amount, payout.currency):
            problems.append(f"{payout.number}: {item.amount} {item.currency}")
            continue
        _book_item(payout, item)
    is_waiting = Payout.objects.filter(batch=batch, status=Payout.Status.PENDING).exclude(
        item_status__in=["UNCLAIMED", "ONHOLD"]
    )
    batch.look_again("; ".join(problems), in_a_day=not is_waiting.exists())


def _book_item(payout: Payout, item: PayoutItem) -> None:
    Payout.objects.filter(pk=payout.pk).update(item_reference=item.item_reference, item_status=item.word)
    if item.state == PayoutState.PAID:
        mark_paid(payout, reference=item.reference)
    elif item.state == PayoutState.RETURNED:
        take_back(payout, note=_("PayPal says: %(word)s") % {"word": item.word})
