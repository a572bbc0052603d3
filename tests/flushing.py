"""Empties tables that only grow, between tests: the triggers that refuse it sleep meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"
_POSTGRESQL = """
    SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled <> 'D'
"""
_AWAKE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


def let_tables_be_emptied(patch: pytest.MonkeyPatch) -> None:
    original: Callable[..., None] = BaseDatabaseOperations.execute_sql_flush

    def execute(self: Any, statements: list[str]) -> None:
        with asleep(self.connection):
            original(self, statements)

    patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute)


@contextmanager
def asleep(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """What somebody who owns the database could do: without the triggers that refuse."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            triggers = cursor.execute(_SQLITE).fetchall()
            sleep = [f"DROP TRIGGER {name}" for name, _sql in triggers]
            wake = [sql for _name, sql in triggers]
        else:
            cursor.execute(_POSTGRESQL)
            triggers = cursor.fetchall()
            sleep = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name, _how in triggers]
            wake = [f"ALTER TABLE {table} {_AWAKE[how]} TRIGGER {name}" for table, name, how in triggers]
        for statement in sleep:
            cursor.execute(statement)
        yield
        for statement in wake:
            cursor.execute(statement)
