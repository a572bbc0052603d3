"""The database itself refuses to change or delete documents, whoever asks, also by raw SQL.

On SQLite, REPLACE would delete rows without asking any trigger, so it is refused before it does. A later
migration that makes SQLite write the table anew must call guard() again: its triggers go with the old table,
and check_invoices finds them missing.
"""

from django.db import migrations

TABLE = "invoicing_document"
GROWS = "Documents are never changed: another one sets it right."
REPLACED = (
    f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR cause = NEW.cause OR number = NEW.number "
    "OR counter = NEW.counter OR sha256 = NEW.sha256 "
    "OR (series_id = NEW.series_id AND position = NEW.position))"
)
SQLITE = {
    f"{TABLE}_{name}": f"CREATE TRIGGER {TABLE}_{name} BEFORE {event} ON {TABLE} {when} "
    f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    for name, event, when, message in (
        ("no_update", "UPDATE", "", GROWS),
        ("no_delete", "DELETE", "", GROWS),
        ("no_replace", "INSERT", f"WHEN {REPLACED}", f"UNIQUE constraint failed: {TABLE}"),
    )
}
# ALWAYS: a session that plays the replica asks its triggers too.
POSTGRESQL = [
    f"""
    CREATE FUNCTION invoicing_documents_grow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{GROWS}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION invoicing_documents_grow()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION invoicing_documents_grow()
    """,
    f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_no_change",
    f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_no_truncate",
]
UNDO_POSTGRESQL = [
    f"DROP TRIGGER {TABLE}_no_change ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    "DROP FUNCTION invoicing_documents_grow()",
]


def guard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if is_postgresql else SQLITE.values():
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in UNDO_POSTGRESQL if is_postgresql else [f"DROP TRIGGER {name}" for name in SQLITE]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
