"""Taking money. Row first, commit, call, settle: only the provider says "paid", and it is asked."""

import logging
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from checkout.disputes import book_disputes
from checkout.errors import (
    OrderNotPayable,
    PaymentRefused,
    ProviderNotOffered,
    ProviderUnavailable,
    TooManyOrders,
)
from checkout.models import Order, Payment, Refund
from checkout.place import note_card_country
from checkout.providers import get_provider
from checkout.providers.base import PaymentResult, PaymentState, Provider
from checkout.redeeming import USED_TWICE, keep_uses, with_coupons
from checkout.refunds import book_refunds, request_refund
from storefront.limits import within_limit

logger = logging.getLogger(__name__)

_FINAL = {
    PaymentState.FAILED: Payment.Status.FAILED,
    PaymentState.CANCELED: Payment.Status.CANCELED,
}


def start_payment(order: Order, provider_name: str) -> Payment:
    """Open a payment page for the order; payment.redirect_url is where the buyer goes.

    Repeating it gives the page that is open. Raises OrderNotPayable, ProviderNotOffered, TooManyOrders
    (machines try stolen cards in series), PaymentRefused, and ProviderUnavailable: the attempt stays then,
    and a repeat goes on with it.
    """
    provider = get_provider(provider_name)
    _check_payable(order)
    if provider.why_not(order.total, order.currency):
        raise ProviderNotOffered(_("This sum can't be paid in that way. Please choose another."))
    payment = _open_attempt(order, provider_name)
    if payment.is_open:
        payment.mark_reopened()
        return payment
    if payment.reference and payment.expires_at <= timezone.now():
        # Paid by a method that takes days: its page is closed, and a second one would take the money twice.
        raise OrderNotPayable(_("Your payment is on its way. We will write to you once it has arrived."))
    try:
        started = provider.start(payment, *_addresses(order))
    except PaymentRefused as error:
        payment.mark_failed(Payment.Status.FAILED, str(error))
        raise PaymentRefused(
            _("The payment could not be started. Please choose another way to pay.")
        ) from error
    payment.mark_started(started.reference, started.redirect_url, started.expires_at or payment.expires_at)
    return payment


def _check_payable(order: Order) -> None:
    if not order.is_pending or order.is_held:
        raise OrderNotPayable(_("This order can't be paid any more."))


def _open_attempt(order: Order, provider_name: str) -> Payment:
    """The attempt that is open with this provider, or a new one; the constraint allows one at a time."""
    mine = Payment.objects.filter(order=order, provider=provider_name, status=Payment.Status.PENDING)
    payment = mine.first()
    if payment and payment.expires_at <= timezone.now():
        sync_payment(payment)  # which may find it paid
        order.refresh_from_db()
        _check_payable(order)
        payment = mine.first()
    if payment:
        return payment
    if not within_limit("payment.client", order.client_address or "", limit=60, per=timedelta(hours=1)):
        raise TooManyOrders(
            _("Too many payments were started from your network. Please try again in an hour.")
        )
    try:
        with transaction.atomic():
            return Payment.objects.create(
                order=order, provider=provider_name, amount=order.total, currency=order.currency
            )
    except IntegrityError:  # a second click was quicker
        return mine.get()


def _addresses(order: Order) -> tuple[str, str]:
    """Where the provider sends the buyer after paying, and after turning back."""
    with translation.override(order.language):
        return settings.SITE_URL + order.get_absolute_url(), settings.SITE_URL + reverse("checkout")


def sync_payment(payment: Payment) -> Payment:
    """Ask the provider how the payment stands, and act on it. Safe to repeat, at once and at any time.

    Raises ProviderUnavailable when there is no sensible answer; then nothing is changed.
    """
    if payment.reference:
        provider = get_provider(payment.provider)
        result = provider.fetch(payment)
        if result.state == PaymentState.APPROVED:
            result = _captured(provider, payment, result)
        if result.state == PaymentState.SUCCEEDED:
            settle_payment(payment, result)
            _book_what_followed(payment, result)
        elif result.state in _FINAL:
            payment.mark_failed(_FINAL[result.state], result.error)
        elif result.state == PaymentState.DECLINED:
            payment.mark_declined(result.approval, result.error)
        elif result.state == PaymentState.APPROVED and payment.expires_at <= timezone.now():
            payment.mark_failed(Payment.Status.CANCELED)  # agreed to, and never to be taken any more
    elif payment.expires_at <= timezone.now():
        # The provider never answered the start, so no buyer was ever given a page to pay at.
        payment.mark_failed(Payment.Status.CANCELED)
    return payment


