"""Coupons, payments, refunds and disputes, for the order's timeline. What came with it is not asked again."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from checkout.models import Dispute, Order, Payment, Redemption, Refund
from checkout.timeline import Entry
from checkout.wording import explain, provider_name, sentence
from storefront.templatetags.shop import isolate, ltr, money

_SETTLED = {
    Payment.Status.SUCCEEDED: ("good", gettext_noop("%(provider)s took %(amount)s.")),
    Payment.Status.FAILED: ("bad", gettext_noop("The payment of %(amount)s at %(provider)s failed.")),
    Payment.Status.CANCELED: ("", gettext_noop("The payment of %(amount)s at %(provider)s was given up.")),
}
_BEGUN = {
    Refund.Source.STAFF: gettext_noop("%(by)s gives %(amount)s back through %(provider)s."),
    Refund.Source.BUYER: gettext_noop("%(amount)s goes back, as the buyer asked."),
    Refund.Source.SHOP: gettext_noop("The shop gives %(amount)s back by itself."),
    Refund.Source.PROVIDER: gettext_noop("A refund of %(amount)s was begun on the pages of %(provider)s."),
    Refund.Source.MANUAL: gettext_noop("%(by)s noted that %(amount)s was given back by other means."),
}
_DISPUTES = {
    Dispute.Status.WON: ("good", gettext_noop("The dispute was won.")),
    Dispute.Status.LOST: ("bad", gettext_noop("The dispute was lost: %(amount)s is gone.")),
}


def tell_coupons(order: Order, limit: int) -> Iterator[Entry]:
    for use in order.redemptions.select_related("coupon", "yielded_to")[:limit]:
        amount = money(use.amount, order.currency)
        words = sentence(
            _("The coupon %(code)s took %(amount)s off."), code=isolate(use.coupon.code), amount=amount
        )
        note = SafeString()
        if use.yielded_to:
            note = sentence(_("Its use passed on to order %(order)s."), order=ltr(use.yielded_to.number))
        elif order.status in Redemption.FREED:
            note = sentence(_("Its use is free again."))
        url = reverse("admin:checkout_coupon_change", args=[use.coupon_id])
        yield Entry(use.redeemed_at, "coupon", words, "", note, url)


def tell_payments(order: Order, limit: int) -> Iterator[Entry]:
    for payment in order.payments.all():
        values = {
            "provider": provider_name(payment.provider),
            "amount": money(payment.amount, payment.currency),
        }
        words = sentence(_("The buyer was sent to %(provider)s to pay %(amount)s."), **values)
        is_open = payment.status == Payment.Status.PENDING
        note = explain(payment.mismatch or payment.error, payment.currency)
        yield Entry(payment.created_at, "payment", words, "wait" if is_open else "", note)
        if payment.settled_at:
            tone, settled = _SETTLED[Payment.Status(payment.status)]
            twice = sentence(_("The order was paid already; this money goes back."))
            note = twice if payment.is_duplicate else SafeString()
            yield Entry(payment.settled_at, "payment", sentence(_(settled), **values), tone, note)


def tell_refunds(order: Order, limit: int) -> Iterator[Entry]:
    for payment in order.payments.all():
        for refund in payment.refunds.all():
            refund.payment = payment
            yield from _refund(refund)


def _refund(refund: Refund) -> Iterator[Entry]:
    amount = money(refund.amount, refund.payment.currency)
    provider = provider_name(refund.payment.provider)
    words = sentence(
        _(_BEGUN[Refund.Source(refund.source)]),
        amount=amount,
        provider=provider,
        by=ltr(refund.requested_by) if refund.requested_by else _("Staff"),
    )
    is_open = refund.status == Refund.Status.PENDING
    yield Entry(refund.created_at, "refund", words, "wait" if is_open else "", _why(refund))
    if refund.settled_at and refund.status == Refund.Status.FAILED:
        failed = sentence(_("The refund of %(amount)s failed: the money is with the shop."), amount=amount)
        yield Entry(refund.settled_at, "refund", failed, "bad", explain(refund.error))
    elif refund.settled_at and refund.source != Refund.Source.MANUAL:
        done = sentence(_("%(provider)s gave %(amount)s back."), provider=provider, amount=amount)
        yield Entry(refund.settled_at, "refund", done, "good")


def _why(refund: Refund) -> SafeString:
    """The reason, what staff noted, and what it took back or stumbles over."""
    parts = [sentence("%(reason)s", reason=refund.get_reason_display())]
    if refund.note:
        parts.append(isolate(refund.note))
    if refund.revokes_access:
        parts.append(sentence(_("It takes the files back.")))
    if refund.status == Refund.Status.PENDING and refund.error:
        parts.append(explain(refund.error))
    return SafeString(" · ".join(parts))


def tell_disputes(order: Order, limit: int) -> Iterator[Entry]:
    for payment in order.payments.all():
        for dispute in payment.disputes.all():
            amount = money(dispute.amount, payment.currency)
            words = (
                _("%(provider)s warns that a payment of %(amount)s may be fraud.")
                if dispute.is_warning
                else _("The buyer's bank asks for %(amount)s back, through %(provider)s.")
            )
            opened = sentence(words, provider=provider_name(payment.provider), amount=amount)
            is_open = dispute.status == Dispute.Status.OPEN
            yield Entry(dispute.opened_at, "dispute", opened, "bad" if is_open else "", ltr(dispute.reason))
            if dispute.closed_at:
                tone, closed = _DISPUTES[Dispute.Status(dispute.status)]
                yield Entry(dispute.closed_at, "dispute", sentence(_(closed), amount=amount), tone)
