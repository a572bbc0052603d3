"""What is said about coupons in plain text: why one does not apply, and what one does."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from checkout.models import Coupon
from storefront.money import digits, format_rate
from storefront.shop import shop
from storefront.templatetags.shop import money_text
from storefront.text import isolate_text

# What a coupon's lists are called, by the names of its fields.
Names = Mapping[str, Iterable[str]]


def moment(time: datetime) -> str:
    return digits(date_format(timezone.localtime(time), "DATETIME_FORMAT"))


def listed(names: Iterable[str]) -> str:
    """Names one after the other, each in its own direction."""
    return (", " if get_language() == "en" else "، ").join(isolate_text(name) for name in names)


# --- Why not -------------------------------------------------------------------------------------


def unknown(code: str) -> str:
    return _("There is no coupon %(code)s. Please look whether all of it is there.") % {
        "code": isolate_text(code)
    }


def gone() -> str:
    return _("This coupon is not valid any more.")


def closed(coupon: Coupon, uses: int) -> str:
    """Why nobody can use it now; empty where it is valid."""
    standing, standings = coupon.standing(uses), Coupon.Standing
    if standing == standings.OFF:
        return gone()
    if standing == standings.USED_UP:
        return _("This coupon is used up.")
    if standing == standings.SCHEDULED and coupon.starts_at:
        return _("This coupon is valid from %(time)s on.") % {"time": moment(coupon.starts_at)}
    if standing == standings.ENDED and coupon.ends_at:
        return _("This coupon was valid until %(time)s.") % {"time": moment(coupon.ends_at)}
    return ""


def used_by_buyer(limit: int) -> str:
    if limit == 1:
        return _("You have used this coupon already.")
    words = ngettext(
        "You have used this coupon %(count)s time, as often as each buyer can.",
        "You have used this coupon %(count)s times, as often as each buyer can.",
        limit,
    )
    return words % {"count": digits(limit)}


def other_currency(currency: str) -> str:
    return _("This coupon is not for prices in %(currency)s.") % {"currency": isolate_text(currency)}


def needs(titles: list[str], *, all_of_them: bool) -> str:
    if len(titles) == 1:
        words = _("This coupon is valid together with %(names)s.")
    elif all_of_them:
        words = _("This coupon is valid together with all of these: %(names)s.")
    else:
        words = _("This coupon is valid together with one of these: %(names)s.")
    return words % {"names": listed(titles)}


def minimum_missing(missing: int, minimum: int, currency: str) -> str:
    words = _("This coupon is valid from %(minimum)s on: %(missing)s is missing.")
    return words % {"minimum": money_text(minimum, currency), "missing": money_text(missing, currency)}


def outdone(code: str) -> str:
    return _("%(code)s saves you more, and the two can't be combined.") % {"code": isolate_text(code)}


# --- What it does --------------------------------------------------------------------------------


def short(coupon: Coupon) -> str:
    """What it takes off, such as 25% or $5.00."""
    if coupon.kind == Coupon.Kind.PERCENT:
        return isolate_text(format_rate(coupon.rate_bps, get_language() or "en"))
    return _sums(coupon.amounts)


def sentences(coupon: Coupon, names: Names) -> list[str]:
    """All that a coupon does, for whoever sets it up."""
    told = [
        _("%(code)s takes %(what)s off.")
        % {"code": isolate_text(coupon.code or "…"), "what": short(coupon) or "…"},
        *_scope(coupon, names),
        *_time(coupon),
        *_limits(coupon),
        *_people(coupon),
        _("It adds up with other coupons that do so too.")
        if coupon.is_stackable
        else _("It can't be combined with other coupons: buyers get whichever saves them more."),
    ]
    if not coupon.is_active:
        told.append(_("It is switched off: nobody can use it."))
    return told


def _scope(coupon: Coupon, names: Names) -> list[str]:
    told = []
    chosen = [*names.get("products", ()), *names.get("categories", ())]
    if chosen:
        told.append(_("It is only for: %(names)s.") % {"names": listed(chosen)})
    elif not coupon.is_for_all:
        told.append(_("What it was for is not in the shop any more: it takes nothing off."))
    if never := [*names.get("excluded_products", ()), *names.get("excluded_categories", ())]:
        told.append(_("It is never for: %(names)s.") % {"names": listed(never)})
    if required := list(names.get("required_products", ())):
        words = (
            _("All of these must be in the cart: %(names)s.")
            if coupon.requires_all
            else _("One of these must be in the cart: %(names)s.")
        )
        told.append(words % {"names": listed(required)})
    if coupon.minimums:
        words = _("What it is for must come to %(minimum)s at least, before the coupon.")
        told.append(words % {"minimum": _sums(coupon.minimums)})
    return told


def _time(coupon: Coupon) -> list[str]:
    start, end = coupon.starts_at, coupon.ends_at
    if start and end:
        words = _("It is valid from %(start)s until %(end)s.")
        return [words % {"start": moment(start), "end": moment(end)}]
    if start:
        return [_("It is valid from %(start)s on.") % {"start": moment(start)}]
    return [_("It is valid until %(end)s.") % {"end": moment(end)}] if end else []


def _limits(coupon: Coupon) -> list[str]:
    told = []
    if coupon.max_uses:
        words = ngettext(
            "It can be used %(count)s time in all.", "It can be used %(count)s times in all.", coupon.max_uses
        )
        told.append(words % {"count": digits(coupon.max_uses)})
    if limit := coupon.limit_per_buyer:
        words = ngettext(
            "Each buyer can use it %(count)s time.", "Each buyer can use it %(count)s times.", limit
        )
        told.append(words % {"count": digits(limit)})
    return told


def _people(coupon: Coupon) -> list[str]:
    told = []
    if coupon.buyers == Coupon.Buyers.NEW:
        told.append(_("It is only for a first order."))
    elif coupon.buyers == Coupon.Buyers.EARLIER:
        told.append(_("It is only for those who have bought before."))
    if coupon.email:
        told.append(_("Only %(email)s can use it.") % {"email": isolate_text(coupon.email)})
    return told


def _sums(amounts: Mapping[str, int]) -> str:
    """The same worth in several currencies, the shop's own first."""
    own_first = sorted(amounts, key=lambda currency: (currency != shop().currency, currency))
    return " / ".join(money_text(amounts[currency], currency) for currency in own_first)
