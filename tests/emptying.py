"""Lets tests with real transactions empty the ledger after themselves, which nothing else may."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

TABLES = ("affiliates_ledgerentry", "affiliates_ledgersum")
original = BaseDatabaseOperations.execute_sql_flush


def flush(self: BaseDatabaseOperations, sql_list: list[str]) -> Any:
    with triggers_off():
        return original(self, sql_list)


@contextmanager
def triggers_off() -> Iterator[None]:
    """The guards of the ledger are away, and come back as they were."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Checks that wait for the end of a transaction would bar the way.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                for name in ("no_change", "no_truncate"):
                    cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s)", TABLES
        )
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)