def _captured(provider: Provider, payment: Payment, result: PaymentResult) -> PaymentResult:
    """Not for an order that is paid otherwise meanwhile, and not by an agreement that was declined before."""
    if not Order.objects.filter(pk=payment.order_id, paid_at=None).exists():
        return result
    if payment.declined_approval and payment.declined_approval == result.approval:
        return replace(result, state=PaymentState.DECLINED, error=payment.error)
    return provider.capture(payment)


def sync_if_stale(payment: Payment) -> None:
    """As sync_payment(), unless somebody asked within the last seconds; a provider that is away is logged."""
    if not payment.claim_check():
        return
    try:
        sync_payment(payment)
    except (ProviderUnavailable, PaymentRefused, ProviderNotOffered) as error:
        payment.mark_unreached(str(error), getattr(error, "wait", timedelta(0)))
        logger.warning("Payment %s could not be looked up: %s", payment.pk, error)


def _book_what_followed(payment: Payment, result: PaymentResult) -> None:
    """Refunds and disputes of a payment that counts; money that differs from the order waits for staff."""
    if payment.status == Payment.Status.SUCCEEDED:
        book_refunds(payment, result.refunds)
        book_disputes(payment, result.disputes)


@transaction.atomic
def settle_payment(payment: Payment, result: PaymentResult) -> None:
    """Book money that the provider has taken: pay the order, once.

    What differs from what we asked for is held for staff and never delivered. Money for an order that is
    paid already (two tabs, two providers) goes back. Safe to repeat and to race.
    """
    order = with_coupons(Order.objects.select_for_update()).get(pk=payment.order_id)
    payment.refresh_from_db(from_queryset=Payment.objects.select_for_update())
    if payment.status == Payment.Status.SUCCEEDED:
        return
    if mismatch := _mismatch(payment, order, result):
        payment.note_mismatch(mismatch, result.capture_reference, result.payer)
        order.hold(mismatch)
        return
    _book(payment, order, result.capture_reference, result.payer)
    if result.country:
        note_card_country(order, result.country)


def _book(payment: Payment, order: Order, capture_reference: str, payer: str = "") -> None:
    if payment.status == Payment.Status.SUCCEEDED:
        return
    is_duplicate = not order.mark_paid()
    payment.mark_succeeded(capture_reference, is_duplicate=is_duplicate, payer=payer)
    if is_duplicate:
        request_refund(
            payment,
            payment.amount,
            reason=Refund.Reason.DUPLICATE,
            source=Refund.Source.SHOP,
        )
    elif not keep_uses(order):
        order.hold(USED_TWICE)


@transaction.atomic
def release_order(order: Order, *, by: str = "") -> bool:
    """Let a held order go on, on the word of staff: money that differed counts as what was asked for.

    False, and nothing done, when the order isn't held.
    """
    order = with_coupons(Order.objects.select_for_update()).get(pk=order.pk)
    if not order.is_held:
        return False
    for payment in order.payments.select_for_update().exclude(mismatch="").order_by("pk"):
        _book(payment, order, payment.capture_reference)
    return order.release(by=by)


def _mismatch(payment: Payment, order: Order, result: PaymentResult) -> str:
    """What the provider took that is not what we asked for, in words for staff; empty when all is equal."""
    provider = get_provider(payment.provider)
    asked = {
        "reference": payment.key,
        "amount": order.total,
        "currency": order.currency,
        "live mode": provider.is_live,
        "payee": provider.payee or result.payee,
    }
    got = {
        "reference": result.key,
        "amount": result.amount,
        "currency": result.currency,
        "live mode": result.is_live,
        "payee": result.payee,
    }
    return "; ".join(
        f"{name}: {got[name]} instead of {asked[name]}" for name in asked if got[name] != asked[name]
    )


def expire_order(order: Order) -> None:
    """Let an unpaid order go, once its providers say that nobody is paying it. Safe to repeat.

    Raises ProviderUnavailable when they can't say; the order stays.
    """
    if order.is_held:
        return
    for payment in order.payments.unsettled():
        try:
            if sync_payment(payment).is_pending:
                return
        except (PaymentRefused, ProviderNotOffered) as error:
            logger.warning("Payment %s is unknown to its provider: %s", payment.pk, error)
    order.expire()
