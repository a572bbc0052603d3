from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet, Subquery, TextField
from django.db.models.base import ModelState
from django.db.models.functions import JSONObject
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=Model)


class JSONRows(Subquery):
    """The rows of a subquery as a JSON list, so that a row and its small parts are one query."""

    output_field = TextField()

    def __init__(self, rows: QuerySet[Any], **columns: Any) -> None:
        super().__init__(rows.values(entry=JSONObject(**columns)))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        template = "json((SELECT json_group_array(json(entry)) FROM (%(subquery)s)))"
        return super().as_sql(compiler, connection, template=template)  # type: ignore[call-arg]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        template = "(SELECT coalesce(json_agg(entry), '[]') FROM (%(subquery)s) AS entries)"
        return super().as_sql(compiler, connection, template=template)  # type: ignore[call-arg]


def bare(model: type[Row], **values: Any) -> Row:
    """A row to look at, with these columns only. Without __init__, which takes longer than the database."""
    row = model.__new__(model)
    vars(row).update(values, _state=ModelState())
    row._state.adding = False
    return row
