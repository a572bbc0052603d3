from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from storefront.doctor.finding import Findings, ok, problem, warning

OLDEST_POSTGRESQL = 15


def pending_migrations() -> list[str]:
    """Names of the migrations that the database lacks; raises DatabaseError when it does not answer."""
    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def database() -> Findings:
    try:
        connection.ensure_connection()
        yield from _sqlite() if settings.IS_SQLITE else _postgresql()
        yield from _migrations()
    except DatabaseError as error:
        yield problem("Database", f"It does not answer ({error}). Start it, or mend DATABASE_URL.")


def _migrations() -> Findings:
    if pending := pending_migrations():
        yield problem("Migrations", f"{len(pending)} are not applied: run `manage.py migrate`.")
    else:
        yield ok("Migrations", "All are applied.")


def _sqlite() -> Findings:
    mode = _ask("PRAGMA journal_mode")
    if mode == "wal":
        yield ok("Database", "SQLite in WAL mode. For more than one machine, set DATABASE_URL to PostgreSQL.")
    else:
        yield problem(
            "Database", f"SQLite is in {mode} mode instead of WAL: is its folder on a network disk?"
        )


def _postgresql() -> Findings:
    version = _ask("SHOW server_version_num")
    name = f"PostgreSQL {int(str(version)) // 10_000}"
    if int(str(version)) < OLDEST_POSTGRESQL * 10_000:
        yield problem("Database", f"{name} is too old: {OLDEST_POSTGRESQL} or newer is needed.")
    elif _ask("SHOW fsync") == "off" or _ask("SHOW synchronous_commit") == "off":
        yield problem("Database", f"{name} may forget paid orders: switch fsync and synchronous_commit on.")
    else:
        yield ok("Database", f"{name} answers.")
    apart = abs(_ask("SELECT clock_timestamp()") - timezone.now())  # type: ignore[operator]
    if apart > timedelta(seconds=5):
        yield warning("Clock", f"The database's clock is {apart.seconds} s off ours: set both by NTP.")


def _ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]
