from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, Subquery, TextField
from django.db.models.functions import JSONObject
from django.db.models.sql.compiler import SQLCompiler


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
