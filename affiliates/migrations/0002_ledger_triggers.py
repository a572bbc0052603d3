"""The database itself refuses to change or delete rows of the ledger, whoever asks, also by raw SQL.

And it takes no row that would be free within a period that is closed, since that period's sum would lie.
On SQLite, REPLACE would delete rows without asking any trigger, so it is refused before it does. A later
migration that makes SQLite write one of these tables anew must call guard() again: its triggers go with the
old table, and check_ledger would find them missing.
"""

from django.db import migrations

TABLES = ["affiliates_ledgerentry", "affiliates_ledgersum"]
GROWS = "The ledger only grows: write another row that sets it right."
CLOSED = "This period of the ledger is closed."
IS_CLOSED = """
    EXISTS (
        SELECT 1 FROM affiliates_ledgersum
        WHERE affiliate_id = NEW.affiliate_id AND through > NEW.available_at
    )
"""
SAME = {
    "affiliates_ledgerentry": "kind = NEW.kind AND cause = NEW.cause AND line_id IS NEW.line_id",
    "affiliates_ledgersum": "affiliate_id = NEW.affiliate_id AND through = NEW.through AND currency = NEW.currency",
}


def sqlite_triggers():
    """Name and statement of each."""
    for table in TABLES:
        replaced = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({SAME[table]}))"
        for name, event, when in (
            ("no_update", "UPDATE", ""),
            ("no_delete", "DELETE", ""),
            ("no_replace", "INSERT", f"WHEN {replaced}"),
        ):
            message = f"UNIQUE constraint failed: {table}" if event == "INSERT" else GROWS
            yield f"{table}_{name}", _sqlite(f"{table}_{name}", table, event, when, message)
    name = "affiliates_ledgerentry_closed"
    yield name, _sqlite(name, "affiliates_ledgerentry", "INSERT", f"WHEN {IS_CLOSED}", CLOSED)


def _sqlite(name, table, event, when, message):
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


# ALWAYS: a session that plays the replica asks its triggers too.
POSTGRESQL_EACH = [
    """
    CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION affiliates_ledger_grows()
    """,
    """
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION affiliates_ledger_grows()
    """,
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
]
POSTGRESQL = [
    f"""
    CREATE FUNCTION affiliates_ledger_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{GROWS}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE FUNCTION affiliates_ledger_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {IS_CLOSED} THEN
            RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER affiliates_ledgerentry_closed BEFORE INSERT ON affiliates_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION affiliates_ledger_closed()
    """,
    *(each.format(table=table) for table in TABLES for each in POSTGRESQL_EACH),
]


def guard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if is_postgresql else [text for _name, text in sqlite_triggers()]:
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        statements = [
            f"DROP TRIGGER {table}_{name} ON {table}" for table in TABLES for name in ("no_change", "no_truncate")
        ]
        statements += [
            "DROP TRIGGER affiliates_ledgerentry_closed ON affiliates_ledgerentry",
            "DROP FUNCTION affiliates_ledger_closed()",
            "DROP FUNCTION affiliates_ledger_grows()",
        ]
    else:
        statements = [f"DROP TRIGGER {name}" for name, _statement in sqlite_triggers()]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
