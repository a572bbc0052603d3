"""Proves what was promised of documents: no gap in numbers, a whole chain, and the sums of the orders."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery

from checkout.models import Order, OrderEvent, Payment
from checkout.refunds import money_returned
from invoicing.chain import FIRST, seal
from invoicing.models import Chain, Document, Series
from invoicing.models.kind import Kind, Reason

CHUNK = 500
Say = Callable[[str, int], None]


def faults(say: Say) -> Iterator[str]:
    """What is wrong, a sentence each. `say` is told how far it is; memory stays flat at any number."""
    yield from _unguarded()
    yield from _chain(say)
    yield from _orders(say)


def _unguarded() -> Iterator[str]:
    """Whether the database still refuses to change documents."""
    guard = import_module("invoicing.migrations.0002_guard")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A' "
                "AND tgrelid = %s::regclass",
                [guard.TABLE],
            )
            wanted = {f"{guard.TABLE}_no_change", f"{guard.TABLE}_no_truncate"}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            wanted = set(guard.SQLITE)
        missing = wanted - {name for (name,) in cursor.fetchall()}
    yield from (f"The trigger {name} is missing, so documents could be changed." for name in sorted(missing))


@dataclass
class _End:
    """How far the chain was followed: its last hash, and the last place of each series."""

    counter: int = 0
    sha256: str = FIRST
    positions: dict[int, int] = field(default_factory=dict)


def _chain(say: Say) -> Iterator[str]:
    """Nobody waits meanwhile; what others issue is looked at in the end, when for a moment nobody may."""
    end = _End()
    yield from _from(end, say)
    with transaction.atomic():
        chain = Chain.objects.select_for_update().filter(pk=Chain.THE_ONLY).first() or Chain()
        found = [*_from(end, say), *_ends(chain, end)]
    yield from found


def _from(end: _End, say: Say) -> Iterator[str]:
    """What is wrong with documents after this one, which moves on to the last."""
    for document in Document.objects.filter(counter__gt=end.counter).order_by("counter").iterator(CHUNK):
        counter = end.counter + 1
        if document.counter != counter:
            yield f"{document}: its counter is {document.counter} and not {counter}."
        position = end.positions.get(document.series_id, 0) + 1
        if document.position != position:
            yield f"{document}: its place in the series is {document.position} and not {position}."
        end.positions[document.series_id] = document.position
        previous = end.sha256
        if document.previous_sha256 != previous or document.sha256 != seal(document.snapshot, previous):
            yield f"{document}: its hash is not that of what it says and of the document before."
        end.counter, end.sha256 = document.counter, document.sha256
        yield from _figures(document)
        say("Documents", end.counter)


def _figures(document: Document) -> Iterator[str]:
    """Whether its columns say what its snapshot says, and the snapshot adds up."""
    said, lines = document.snapshot, document.snapshot["lines"]
    said_in_all = said | said["totals"]
    names = ("kind", "reason", "number", "counter", "currency", "net", "tax", "total")
    if any(said_in_all[name] != getattr(document, name) for name in names):
        yield f"{document}: it says something else than its row."
    for name, of_line in (("net", "net"), ("tax", "tax"), ("total", "amount")):
        total = sum(line[of_line] for line in lines)
        if total != said["totals"][name]:
            yield f"{document}: the {name} of its lines is {total}, and it says {said['totals'][name]}."


def _ends(chain: Chain, end: _End) -> Iterator[str]:
    if (chain.counter, chain.sha256) != (end.counter, end.sha256):
        yield f"The chain ends at {chain.counter}, and the last document is {end.counter}."
    for series in Series.objects.all():
        last = end.positions.get(series.pk, 0)
        if series.last_number != last:
            yield f"The series {series} is at {series.last_number}, and its last document is {last}."


def _orders(say: Say) -> Iterator[str]:
    """In two queries for a chunk, and some more for each order of which money went back."""
    has_documents = Exists(Document.objects.filter(order=OuterRef("pk")))
    went_back = Q(refunds__isnull=False) | Q(disputes__isnull=False)
    has_followers = Exists(Payment.objects.filter(went_back, order=OuterRef("pk")))
    documents = Prefetch("documents", Document.objects.order_by("counter"))
    orders = Order.objects.filter(has_documents).annotate(has_followers=has_followers).order_by("pk")
    for done, order in enumerate(orders.prefetch_related("lines", documents).iterator(CHUNK), start=1):
        yield from _sums(
            order, order.total - _returned(order) if vars(order)["has_followers"] else order.total
        )
        say("Orders", done)
    yield from _without_invoice()


def _returned(order: Order) -> int:
    return min(money_returned(order), order.total)


def _sums(order: Order, brought: int) -> Iterator[str]:
    """The first invoice says what the order's lines say, and all documents what it brought in the end."""
    first, *_others = documents = list(order.documents.all())
    sold = {line.pk: (line.net_amount, line.tax_amount) for line in order.lines.all()}
    said = {part.line: (part.net, part.tax) for part in first.parts}
    if (first.kind, first.reason) != (Kind.INVOICE, Reason.SALE) or said != sold:
        yield f"{first}: it does not say what the lines of order {order} say."
    left = sum(document.sign * document.total for document in documents)
    if left != brought and not order.events.filter(handled_at=None).exists():
        yield f"Order {order}: its documents sum to {left}, and it brought {brought}."


def _without_invoice() -> Iterator[str]:
    """Orders that were paid since there are documents at all, and whose turn is over."""
    first = Document.objects.order_by("counter").values("issued_at")[:1]
    is_handled = Exists(
        OrderEvent.objects.filter(order=OuterRef("pk"), name="order.paid", handled_at__isnull=False)
    )
    has_documents = Exists(Document.objects.filter(order=OuterRef("pk")))
    paid = Order.objects.filter(is_handled, ~has_documents, paid_at__gte=Subquery(first), total__gt=0)
    yield from (f"Order {order}: it is paid and has no invoice." for order in paid.iterator(CHUNK))
