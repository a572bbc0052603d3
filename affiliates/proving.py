"""Proves that the ledger is right: every invariant, over every row, by the database itself.

Each proof is one query or two that give the rows which break it. The cost grows with the rows, and nothing
of them is held here but what is broken, and orders that are refunded in part or in dispute, some at a time.
"""

from collections.abc import Iterator
from itertools import islice

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from affiliates.models import LedgerEntry, Referral
from affiliates.reversals import claims_by_order, missing_entries
from checkout.models import Dispute, Order, OrderEvent, OrderLine
from storefront.mail import tell_staff

SHOWN = 20  # of the rows that break one invariant
CHUNK = 50  # orders
GUARDS = {
    "postgresql": {
        "affiliates_ledgerentry_no_change": "A",
        "affiliates_ledgerentry_no_truncate": "A",
        "affiliates_ledgerentry_closed": "O",
        "affiliates_ledgersum_no_change": "A",
        "affiliates_ledgersum_no_truncate": "A",
    },
    "sqlite": dict.fromkeys(
        [
            *("affiliates_ledgerentry_no_update", "affiliates_ledgerentry_no_delete"),
            *("affiliates_ledgerentry_no_replace", "affiliates_ledgerentry_closed"),
            *("affiliates_ledgersum_no_update", "affiliates_ledgersum_no_delete"),
            "affiliates_ledgersum_no_replace",
        ],
        "A",
    ),
}


def breaches() -> Iterator[str]:
    """What is wrong, a sentence each; nothing when all is proven."""
    yield from _missing_guards()
    for says, query in PROOFS.items():
        yield from _broken(says, query)
    yield from _broken("The sum of a closed period is not that of its rows", _closed_periods())
    yield from _unfollowed()


def prove_and_tell() -> bool:
    """Prove the ledger, and mail staff what is broken, once a day. True when nothing is."""
    found = list(breaches())
    if found:
        with override(settings.LANGUAGE_CODE):
            tell_staff(
                title=_("The ledger of affiliates does not add up"),
                words=_("Pay nobody before you know why. The command check_ledger proves it again."),
                details="\n".join(found[:SHOWN]),
                path="/admin/affiliates/ledgerentry/",
                cause=f"affiliates.ledger:{timezone.now():%Y-%m-%d}",
            )
    return not found


def _missing_guards() -> Iterator[str]:
    postgresql = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'affiliates_ledger%'"
    sqlite = "SELECT name, 'A' FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(postgresql if connection.vendor == "postgresql" else sqlite)
        there = dict(cursor.fetchall())
    for name, state in GUARDS[connection.vendor].items():
        if there.get(name) != state:
            yield f"The database does not guard the ledger: the trigger {name} is missing or off."


