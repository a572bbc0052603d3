"""Loads rights to download with all that sending their files needs, in one query."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, FilteredRelation, Max, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from catalog.models import Product, ProductFile
from catalog.rows import bare
from checkout.models import Order, OrderLine
from delivery.models import Download, DownloadGrant, Stamp

_ROWS: dict[str, tuple[type[Model], list[str]]] = {
    "": (DownloadGrant, ["id", "line_id", "file_id", "key", "revoked_at", "used_count", "renewed_at"]),
    "line": (OrderLine, ["id", "order_id"]),
    "line__order": (Order, ["id", "status", "token", "paid_at", "held_at"]),
    "file": (ProductFile, ["id", "product_id", "file", "filename", "size", "sha256", "content_type"]),
    "file__product": (Product, ["id", "stamping", "download_limit", "download_days"]),
    "stamp": (Stamp, ["id", "grant_id", "status", "source_sha256", "name", "size", "sha256"]),
}
_RELATIONS = [("", "line"), ("line", "order"), ("", "file"), ("file", "product"), ("", "stamp")]
_TIMES = [("", "revoked_at"), ("", "renewed_at"), ("", "begun_at"), ("", "begun_broken_at")]
_TIMES += [("line__order", "paid_at"), ("line__order", "held_at")]
_FOR_ORDER = [
    *("line__product_title", "file__position", "file__changed_at", "file__product__keeps_old_releases"),
    *("file__release__published_at", "file__release__channel"),
]
_BEGUN = ["begun_id", "begun_at", "begun_broken_at", "broken_id"]
# What stands in the ready query for the key and the session of each link.
_KEY, _SESSION = "the key", "the session"


def load_right(key: str, session: str) -> DownloadGrant | None:
    """The right of a link, and as `begun_id`, `begun_at`, `begun_broken_at` its download, if it began one.

    `broken_id` is the latest download of it, by any link, that broke off.
    """
    sql, params = _statement()
    given = {_KEY: key, _SESSION: session}
    with connection.cursor() as cursor:
        cursor.execute(sql, [given.get(param, param) for param in params])
        found = cursor.fetchone()
    return _assembled(found) if found else None


def load_rights(named: Q, session: str) -> list[DownloadGrant]:
    """As load_right(), all of an order that is named by its token or by its gift's, with releases."""
    rights = _rights(session).filter(named)
    rights = rights.select_related("line__order", "file__product", "file__release", "stamp")
    return list(rights.only(*_names(), *_FOR_ORDER).order_by("line", "file__position", "file"))


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """Kept ready: for Django, wording this query is many times the work of running it."""
    rights = _rights(_SESSION).filter(key=_KEY).order_by()
    return rights.values_list(*_names(), *_BEGUN).query.sql_with_params()


def _rights(session: str) -> QuerySet[DownloadGrant]:
    begun = FilteredRelation("downloads", condition=Q(downloads__session=session))
    broken = Download.objects.filter(grant=OuterRef("pk"), broken_at__isnull=False)
    last_broken = broken.order_by().values("grant").annotate(last=Max("pk")).values("last")
    return DownloadGrant.objects.annotate(
        begun=begun,
        begun_id=F("begun__pk"),
        begun_at=F("begun__started_at"),
        begun_broken_at=F("begun__broken_at"),
        broken_id=Subquery(last_broken),
    )


def _names() -> list[str]:
    return [f"{path}__{name}".removeprefix("__") for path, (_model, names) in _ROWS.items() for name in names]


def _assembled(found: tuple[Any, ...]) -> DownloadGrant:
    values, rows = iter(found), dict[str, Any]()
    for path, (model, names) in _ROWS.items():
        rows[path] = bare(model, **{name: next(values) for name in names})
    vars(rows[""]).update({name: next(values) for name in _BEGUN})
    for path, name in _TIMES:
        vars(rows[path])[name] = _time(vars(rows[path])[name])
    for path, name in _RELATIONS:
        related = rows[f"{path}__{name}".removeprefix("__")]
        rows[path]._state.fields_cache[name] = related if related.pk else None
    grant: DownloadGrant = rows[""]
    return grant


def _time(value: Any) -> datetime | None:
    """A time as PostgreSQL gives it, or as SQLite does: without a zone, and sometimes as text."""
    time: datetime | None = parse_datetime(value) if isinstance(value, str) else value
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)
