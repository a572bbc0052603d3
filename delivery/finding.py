"""Finds a licence by its key with all that an answer needs, in one query; and counts who guesses keys."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db import connection
from django.db.models import Field, Model
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from delivery.errors import InstanceNotUsable, LicenseNotFound, TooManyGuesses, WrongProduct
from delivery.instances import Instance, read_machine, read_site
from delivery.models import Activation
from delivery.models.license import MAX_KEY, key_hash, standing_of
from storefront.limits import limit_row, within_limit
from storefront.models import LimitCount
from storefront.text import fold, fold_code

GUESSES, GUESSES_PER = 30, timedelta(minutes=10)


@dataclass(frozen=True)
class Question:
    """What a program asks: about a key, and a site or machine, by its name or by the id of its activation.

    `product` (an id, slug or title), where given, must be the licence's. `client` is the address that asks.
    """

    key: str
    instance: str = ""
    activation: str = ""
    product: str = ""
    client: str = ""

    @property
    def names_instance(self) -> bool:
        return bool(self.instance or self.activation)


@dataclass(frozen=True)
class Use:
    """An activation that holds."""

    uid: uuid.UUID
    instance: str
    name: str
    activated_at: datetime
    is_free: bool

    @classmethod
    def read(cls, uid: Any, instance: str, name: str, activated_at: Any, *, is_free: Any) -> "Use":
        return cls(uuid.UUID(str(uid)), instance, name, _time(activated_at), bool(is_free))


@dataclass(frozen=True)
class Facts:
    """A licence as an answer tells it.

    `limit` 0 is without limit; `use` is the instance that was asked about, where it is active.
    """

    id: int
    uid: uuid.UUID
    key: str
    status: str
    withdrawn: str
    expires_at: datetime | None
    issued_at: datetime
    checked_at: datetime | None
    limit: int
    place: str
    offline_days: int
    grace_days: int
    order_id: int
    line_id: int
    former_id: str
    product_id: int
    product_slug: str
    product_title: str
    variant_id: int
    variant_title: str
    used: int
    use: Use | None

    @property
    def standing(self) -> str:
        return standing_of(self.status, self.withdrawn, self.expires_at)

    @property
    def item_id(self) -> str:
        """What programs of a former shop call the product."""
        return self.former_id or str(self.product_id)

    @property
    def left(self) -> int | None:
        """How many more may use it; None is without limit."""
        return max(self.limit - self.used, 0) if self.limit else None


# Written out: building this by the ORM would take longer than all the rest of an answer.
_FIND = """
SELECT l.id, l.uid, l.key, l.status, l.withdrawn, l.expires_at, l.issued_at, l.checked_at, l.activation_limit,
  p.place, p.offline_days, p.grace_days, o.order_id, o.id, p.former_id, v.product_id, r.slug,
  COALESCE(NULLIF(r.title_en, ''), NULLIF(r.title_ar, ''), r.title_fa, ''), v.id,
  COALESCE(NULLIF(v.title_en, ''), NULLIF(v.title_ar, ''), v.title_fa, ''),
  (SELECT count(*) FROM delivery_activation u
    WHERE u.license_id = l.id AND u.released_at IS NULL AND NOT u.is_free),
  EXISTS (SELECT 1 FROM storefront_limitcount c
    WHERE c.key = %(limit_key)s AND c."window" = %(limit_window)s AND c.count >= %(guesses)s),
  a.uid, a.instance, a.name, a.activated_at, a.is_free
