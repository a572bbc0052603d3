"""Gifts: an order for somebody else, who is written to on a day and accepts it by a link."""

import logging
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from checkout.errors import GiftNotPossible
from checkout.models import Gift, Order, OrderEvent
from checkout.parking import note_failure
from checkout.standing import Standing, standings
from storefront.jobs import enqueue
from storefront.limits import within_limit
from storefront.mail import send_templated
from storefront.text import fold_email

logger = logging.getLogger(__name__)
MAILS_A_DAY, MAILS_IN_ALL = 5, 20


@dataclass(frozen=True)
class GiftWish:
    """For whom an order is, and when they are to hear of it; without a day as soon as it is paid."""

    giver: str
    name: str
    email: str
    message: str = ""
    day: date | None = None


def wrap(order: Order, wish: GiftWish) -> Gift:
    """Make a new order a gift, in the transaction that places it."""
    gift = Gift(order=order, **asdict(wish))
    gift.next_attempt_at = gift.send_at
    gift.save()
    return gift


def is_same_gift(order: Order, wish: GiftWish | None) -> bool:
    """Whether an order that was placed before is given to the same person, in the same words and time."""
    if not order.is_gift or wish is None:
        return order.is_gift == (wish is not None)
    gift = order.gift
    return all(getattr(gift, name) == value for name, value in asdict(wish).items())


def announce_gift(event: OrderEvent) -> None:
    """Write to the recipient as soon as the order is paid, unless a later day is wanted."""
    if event.order.is_gift:
        enqueue("checkout.send_gift", event.order.gift.pk)


def send_gift(gift: Gift) -> None:
    """Write the mail that brings a gift, where it is due. One mail a wish, by its cause.

    Safe to repeat and to race. The row is locked, so that an address corrected meanwhile is either used
    here or written to anew.
    """
    if not gift.claim():
        return
    try:
        with transaction.atomic():
            locked = Gift.objects.select_for_update(of=["self"]).select_related("order")
            gift = locked.get(pk=gift.pk)
            if not gift.may_be_sent:
                return  # it waits, for the order to be released, perhaps
            if Standing.KEPT not in standings(gift.order).values():
                gift.put_off("", timedelta(hours=1))  # the buyer's bank may still leave the money here
                return
            _write(gift)
            gift.mark_handled()
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("The mail of gift %s could not be written.", gift.pk)
        note_failure(gift, error)


def _write(gift: Gift) -> None:
    order = gift.order
    with override(order.language):
        gift_url = settings.SITE_URL + gift.get_absolute_url()
    send_templated(
        "gift",
        to=gift.email,
        context={
            "gift": gift,
            "lines": order.lines.select_related("variant__product__cover"),
            "gift_url": gift_url,
        },
        language=order.language,
        cause=f"gift:{gift.pk}:{gift.wishes}",
        about=order.number,
        is_secret=True,
    )


@transaction.atomic
def send_again(order: Order, *, by: User | None = None) -> Gift:
    """Write to the recipient once more, now. By staff or, without them, by the buyer; some times a day.

    Raises GiftNotPossible where the gift is accepted or kept, or was sent often enough.
    """
    gift = _locked(order)
    _require_waiting(gift)
    _count_mail(gift)
    gift.send_again()
    OrderEvent.record(gift.order, "order.gift_sent_again", {"to": gift.email, "by": str(by or "")})
    enqueue("checkout.send_gift", gift.pk)
    return gift


@transaction.atomic
def readdress(order: Order, name: str, email: str) -> Gift:
    """Send the gift to another person or address. The link in a mail that was sent already opens no more.

    Raises GiftNotPossible as send_again() does.
    """
    gift = _locked(order)
    _require_waiting(gift)
    if (gift.name, fold_email(gift.email)) == (name, fold_email(email)):
        return gift
    _count_mail(gift)
    old = gift.email
    gift.readdress(name, email)
    OrderEvent.record(gift.order, "order.gift_readdressed", {"old": old, "new": email})
    enqueue("checkout.send_gift", gift.pk)
    return gift


@transaction.atomic
def keep(order: Order) -> Gift:
    """Let the buyer have it after all, with what it brings. Doing it twice does nothing.

    Raises GiftNotPossible where the recipient was quicker.
    """
    gift = _locked(order)
    if not gift.is_kept:
        _require_waiting(gift)
        gift.keep()
        OrderEvent.record(gift.order, "order.gift_kept", once="order.gift_kept")
    return gift


@transaction.atomic
def accept(gift: Gift, user: User | None) -> bool:
    """Let its recipient have it: an account, or whoever holds the link. Exactly one under any race.

    One accepted by the link may join an account later. False, and nothing done, where it is theirs already.
    Raises GiftNotPossible where it is somebody else's, kept, or goes to another address by now, so that this
    link is closed, and where its order is not paid any more.
    """
    token, gift = gift.token, _locked(gift.order)
    if token != gift.token or gift.is_kept or not gift.order.is_deliverable:
        raise GiftNotPossible(_("This gift was taken back."))
    user_id = user.pk if user else None
    if gift.is_claimed and gift.claimed_by_id == user_id:
        return False
    if not gift.claim_for(user_id):
        raise GiftNotPossible(_("This gift was accepted already."))
    OrderEvent.record(gift.order, "order.gift_accepted", {"by": str(user or "")}, once="order.gift_accepted")
    return True


def _locked(order: Order) -> Gift:
    """The gift with its order, both locked, the order first. Raises GiftNotPossible for an order without."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    gift = Gift.objects.select_for_update().filter(order=order).first()
    if gift is None:
        raise GiftNotPossible(_("There is nothing to give in this order."))
    gift.order = order
    return gift


def _require_waiting(gift: Gift) -> None:
    if gift.is_claimed:
        raise GiftNotPossible(_("This gift was accepted already."))
    if gift.is_kept:
        raise GiftNotPossible(_("You kept this gift for yourself."))
    if not gift.order.is_deliverable:
        raise GiftNotPossible(_("There is nothing to give in this order."))


def _count_mail(gift: Gift) -> None:
    """A shop that writes what anybody likes to anybody would soon be somebody's tool."""
    if not within_limit("gift.mail", str(gift.pk), limit=MAILS_A_DAY, per=timedelta(days=1)):
        raise GiftNotPossible(_("This gift was sent several times today. Try again tomorrow."))
    if gift.wishes >= MAILS_IN_ALL:
        raise GiftNotPossible(_("This gift was sent as often as it can be. Please write to us."))
