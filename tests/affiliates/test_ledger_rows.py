"""The ledger only grows: neither our own code nor raw SQL changes or deletes a row of it."""

from datetime import UTC, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from affiliates.errors import LedgerOnlyGrows
from affiliates.ledger import adjust, close
from affiliates.models import Affiliate, LedgerEntry, LedgerSum
from tests.factories import make_affiliate, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> LedgerEntry:
    affiliate = make_affiliate()
    entry = adjust(affiliate, 500, "USD", reason="A gift", by=make_user(), key="1")
    tomorrow = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    close(affiliate.pk, tomorrow + timedelta(days=1))
    return entry


def rows() -> list[object]:
    return [list(LedgerEntry.objects.values()), list(LedgerSum.objects.values())]


RAW = [
    "UPDATE affiliates_ledgerentry SET amount = 1",
    "UPDATE affiliates_ledgerentry SET reason = reason",
    "DELETE FROM affiliates_ledgerentry",
    "DELETE FROM affiliates_ledgerentry WHERE amount > 0",
    "UPDATE affiliates_ledgersum SET amount = 1",
    "DELETE FROM affiliates_ledgersum",
]
POSTGRESQL = [
    "TRUNCATE affiliates_ledgerentry",
    "TRUNCATE affiliates_ledgersum",
    "TRUNCATE affiliates_affiliate CASCADE",
    "WITH gone AS (DELETE FROM affiliates_ledgerentry RETURNING id) SELECT count(*) FROM gone",
    "SET LOCAL session_replication_role = replica; DELETE FROM affiliates_ledgerentry",
    "INSERT INTO affiliates_ledgerentry SELECT * FROM affiliates_ledgerentry"
    " ON CONFLICT (id) DO UPDATE SET amount = 1",
]
SQLITE = [
    "REPLACE INTO affiliates_ledgerentry SELECT * FROM affiliates_ledgerentry",
    "INSERT OR REPLACE INTO affiliates_ledgersum SELECT * FROM affiliates_ledgersum",
    "UPDATE OR REPLACE affiliates_ledgerentry SET amount = 1",
    "INSERT INTO affiliates_ledgerentry SELECT * FROM affiliates_ledgerentry WHERE true"
    " ON CONFLICT (id) DO UPDATE SET amount = 1",
]


@pytest.mark.parametrize("statement", RAW + (POSTGRESQL if connection.vendor == "postgresql" else SQLITE))
def test_raw_sql_is_refused(entry: LedgerEntry, statement: str) -> None:
    before = rows()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert rows() == before


def test_a_row_with_the_cause_of_another_takes_not_its_place(entry: LedgerEntry) -> None:
    before = rows()
    columns = [field.column for field in LedgerEntry._meta.concrete_fields if field.name != "id"]
    chosen = ", ".join("999" if name == "amount" else name for name in columns)
    word = "REPLACE" if connection.vendor == "sqlite" else "INSERT"
    into = f"{word} INTO affiliates_ledgerentry ({', '.join(columns)})"

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{into} SELECT {chosen} FROM affiliates_ledgerentry")

    assert rows() == before


def test_our_own_code_is_refused(entry: LedgerEntry) -> None:
    before, closed = rows(), LedgerSum.objects.get()
    entry.amount = 1
    entries = LedgerEntry.objects.filter(pk=entry.pk)

    for deed in (
        entry.save,
        entry.delete,
        closed.save,
        closed.delete,
        entries.delete,
        lambda: entries.update(amount=1),
        lambda: LedgerEntry.objects.bulk_update([entry], ["amount"]),
        lambda: LedgerEntry.objects.update_or_create(pk=entry.pk, defaults={"amount": 1}),
        lambda: entries._raw_delete("default"),
        lambda: LedgerEntry._base_manager.filter(pk=entry.pk).update(amount=1),
        LedgerSum.objects.all().delete,
    ):
        with pytest.raises(LedgerOnlyGrows):
            deed()
    with pytest.raises(Exception, match="protected"):
        Affiliate.objects.get().delete()

    assert rows() == before


def test_a_closed_period_takes_no_row(entry: LedgerEntry) -> None:
    before = rows()
    late = {"available_at": timezone.now(), "created_at": timezone.now(), "reason": "Late"}
    fields = {"affiliate": entry.affiliate, "currency": "USD", "kind": "adjustment", "by": entry.by}

    with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
        LedgerEntry.objects.create(**fields, **late, amount=5, cause="adjustment:2")

    assert rows() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"reason": ""},
        {"by": None},
        {"kind": "payout"},
        {"kind": "commission"},
        {"kind": "gift"},
        {"available_at": timezone.now() - timedelta(days=400)},
    ],
)
def test_a_row_without_its_one_cause_is_refused(wrong: dict[str, object]) -> None:
    now = timezone.now()
    right = {
        "kind": "adjustment",
        "amount": 5,
        "reason": "A gift",
        "by": make_user(),
        "cause": "adjustment:1",
    }
    right |= {"affiliate": make_affiliate(), "currency": "USD", "available_at": now, "created_at": now}

    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(**(right | wrong))

    assert not LedgerEntry.objects.exists()
