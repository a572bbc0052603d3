"""Lets tests with real transactions empty tables that only grow, which nothing else may."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

original = BaseDatabaseOperations.execute_sql_flush
_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"
_POSTGRESQL = """
    SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled <> 'D'
"""
_AWAKE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


def flush(self: BaseDatabaseOperations, sql_list: list[str]) -> Any:
    with triggers_off():
        return original(self, sql_list)


@contextmanager
def triggers_off() -> Iterator[None]:
    """What somebody who owns the database could do: the guards are away, and come back as they were."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Checks that wait for the end of a transaction would bar the way.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(_POSTGRESQL)
            triggers = cursor.fetchall()
            sleep = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name, _how in triggers]
            wake = [f"ALTER TABLE {table} {_AWAKE[how]} TRIGGER {name}" for table, name, how in triggers]
        else:
            triggers = cursor.execute(_SQLITE).fetchall()
            sleep = [f"DROP TRIGGER {name}" for name, _sql in triggers]
            wake = [sql for _name, sql in triggers]
        for statement in sleep:
            cursor.execute(statement)
        yield
        for statement in wake:
            cursor.execute(statement)
