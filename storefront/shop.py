"""What the shop is, for everything that asks: the row that staff saved, before that the environment."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language

from storefront.colours import Look, look_of
from storefront.jobs import enqueue
from storefront.models import Shop
from storefront.models.shop import Calendar, Numerals

KEPT_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class ShopFacts:
    """The shop's settings at one moment. The same settings are the same object, so it may key a cache.

    `names` are by language; `currencies` that buyers may choose, where empty means all that have prices;
    `logo` is a path below MEDIA_ROOT; colours are #rrggbb, or empty for the look's own.
    """

    names: dict[str, str]
    legal_name: str
    address: str
    country: str
    email: str
    vat_id: str
    registration_number: str
    logo: str
    logo_width: int
    logo_height: int
    brand_colour: str
    accent_colour: str
    currency: str
    currencies: tuple[str, ...]
    languages: tuple[str, ...]
    charges_tax: bool
    prices_include_tax: bool
    refund_window_days: int
    refunds_auto_approve: bool
    invoice_prefix: str
    credit_note_prefix: str
    arabic_numerals: Numerals
    calendars: dict[str, Calendar]

    @property
    def name(self) -> str:
        """In the reader's language, or as it is in the first that has one."""
        return self.names.get(get_language() or "") or next(iter(self.names.values()), "")

    @property
    def seller(self) -> str:
        """Who sells, by law."""
        return self.legal_name or self.name

    @property
    def look(self) -> Look:
        return look_of(self.brand_colour, self.accent_colour)

    @property
    def brand_css(self) -> str:
        """The address of a style sheet with the seller's own colours; empty where they chose none."""
        if not (self.brand_colour or self.accent_colour):
            return ""
        return reverse("brand_css", args=[_plain(self.brand_colour), _plain(self.accent_colour)])

    @property
    def logo_url(self) -> str:
        return f"{settings.MEDIA_URL}{self.logo}" if self.logo else ""

    def offers(self, currency: str) -> bool:
        """Whether buyers may pay in it, if what they buy has a price in it."""
        return not self.currencies or currency in {*self.currencies, self.currency}


def _plain(colour: str) -> str:
    return colour.removeprefix("#") or "ours"


class _Kept:
    """The facts that this process keeps for some seconds. What is read across a change is not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = 0
        self._facts: ShopFacts | None = None
        self._until = 0.0

    def get(self) -> ShopFacts:
        if self._facts is not None and time.monotonic() < self._until:
            return self._facts
        changes = self._changes
        facts = facts_of(Shop.objects.first() or new_shop())
        with self._lock:
            if self._facts is not None and vars(self._facts) == vars(facts):
                facts = self._facts
            if changes == self._changes:
                self._facts, self._until = facts, time.monotonic() + KEPT_SECONDS
        return facts

    def forget(self) -> None:
        with self._lock:
            self._changes += 1
            self._until = 0.0


_kept = _Kept()
_tried: ContextVar[ShopFacts | None] = ContextVar("tried", default=None)


def shop() -> ShopFacts:
    """The shop's settings. Another process sees a change after five seconds at most, this one at once."""
    return _tried.get() or _kept.get()


@contextmanager
def trying(facts: ShopFacts) -> Iterator[None]:
    """Show pieces of pages as they would look under settings that nobody has saved, in this thread alone."""
    token = _tried.set(facts)
    try:
        yield
    finally:
        _tried.reset(token)


def forget_shop() -> None:
    """Look at the row again the next time anybody asks."""
    _kept.forget()


def save_shop(row: Shop) -> None:
    """Save the settings, so that pages of this process show them at once. Safe to repeat."""
    before = Shop.objects.values_list("currency", flat=True).first()
    row.save()
    forget_shop()
    transaction.on_commit(forget_shop)  # somebody may have read the old row meanwhile
    if row.currency != (before or settings.CURRENCY):
        enqueue("catalog.note_amounts")


def new_shop() -> Shop:
    """The settings before staff has saved any: the environment's, and the defaults of the row."""
    languages = [code for code, _name in settings.LANGUAGES]
    return Shop(
        **{f"name_{code}": settings.SITE_NAME for code in languages},
        currency=settings.CURRENCY,
        languages=languages,
        refund_window_days=settings.REFUND_WINDOW_DAYS,
        refunds_auto_approve=settings.REFUNDS_AUTO_APPROVE,
    )


def facts_of(row: Shop) -> ShopFacts:
    """What a row says, saved or not."""
    languages = [code for code, _name in settings.LANGUAGES]
    names = {code: getattr(row, f"name_{code}") for code in languages}
    own: dict[str, Any] = {
        "names": {code: name for code, name in names.items() if name},
        "currencies": tuple(row.currencies),
        "languages": tuple(code for code in languages if code in row.languages),
        "arabic_numerals": Numerals(row.arabic_numerals),
        "calendars": {code: Calendar(getattr(row, f"calendar_{code}")) for code in languages},
    }
    plain = {each.name for each in fields(ShopFacts)} - own.keys()
    return ShopFacts(**own, **{name: getattr(row, name) for name in plain})
