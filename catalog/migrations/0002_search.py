"""The index that search reads: FTS5 with trigrams on SQLite, pg_trgm on PostgreSQL."""

from django.db import ProgrammingError, migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE catalog_product_search USING fts5(
        search_title, search_text, content='catalog_product', content_rowid='id', tokenize='trigram'
    )
    """,
    "INSERT INTO catalog_product_search(catalog_product_search) VALUES ('rebuild')",
    """
    CREATE TRIGGER catalog_product_search_insert AFTER INSERT ON catalog_product BEGIN
        INSERT INTO catalog_product_search(rowid, search_title, search_text)
        VALUES (new.id, new.search_title, new.search_text);
    END
    """,
    """
    CREATE TRIGGER catalog_product_search_delete AFTER DELETE ON catalog_product BEGIN
        INSERT INTO catalog_product_search(catalog_product_search, rowid, search_title, search_text)
        VALUES ('delete', old.id, old.search_title, old.search_text);
    END
    """,
    """
    CREATE TRIGGER catalog_product_search_update AFTER UPDATE OF search_title, search_text ON catalog_product
    WHEN old.search_title <> new.search_title OR old.search_text <> new.search_text BEGIN
        INSERT INTO catalog_product_search(catalog_product_search, rowid, search_title, search_text)
        VALUES ('delete', old.id, old.search_title, old.search_text);
        INSERT INTO catalog_product_search(rowid, search_title, search_text)
        VALUES (new.id, new.search_title, new.search_text);
    END
    """,
]
POSTGRESQL = [
    "CREATE INDEX catalog_product_search_title ON catalog_product USING gin (search_title gin_trgm_ops)",
    "CREATE INDEX catalog_product_search_text ON catalog_product USING gin (search_text gin_trgm_ops)",
]
UNDO = {
    "sqlite": [
        "DROP TRIGGER catalog_product_search_insert",
        "DROP TRIGGER catalog_product_search_delete",
        "DROP TRIGGER catalog_product_search_update",
        "DROP TABLE catalog_product_search",
    ],
    "postgresql": ["DROP INDEX catalog_product_search_title", "DROP INDEX catalog_product_search_text"],
}
NO_EXTENSION = (
    "Search needs PostgreSQL's pg_trgm extension, and this database user may not create it. "
    "Ask whoever runs the database server for: CREATE EXTENSION pg_trgm; and then migrate again."
)


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        try:
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except ProgrammingError as error:
            raise ProgrammingError(NO_EXTENSION) from error
        statements = POSTGRESQL
    else:
        statements = SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(build, drop)]
