"""What affiliates cost, in one process with the shop's own settings, on PostgreSQL.

`python -m bench.ledger pages ROUNDS` and `python -m bench.ledger check ROUNDS ROWS` print figures as JSON.
Both seed their database when they are first called: one sale is made by the shop, and copied by SQL.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import median
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from affiliates.clicks import count_in  # noqa: E402
from affiliates.ledger import adjust, balances, close, close_periods  # noqa: E402
from affiliates.models import Affiliate, LedgerEntry, Referral  # noqa: E402
from affiliates.proving import breaches  # noqa: E402
from affiliates.referrals import credit_order, follow_order  # noqa: E402
from affiliates.visits import Visit, sign  # noqa: E402
from bench.money import is_the_shops, milliseconds, peak  # noqa: E402
from catalog.models import Variant  # noqa: E402
from checkout.buyer import Buyer  # noqa: E402
from checkout.cart import Cart  # noqa: E402
from checkout.models import DemoCharge, Order, OrderEvent, Payment, Refund  # noqa: E402
from checkout.payments import start_payment, sync_payment  # noqa: E402
from checkout.placing import place_order  # noqa: E402
from checkout.providers import demo  # noqa: E402
from checkout.refunds import request_refund  # noqa: E402

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"
LINES, OTHERS = 10, 100  # of an order; affiliates beside the one who has a third of all
IN_A_ROUND = 50
Row = dict[str, float]


# --- Pages -------------------------------------------------------------------------------------------


def pages(rounds: int) -> Iterator[Row]:
    """The dashboards of one with many referrals and of one with few; a page with ?ref= and without."""
    if not Affiliate.objects.exists():
        for code, referrals in (("few", 100), ("many", 10_000)):
            _bring(_affiliate(code), referrals, clicks=referrals if code == "few" else 100_000)
    headers = {"Host": urlsplit(settings.SITE_URL).netloc, "User-Agent": BROWSER}
    readers = {code: Client(headers=headers) for code in ("few", "many")}
    for code, reader in readers.items():
        reader.force_login(User.objects.get(affiliate__code=code))
    visitor = Client(headers={**headers, "Sec-Fetch-Site": "same-origin"})
    page = Variant.objects.all()[0].product.get_absolute_url()
    gets = {
        "dashboard": partial(_get, readers["many"], "/affiliates/"),
        "dashboard-small": partial(_get, readers["few"], "/affiliates/"),
        "ref-page": partial(_get, visitor, f"{page}?ref=many"),
        "plain-page": partial(_get, visitor, page),
    }
    for get in gets.values():
        get()  # warms
    _check_alike(visitor, page)
    for _round in range(rounds):
        row = {f"cpu:{name}": milliseconds([get] * IN_A_ROUND) for name, get in gets.items()}
        row["queries:dashboard"] = len(_asked(gets["dashboard"]))
        row["writes:ref-page"] = _writes(gets["ref-page"])
        yield row | {"writes:ref": _writes(partial(visitor.post, "/r/many/", {"path": page}))}


def _get(reader: Client, path: str) -> None:
    if reader.get(path).status_code != 200:
        raise SystemExit(f"{path} was not answered.")


def _check_alike(visitor: Client, page: str) -> None:
    """What caches go by is the same with ?ref= and without, and neither sets a cookie."""
    plain, by_link = visitor.get(page), visitor.get(f"{page}?ref=many&sub=x")
    names = ("Cache-Control", "Vary", "Set-Cookie")
    if [plain.get(name) for name in names] != [by_link.get(name) for name in names] or by_link.cookies:
        raise SystemExit("A page that is opened by a link is not everybody's.")


def _asked(deed: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        deed()
    return [each["sql"] for each in asked if is_the_shops(each["sql"])]


def _writes(deed: Callable[[], object]) -> int:
    return sum(not sql.lstrip().startswith("SELECT") for sql in _asked(deed))


# --- The ledger --------------------------------------------------------------------------------------


def check(rounds: int, rows: int) -> Iterator[Row]:
    """A balance beside the sum of its rows, and the proof of everything beside one sum of all rows."""
    if not Affiliate.objects.exists():
        _fill(rows)
    hot = Affiliate.objects.get(code="hot")
    there, of_hot = LedgerEntry.objects.count(), LedgerEntry.objects.filter(affiliate=hot).count()
    if not 0.99 * rows <= there <= 1.01 * rows or not 0.3 * there <= of_hot <= 0.35 * there:
        raise SystemExit(f"{there} rows, of which {of_hot} in one account, are not what was asked for.")
    raw = partial(_sql, f"SELECT SUM(amount) FROM affiliates_ledgerentry WHERE affiliate_id = {hot.pk}")
    if sum(each.total for each in balances(hot)) != raw()[0][0]:
        raise SystemExit("The balance is not the sum of its rows.")
    every = "SELECT affiliate_id, currency, SUM(amount) FROM affiliates_ledgerentry GROUP BY 1, 2"
    for _round in range(rounds):
        took = _took(_prove)
        yield {
            "ms:balance": _took(partial(balances, hot), 20),
            "ms:raw-sum": _took(raw, 3),
            "ms:group-by": _took(partial(_sql, every), 3),
            "ms:check-ledger": took,
            "us:check-ledger": 1000 * took / there,
            "mib:check-ledger": peak(),
        }


def _prove() -> None:
    if found := list(breaches()):
        raise SystemExit("\n".join(found[:5]))


def _took(deed: Callable[[], object], times: int = 1) -> float:
    """Milliseconds, the median of so many times."""
    found = []
    for _each in range(times):
        began = time.perf_counter()
        deed()
        found.append(1000 * (time.perf_counter() - began))
    return median(found)


def _sql(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


# --- Seeding -----------------------------------------------------------------------------------------


@transaction.atomic
def _fill(rows: int) -> None:
    """Half of the rows are commissions and half are adjustments, of ten months; one affiliate has a third."""
    hot, first = _affiliate("hot"), _affiliate("other-0")
    for number in range(1, OTHERS):
        _affiliate(f"other-{number}")
    whose = f"CASE WHEN {{0}} % 3 = 0 THEN {hot.pk} ELSE {first.pk} + {{0}} % {OTHERS} END"
    _copy_sales(_sale(hot), rows // 2 // LINES, whose.format("o.id"), "TRUE", days=300)
    row = adjust(hot, 100, "USD", reason="A gift", by=hot.user, key="0")
    _copy(
        row,
        f"generate_series(1, {rows // 2}) n",
        affiliate_id=whose.format("n"),
        amount="1 + n % 500",
        cause="'adjustment:' || n",
        **dict.fromkeys(("created_at", "available_at"), "now() - (1 + n % 300) * interval '1 day'"),
    )
    _count_orders()
    _sql("ANALYZE")
    for order in Order.objects.filter(pk__in=Payment.objects.values("order")).order_by("pk"):
        _give_back(order)
    for days in range(250, 0, -50):
        close(hot.pk, _midnight(days))
    close_periods()


def _give_back(order: Order) -> None:
    request_refund(
        order.payments.get(), order.total // 3, reason=Refund.Reason.REQUESTED, source=Refund.Source.MANUAL
    )
    follow_order(order.pk)
    OrderEvent.objects.filter(order=order).update(handled_at=timezone.now())


@transaction.atomic
def _bring(affiliate: Affiliate, referrals: int, *, clicks: int) -> None:
    """So much within the thirty days that the dashboard shows first."""
    one = f"v.id = (SELECT MIN(id) FROM catalog_variant) + o.id % {LINES}"
    _copy_sales(_sale(affiliate), referrals, str(affiliate.pk), one, days=30)
    _count_orders()
    _sql(f"""
        INSERT INTO affiliates_click (affiliate_id, day, visitor, path, sub_id, utm, hits, at)
        SELECT {affiliate.pk}, current_date - n % 30, md5(n::text), '/products/product-' || n % 10 || '/',
            'sub-' || n % 5, '', 1, now()
        FROM generate_series(1, {clicks}) n
    """)
    count_in()


def _affiliate(code: str) -> Affiliate:
    user = User.objects.create_user(f"{code}@example.com")
    return Affiliate.objects.create(
        user=user, name=code, code=code, language="en", status="active", method="manual", payout_note="Cash"
    )


def _sale(affiliate: Affiliate) -> Order:
    """One order as the shop makes it, paid and credited."""
    session = SessionStore()
    cart = Cart(session)
    cart.add(Variant.objects.order_by("pk")[0], 1)
    session["referral"] = sign(Visit.now(affiliate.pk, "link", path="/products/product-0/", sub_id="sub-0"))
    email = f"buyer-of-{affiliate.code}@example.com"
    payment = start_payment(place_order(cart, Buyer(email, "JO", "en")), "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    event = OrderEvent.objects.get(order=payment.order, name="order.paid")
    credit_order(event)
    OrderEvent.objects.filter(order=payment.order).update(handled_at=timezone.now())
    return Order.objects.get(pk=payment.order_id)


def _copy_sales(order: Order, orders: int, whose: str, lines: str, *, days: int) -> None:
    """So many orders like this one: of whom, with a line for which variants, and over how many days.

    Of two hundred, one keeps a payment, so that it may be given back.
    """
    line, referral = order.lines.get(), Referral.objects.get(order=order)
    credited, payment = referral.lines.get(), order.payments.get()
    at = f"now() - (n % {days}) * interval '1 day'"
    unique = f"left(md5('{order.pk}-' || n), 20)"
    email = f"'{order.pk}-' || n || '@example.com'"
    _copy(
        order,
        f"generate_series(1, {orders}) n",
        total=f"t.total * {1 if lines != 'TRUE' else LINES}",
        **dict.fromkeys(("token", "cart_key"), unique),
        **dict.fromkeys(("email", "email_folded", "mailbox"), email),
        **dict.fromkeys(("placed_at", "paid_at"), at),
    )
    fresh = f"o.id > {order.pk}"
    _copy(
        line,
        f"checkout_order o, catalog_variant v WHERE {fresh} AND {lines}",
        order_id="o.id",
        variant_id="v.id",
    )
    _copy(
        payment,
        f"checkout_order o WHERE {fresh} AND o.id % 200 = 0",
        order_id="o.id",
        amount="o.total",
        **dict.fromkeys(("key", "reference", "capture_reference"), "'copy-' || o.id"),
    )
    _copy(
        referral,
        f"checkout_order o WHERE {fresh}",
        order_id="o.id",
        affiliate_id=whose,
        path=f"'/products/product-' || o.id % {LINES} || '/'",
        created_at="o.paid_at",
        clicked_at="o.paid_at",
    )
    _copy(
        credited,
        "checkout_orderline l JOIN affiliates_referral r ON r.order_id = l.order_id"
        f" JOIN catalog_variant v ON v.id = l.variant_id WHERE l.order_id > {order.pk}",
        referral_id="r.id",
        line_id="l.id",
        product_id="v.product_id",
    )
    _copy(
        LedgerEntry.objects.get(line=credited),
        "affiliates_referralline k JOIN affiliates_referral r ON r.id = k.referral_id"
        f" WHERE r.id > {referral.pk}",
        affiliate_id="r.affiliate_id",
        line_id="k.id",
        cause="'line:' || k.line_id",
        created_at="r.created_at",
        available_at="r.created_at + interval '30 days'",
    )


def _copy(row: Model, source: str, **changed: str) -> None:
    """Copies of a row, one for each row of the source, with these columns by SQL."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = [changed.get(column, f"t.{column}") for column in columns]
    joined = f"{table} t, {source}" if "WHERE" not in source else f"{table} t, {source} AND"
    where = f"{joined} t.id = {row.pk}" if "WHERE" in source else f"{joined} WHERE t.id = {row.pk}"
    _sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {where}")


def _count_orders() -> None:
    """The figures of days, as they were counted when the sales were made."""
    _sql("DELETE FROM affiliates_tally WHERE currency <> ''")
    for facet, value in (("all", "''"), ("product", "k.product_id::text"), ("link", "r.path")):
        _sql(f"""
            INSERT INTO affiliates_tally (affiliate_id, day, facet, value, currency, clicks, orders, earned)
            SELECT e.affiliate_id, e.created_at::date, '{facet}', {value}, e.currency, 0,
                COUNT(DISTINCT r.id), SUM(e.amount)
            FROM affiliates_ledgerentry e JOIN affiliates_referralline k ON k.id = e.line_id
                JOIN affiliates_referral r ON r.id = k.referral_id
            GROUP BY 1, 2, 4, 5
        """)


def _midnight(days: int) -> object:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


if __name__ == "__main__":
    part, *numbers = sys.argv[1:]
    for row in {"pages": pages, "check": check}[part](*map(int, numbers)):
        print(json.dumps(row), flush=True)