FROM delivery_license l
JOIN delivery_licenseplan p ON p.id = l.plan_id
JOIN catalog_variant v ON v.id = l.variant_id
JOIN catalog_product r ON r.id = v.product_id
JOIN checkout_orderline o ON o.id = COALESCE(l.upgraded_by_id, l.line_id)
LEFT JOIN delivery_activation a ON a.license_id = l.id AND a.released_at IS NULL AND {named}
WHERE l.key_hash = %(key_hash)s
"""
# Two queries, each planned once: by either name of an instance, it would be planned anew for each answer.
_BY_INSTANCE = _FIND.format(named="a.instance = CASE p.place WHEN 'site' THEN %(site)s ELSE %(machine)s END")
_BY_ACTIVATION = _FIND.format(named="a.uid = %(activation)s")
_FACTS = len(fields(Facts)) - 1


def find(question: Question, *, lock: bool = False) -> Facts:
    """The licence of the key. Raises LicenseNotFound, alike for a key of another product, and TooManyGuesses.

    With `lock`, the licence's row stays locked until the caller's transaction ends.
    """
    row = _row(question, lock=lock)
    if row is None:
        raise LicenseNotFound(_("There is no such licence."))
    is_blocked, *activation = row[_FACTS:]
    if is_blocked:
        raise TooManyGuesses(_("Too many unknown keys came from your address. Please wait some minutes."))
    use = Use.read(*activation[:4], is_free=activation[4]) if activation[0] else None
    facts = Facts(*row[:_FACTS], use)  # type: ignore[call-arg]  # as many columns as fields, in their order
    is_same_key = constant_time_compare(fold_code(facts.key), fold_code(question.key[:MAX_KEY]))
    if not is_same_key:
        raise LicenseNotFound(_("There is no such licence."))
    if not _is_of(facts, question.product):
        raise WrongProduct(_("There is no such licence."))
    return facts


def _is_of(facts: Facts, product: str) -> bool:
    names = {"", str(facts.product_id), facts.product_slug, facts.item_id}
    return product in names or fold(product) == fold(facts.product_title)


@contextmanager
def guesses_counted(question: Question) -> Iterator[None]:
    """Count a key that is not found, outside of the transaction that it ends. Raises TooManyGuesses."""
    try:
        yield
    except LicenseNotFound:
        if not within_limit("license.guess", question.client, limit=GUESSES, per=GUESSES_PER):
            raise TooManyGuesses(
                _("Too many unknown keys came from your address. Please wait some minutes.")
            ) from None
        raise


def _row(question: Question, *, lock: bool) -> list[Any] | None:
    limit = limit_row("license.guess", question.client, per=GUESSES_PER)
    asked = {
        "key_hash": key_hash(question.key),
        "site": _value(read_site, question.instance),
        "machine": _value(read_machine, question.instance),
        "activation": _db_uuid(question.activation),
        "limit_key": limit["key"],
        "limit_window": db_value(LimitCount, "window", limit["window"]),
        "guesses": GUESSES,
    }
    locking = "FOR UPDATE OF l" if lock and connection.features.has_select_for_update_of else ""
    with connection.cursor() as cursor:
        cursor.execute((_BY_ACTIVATION if question.activation else _BY_INSTANCE) + locking, asked)
        row = cursor.fetchone()
    if row is None:
        return None
    _id, uid, key, status, withdrawn, expires_at, issued_at, checked_at, *rest = row
    times = map(_time, (expires_at, issued_at, checked_at))
    return [_id, uuid.UUID(str(uid)), key, status, withdrawn, *times, *rest]


def db_value(model: type[Model], field: str, value: Any) -> Any:
    """The value as the field's column takes it, for queries that are written out."""
    return cast("Field", model._meta.get_field(field)).get_db_prep_value(value, connection)


def _value(read: Callable[[str], Instance], text: str) -> str | None:
    try:
        return read(text).value if text else None
    except InstanceNotUsable:
        return None


def _db_uuid(text: str) -> Any:
    try:
        return db_value(Activation, "uid", uuid.UUID(text)) if text else None
    except ValueError:
        return None


def _time(value: Any) -> Any:
    """A time as PostgreSQL gives it, or as SQLite does: without a zone, and sometimes as text."""
    if isinstance(value, str):
        value = parse_datetime(value)
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
