"""The order's own contributions to its timeline. Each takes the order and how many rows it may tell of."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from checkout.models import Mismatch, Order, OrderEvent, RefundRequest, WebhookEvent
from checkout.timeline import Entry
from checkout.wording import explain, provider_name, sentence
from storefront.models import OutgoingMail
from storefront.templatetags.shop import isolate, ltr

# Told by the rows of refunds, requests and disputes, which know more.
_TOLD_BY_ROWS = {
    "order.refunded",
    "order.refund_failed",
    "order.refund_asked",
    "order.refund_declined",
    "order.disputed",
    "order.dispute_won",
    "order.dispute_lost",
}
_EVENTS = {
    "order.placed": ("", gettext_noop("The order was placed.")),
    "order.paid": ("good", gettext_noop("The order is paid.")),
    "order.expired": ("", gettext_noop("The order lapsed: nobody paid it in time.")),
    "order.held": ("wait", gettext_noop("The shop holds the order by itself.")),
    "order.released": ("good", gettext_noop("The order goes on: it was released.")),
    "order.mail_asked": ("", gettext_noop("The buyer asked for the delivery mail once more.")),
    "order.gift_accepted": ("good", gettext_noop("The gift was accepted by its link.")),
    "order.gift_kept": ("", gettext_noop("The buyer kept the gift.")),
    "order.gift_readdressed": ("", gettext_noop("The gift goes to %(new)s now, instead of %(old)s.")),
    "order.gift_sent_again": ("", gettext_noop("The buyer had the gift sent to %(to)s once more.")),
}
_EVENTS_BY = {
    "order.held": ("wait", gettext_noop("%(by)s put the order on hold.")),
    "order.released": ("good", gettext_noop("%(by)s released the order.")),
    "order.gift_accepted": ("good", gettext_noop("%(by)s accepted the gift.")),
    "order.gift_sent_again": ("", gettext_noop("%(by)s had the gift sent to %(to)s once more.")),
    "order.mail_asked": ("", gettext_noop("%(by)s asked for the delivery mail once more.")),
    "order.email_changed": ("", gettext_noop("%(by)s changed the buyer's address from %(old)s to %(new)s.")),
}
_MAILS = {
    OutgoingMail.Status.SENT: ("good", gettext_noop("The mail “%(subject)s” was sent to %(to)s.")),
    OutgoingMail.Status.PENDING: ("wait", gettext_noop("The mail “%(subject)s” to %(to)s waits to be sent.")),
    OutgoingMail.Status.FAILED: ("bad", gettext_noop("The mail “%(subject)s” to %(to)s could not be sent.")),
}


def tell_events(order: Order, limit: int) -> Iterator[Entry]:
    for event in order.events.order_by("-pk")[:limit]:
        if event.handled_at is None:
            note = explain(event.error) or sentence(_("What follows from this is not done yet."))
            url = reverse("admin:checkout_orderevent_change", args=[event.pk])
            yield Entry(
                event.created_at, "order", _event(event)[1], "bad" if event.parked_at else "wait", note, url
            )
        elif event.name not in _TOLD_BY_ROWS:
            tone, words = _event(event)
            note = explain(event.data.get("reason", ""), order.currency)
            yield Entry(event.created_at, "order", words, tone, note)


def _event(event: OrderEvent) -> tuple[str, SafeString]:
    by = event.data.get("by")
    known = _EVENTS_BY.get(event.name) if by else _EVENTS.get(event.name)
    if known is None:
        return "", sentence(_("Event: %(name)s"), name=ltr(event.name))
    values: dict[str, Any] = {name: ltr(value) for name, value in event.data.items()}
    return known[0], sentence(_(known[1]), **values)


def tell_requests(order: Order, limit: int) -> Iterator[Entry]:
    for request in RefundRequest.objects.filter(order=order).select_related("decided_by"):
        words = sentence(_("The buyer asks for a refund."))
        url = reverse("admin:checkout_refundrequest_change", args=[request.pk])
        is_open = request.status == RefundRequest.Status.OPEN
        yield Entry(
            request.created_at, "refund", words, "wait" if is_open else "", isolate(request.words), url
        )
        if request.decided_at:
            yield Entry(request.decided_at, "refund", _decision(request), "", isolate(request.answer))


def _decision(request: RefundRequest) -> SafeString:
    if request.decided_by is None:
        return sentence(_("The shop granted the refund by itself."))
    is_granted = request.status == RefundRequest.Status.APPROVED
    words = _("%(by)s granted the refund.") if is_granted else _("%(by)s declined the refund.")
    return sentence(words, by=ltr(request.decided_by))


def tell_webhooks(order: Order, limit: int) -> Iterator[Entry]:
    payments = list(order.payments.all())
    references = {name for each in payments for name in (each.reference, each.capture_reference) if name}
    ours = WebhookEvent.objects.filter(
        Q(payment_key__in=[each.key for each in payments]) | Q(payment_reference__in=references),
        provider__in={each.provider for each in payments},
    )
    for event in ours.defer("body").order_by("-pk")[:limit]:
        words = sentence(
            _("%(provider)s told us: %(type)s"), provider=provider_name(event.provider), type=ltr(event.type)
        )
        tone = "" if event.handled_at else "bad" if event.parked_at else "wait"
        url = reverse("admin:checkout_webhookevent_change", args=[event.pk])
        yield Entry(event.received_at, "webhook", words, tone, explain(event.error), url)


def tell_mails(order: Order, limit: int) -> Iterator[Entry]:
    staff = {address for _name, address in settings.ADMINS}
    mails = OutgoingMail.objects.filter(about=order.number).defer("text", "html")
    for mail in mails.order_by("-pk")[:limit]:
        tone, words = _MAILS[OutgoingMail.Status(mail.status)]
        yield Entry(
            mail.sent_at or mail.created_at,
            "staff" if mail.to in staff else "mail",
            sentence(_(words), subject=isolate(mail.subject), to=ltr(mail.to)),
            tone,
            explain(mail.error),
            reverse("admin:storefront_outgoingmail_change", args=[mail.pk]),
        )


def tell_mismatches(order: Order, limit: int) -> Iterator[Entry]:
    mismatches = Mismatch.objects.filter(order=order).select_related("resolved_by")
    for mismatch in mismatches.order_by("-pk")[:limit]:
        words = sentence(_("The books differ: %(what)s"), what=mismatch.get_kind_display())
        url = reverse("admin:checkout_mismatch_change", args=[mismatch.pk])
        tone = "" if mismatch.resolved_at else "bad"
        yield Entry(mismatch.found_at, "mismatch", words, tone, explain(mismatch.details), url)
        if mismatch.resolved_at:
            words = sentence(_("%(by)s settled the difference."), by=ltr(mismatch.resolved_by))
            yield Entry(mismatch.resolved_at, "mismatch", words, "good", isolate(mismatch.note))
