"""Buyers who refer friends: a link for each, a coupon for the friend, and what they earn as a coupon.

They stand in the same ledger as affiliates, with the same hold: a friend who has the money back earns nobody
anything.
"""

import secrets
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from affiliates.errors import NotNow
from affiliates.links import short_link
from affiliates.mails import mail_credit
from affiliates.models import Affiliate, Payout, Program
from affiliates.payouts import due_to, make_batches
from checkout.models import Coupon, Order

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # without what is misread
CODE_LENGTH = 8


def may_invite(user: User, program: Program) -> bool:
    """Whether the user has a link to give to friends, or may have one: whoever has bought something."""
    return program.friends_are_on and Order.objects.paid().filter(user=user, total__gt=0).exists()


def invite(user: User, *, language: str) -> Affiliate:
    """The user's link for friends, made when it is first asked for; an affiliate has one already.

    Raises NotNow for who has bought nothing, or while buyers refer nobody.
    """
    known = Affiliate.objects.filter(user=user).first()
    if known:
        return known
    if not may_invite(user, Program.load()):
        raise NotNow(_("Links for friends are for those who have bought something here."))
    try:
        with transaction.atomic():
            return Affiliate.objects.create(
                user=user,
                kind=Affiliate.Kind.FRIEND,
                status=Affiliate.Status.ACTIVE,
                name=user.get_short_name(),
                code="".join(secrets.choice(ALPHABET) for _each in range(CODE_LENGTH)),
                language=language,
                method=Affiliate.Method.CREDIT,
                wants_digest=False,
            )
    except IntegrityError:  # a second click was quicker
        return Affiliate.objects.get(user=user)


def friend_link(affiliate: Affiliate, program: Program) -> str:
    """The link to send to a friend, with the coupon that it brings."""
    coupon = program.friend_coupon
    return short_link(affiliate) + (f"?{urlencode({'coupon': coupon.code})}" if coupon else "")


def give_credits() -> int:
    """Turn what buyers have earned, and what is free, into coupons for them; gives how many. Safe to repeat.

    The payout is written first, and its coupon carries its number: one that a dead worker left without is
    found, and given.
    """
    wishes = {(each.affiliate.pk, each.currency): each.amount for each in due_to(Affiliate.Kind.FRIEND)}
    if wishes:
        make_batches(wishes, by=None)
    waiting = Payout.objects.filter(status=Payout.Status.PENDING, batch__method=Affiliate.Method.CREDIT)
    return sum(map(_give, waiting.select_related("affiliate__user", "batch").order_by("pk")))


@transaction.atomic
def _give(payout: Payout) -> bool:
    code = f"{payout.number}-{secrets.token_hex(4).upper()}"
    if not payout.mark_paid(reference=code):
        return False
    coupon = Coupon.objects.create(
        code=code,
        kind=Coupon.Kind.FIXED,
        amounts={payout.currency: payout.amount},
        email=payout.affiliate.user.email,
        max_uses=1,
        note=_("For friends who bought: %(payout)s") % {"payout": payout.number},
    )
    mail_credit(payout, coupon.code)
    return True