def _broken(says: str, query: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {SHOWN + 1}")
        rows = cursor.fetchall()
    for row in rows[:SHOWN]:
        yield f"{says}: {' '.join(str(value) for value in row)}."
    if len(rows) > SHOWN:
        yield f"{says}: and more."


# --- What one row must say beside others -------------------------------------------------------------

PROOFS = {
    "A credited line has no commission in the ledger, or another one (line, credited, written)": """
        SELECT line.id, line.commission, entry.amount
        FROM affiliates_referralline line
        JOIN affiliates_referral referral ON referral.id = line.referral_id
        LEFT JOIN affiliates_ledgerentry entry ON entry.line_id = line.id AND entry.kind = 'commission'
        WHERE (entry.id IS NULL AND line.commission <> 0)
            OR entry.amount <> line.commission OR entry.affiliate_id <> referral.affiliate_id
    """,
    "An order that was refused earned something (referral)": """
        SELECT referral.id FROM affiliates_referral referral
        WHERE referral.status = 'refused'
            AND EXISTS (SELECT 1 FROM affiliates_referralline line WHERE line.referral_id = referral.id)
    """,
    "A row about an order is in another currency, or another affiliate's (row)": """
        SELECT entry.id FROM affiliates_ledgerentry entry
        JOIN affiliates_referralline line ON line.id = entry.line_id
        JOIN affiliates_referral referral ON referral.id = line.referral_id
        JOIN checkout_order ordered ON ordered.id = referral.order_id
        WHERE entry.kind IN ('reversal', 'hold')
            AND (entry.currency <> ordered.currency OR entry.affiliate_id <> referral.affiliate_id)
    """,
    "More was taken back of a line than it earned, or more given (line, earned, taken, held)": """
        SELECT line.id, line.commission, taken.reversed, taken.held
        FROM (
            SELECT line_id,
                SUM(CASE WHEN kind = 'reversal' THEN amount ELSE 0 END) AS reversed,
                SUM(CASE WHEN kind = 'hold' THEN amount ELSE 0 END) AS held
            FROM affiliates_ledgerentry WHERE line_id IS NOT NULL AND kind IN ('reversal', 'hold')
            GROUP BY line_id
        ) taken JOIN affiliates_referralline line ON line.id = taken.line_id
        WHERE taken.reversed > 0 OR taken.held > 0 OR line.commission + taken.reversed + taken.held < 0
    """,
    "A payout and its rows differ (payout, amount, status, paid, came back)": """
        SELECT payout.id, payout.amount, payout.status, COALESCE(moved.paid, 0), COALESCE(moved.back, 0)
        FROM affiliates_payout payout
        LEFT JOIN (
            SELECT payout_id,
                SUM(CASE WHEN kind = 'payout' THEN -amount ELSE 0 END) AS paid,
                SUM(CASE WHEN kind = 'reversal' THEN amount ELSE 0 END) AS back,
                COUNT(*) AS moves, MIN(affiliate_id) AS one, MAX(affiliate_id) AS other,
                MIN(currency) AS currency, MAX(currency) AS currency2
            FROM affiliates_ledgerentry WHERE payout_id IS NOT NULL GROUP BY payout_id
        ) moved ON moved.payout_id = payout.id
        WHERE moved.paid IS NULL OR moved.paid <> payout.amount
            OR moved.back <> CASE WHEN payout.status = 'canceled' THEN payout.amount ELSE 0 END
            OR moved.one <> payout.affiliate_id OR moved.other <> payout.affiliate_id
            OR moved.currency <> payout.currency OR moved.currency2 <> payout.currency
    """,
    "The figures of days are not those of the ledger (affiliate, currency, figures, ledger)": """
        SELECT affiliate_id, currency, SUM(shown), SUM(earned)
        FROM (
            SELECT affiliate_id, currency, SUM(earned) AS shown, 0 AS earned FROM affiliates_tally
            WHERE facet = 'all' AND currency <> '' GROUP BY affiliate_id, currency
            UNION ALL
            SELECT affiliate_id, currency, 0, SUM(amount) FROM affiliates_ledgerentry
            WHERE line_id IS NOT NULL GROUP BY affiliate_id, currency
        ) both_kinds
        GROUP BY affiliate_id, currency HAVING SUM(shown) <> SUM(earned)
    """,
    "An order given back in full earns still, or one nobody gave back earns less (order, earned, left)": """
        SELECT ordered.id, rest.earned, rest.remains
        FROM (
            SELECT line.referral_id,
                SUM(CASE WHEN entry.kind = 'commission' THEN entry.amount ELSE 0 END) AS earned,
                SUM(entry.amount) AS remains
            FROM affiliates_ledgerentry entry JOIN affiliates_referralline line ON line.id = entry.line_id
            WHERE line.referral_id IN (
                SELECT part.referral_id
                FROM affiliates_ledgerentry taken JOIN affiliates_referralline part ON part.id = taken.line_id
                WHERE taken.kind IN ('reversal', 'hold')
                UNION
                SELECT refunded.id
                FROM affiliates_referral refunded JOIN checkout_order back ON back.id = refunded.order_id
                WHERE back.status = 'refunded'
            )
            GROUP BY line.referral_id
        ) rest
        JOIN affiliates_referral referral ON referral.id = rest.referral_id
        JOIN checkout_order ordered ON ordered.id = referral.order_id
        WHERE ((ordered.status = 'refunded' AND rest.remains <> 0)
                OR (ordered.status = 'paid' AND rest.remains <> rest.earned))
            AND NOT EXISTS (
                SELECT 1 FROM checkout_orderevent event
                WHERE event.order_id = ordered.id AND event.handled_at IS NULL
            )
            AND NOT EXISTS (
                SELECT 1 FROM checkout_dispute dispute JOIN checkout_payment payment
                    ON payment.id = dispute.payment_id
                WHERE payment.order_id = ordered.id AND dispute.status = 'open'
            )
    """,
}


# --- Closed periods ----------------------------------------------------------------------------------


_PERIODS = """
    SELECT affiliate_id, currency, through, amount, so_far FROM (
        SELECT affiliate_id, currency, through, claim, amount, paid, entries,
            SUM(CASE WHEN claim = 1 THEN 0 ELSE amount END) OVER before_it AS so_far,
            SUM(CASE WHEN claim = 1 THEN 0 ELSE paid END) OVER before_it AS paid_so_far,
            SUM(CASE WHEN claim = 1 THEN 0 ELSE entries END) OVER before_it AS entries_so_far
        FROM (
            SELECT affiliate_id, currency, DAY AS through, 2 AS claim, SUM(amount) AS amount,
                SUM(CASE WHEN payout_id IS NULL THEN 0 ELSE amount END) AS paid, COUNT(*) AS entries
            FROM affiliates_ledgerentry
            WHERE affiliate_id IN (SELECT affiliate_id FROM affiliates_ledgersum)
            GROUP BY affiliate_id, currency, DAY
            UNION ALL
            SELECT affiliate_id, currency, through, 1, amount, paid, entries FROM affiliates_ledgersum
        ) both_kinds
        WINDOW before_it AS (
            PARTITION BY affiliate_id, currency ORDER BY through, claim ROWS UNBOUNDED PRECEDING
        )
    ) compared
    WHERE claim = 1 AND (amount <> so_far OR paid <> paid_so_far OR entries <> entries_so_far)
"""


def _closed_periods() -> str:
    """Rows by day and sums in one row of time for each balance: at each sum, what came before must be it."""
    day = {
        "postgresql": "date_trunc('day', available_at, 'UTC')",
        "sqlite": "substr(available_at, 1, 10) || ' 00:00:00'",
    }[connection.vendor]
    return _PERIODS.replace("DAY", day)


# --- Orders that are refunded in part, or in dispute -------------------------------------------------


def _unfollowed() -> Iterator[str]:
    """Orders whose rows are not what their refunds and disputes make, though nothing waits to be done."""
    found = _followed_orders().values_list("pk", flat=True).iterator(CHUNK)
    while order_ids := list(islice(found, CHUNK)):
        yield from _unfollowed_of(order_ids)


def _unfollowed_of(order_ids: list[int]) -> Iterator[str]:
    """The same for some orders, whose rows are read at once, with no more of them than is compared."""
    claims = claims_by_order(order_ids)
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=order_ids).only("order", "amount"):
        lines.setdefault(line.order_id, []).append(line)
    referrals = list(Referral.objects.filter(order__in=order_ids).only("order").prefetch_related("lines"))
    order_of = {line.pk: referral.order_id for referral in referrals for line in referral.lines.all()}
    written: dict[int, list[LedgerEntry]] = {}
    entries = LedgerEntry.objects.filter(line__referral__order__in=order_ids)
    kept = ("affiliate", "currency", "kind", "amount", "cause", "line", "available_at")
    for entry in entries.only(*kept).order_by("pk"):
        written.setdefault(order_of[entry.line_id or 0], []).append(entry)
    for referral in referrals:
        order = referral.order_id
        earning = [line for line in referral.lines.all() if line.commission]
        missing = missing_entries(
            lines[order], earning, written.get(order, []), claims.get(order, []), timezone.now()
        )
        if missing:
            yield f"What went back is not followed (order, rows missing): {order} {len(missing)}."


def _followed_orders() -> QuerySet[Order]:
    waiting = OrderEvent.objects.filter(order=OuterRef("pk"), handled_at=None)
    disputes = Dispute.objects.filter(payment__order=OuterRef("pk"), status=Dispute.Status.OPEN)
    credited = Referral.objects.filter(order=OuterRef("pk"), status=Referral.Status.CREDITED)
    in_part = Q(status=Order.Status.PARTIALLY_REFUNDED) | Q(Exists(disputes))
    return Order.objects.filter(in_part, Exists(credited)).exclude(Exists(waiting)).order_by("pk")
