"""SQL that is worded once: for some expressions that takes Django far longer than the database to answer."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import BaseExpression, RawSQL

from storefront.shop import shop

# Stands in ready SQL for the time of each request.
NOW = datetime(1, 1, 1, tzinfo=UTC)
Wording = Callable[[str], BaseExpression]


def ready(model: type[Model], word: Wording, field: Field, now: datetime) -> RawSQL:
    """The expression that `word` makes of NOW and the shop's currency, for rows of the model at a time.

    Only for queries that call the model's table by its own name, which those without a parent do.
    """
    sql, params = _worded(model, word, shop().currency)
    return RawSQL(sql, put_in(params, {NOW: now}), field)  # noqa: S611 - the ORM worded it


def put_in(params: tuple[Any, ...], times: dict[datetime, datetime]) -> list[Any]:
    """Parameters with other times, as the database takes them."""
    adapt = connection.ops.adapt_datetimefield_value
    given = {adapt(slot): adapt(time) for slot, time in times.items()}
    return [given.get(param, param) for param in params]


@cache
def _worded(model: type[Model], word: Wording, currency: str) -> tuple[str, tuple[Any, ...]]:
    query = model._default_manager.annotate(worded=word(currency)).query
    compiler = query.get_compiler(connection.alias)
    sql, params = compiler.compile(query.annotations["worded"])
    return sql, tuple(params)
