"""What it costs to price, to fulfil and to reconcile, in one process with the shop's own settings.

`python -m bench.money pricing ROUNDS`, `fulfil ROUNDS` and `reconcile ORDERS` print figures as JSON.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalog.models import Product, Variant  # noqa: E402
from checkout.buyer import Buyer  # noqa: E402
from checkout.cart import Cart  # noqa: E402
from checkout.models import (  # noqa: E402
    DemoCharge,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    ReconcileMark,
    WebhookEvent,
)
from checkout.payments import start_payment  # noqa: E402
from checkout.placing import place_order  # noqa: E402
from checkout.pricing import Discount, Item, Tax, price  # noqa: E402
from checkout.providers import demo  # noqa: E402
from checkout.reconciling import compare_with_providers, reconcile  # noqa: E402
from storefront.celery import app  # noqa: E402
from storefront.models import OutgoingMail  # noqa: E402

CLIENT = Client()  # one, for each makes ready all middleware anew
IN_A_ROUND = 20
TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
BATCH = 1000
Row = dict[str, float]


# --- Pricing -----------------------------------------------------------------------------------------


def pricing(rounds: int) -> Iterator[Row]:
    """The sums of a cart of 50 lines with ten discounts; beside them, the one query that finds such lines."""
    tax = Tax(1900, is_included=True, label="VAT")
    items = [Item(1 + place % 3, 999 + 100 * place, tax) for place in range(50)]
    everywhere = tuple(range(50))
    discounts = [
        Discount("coupon", f"SHARE{rate}", everywhere, rate_bps=rate) for rate in range(100, 600, 100)
    ]
    discounts += [Discount("offer", f"{place}", everywhere[place::5], amount=333) for place in range(5)]
    found = Variant.objects.select_related("product__cover").filter(pk__in=Variant.objects.all()[:50])
    if len(found) < len(items):
        raise SystemExit("There are fewer than 50 variants.")
    for _round in range(rounds):
        yield {
            "price": milliseconds([partial(price, items, discounts)] * IN_A_ROUND),
            "lines-query": milliseconds([lambda: list(found.all())] * IN_A_ROUND),
        }


# --- Fulfilling --------------------------------------------------------------------------------------


def fulfil(rounds: int) -> Iterator[Row]:
    """From a paid webhook to open downloads, and on to the mail; beside it, six rows written by the ORM."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    products = list(Product.objects.all()[:2])
    variant = products[0].variants.all()[0]
    reactions = settings.ORDER_REACTIONS["order.paid"]
    up_to_the_mail = [path for path in reactions if path.startswith("delivery.")]
    without_mail = [path for path in up_to_the_mail if ".mails." not in path]
    settings.ORDER_REACTIONS["order.paid"] = up_to_the_mail
    _tell_all(_paid_charges(products))  # warms
    for _round in range(rounds):
        charges = _paid_charges(products)
        with CaptureQueriesContext(connection) as asked:
            _tell(charges.pop())
        row = {"queries": sum(is_the_shops(each["sql"]) for each in asked)}
        row["fulfil-and-mail"] = _tell_all(charges)
        settings.ORDER_REACTIONS["order.paid"] = without_mail
        row["fulfil"] = _tell_all(_paid_charges(products))
        settings.ORDER_REACTIONS["order.paid"] = up_to_the_mail
        yield row | {"six-rows": milliseconds([partial(_write_six_rows, variant)] * IN_A_ROUND)}
        if OrderEvent.objects.filter(name="order.paid", handled_at=None).exists():
            raise SystemExit("A webhook did not lead to an order that is fulfilled.")


def _tell_all(charges: list[DemoCharge]) -> float:
    return milliseconds([partial(_tell, charge) for charge in charges])


def is_the_shops(sql: str) -> bool:
    """Not the demo provider's looking into its own book, where another provider would be called."""
    return not sql.startswith(TRANSACTIONS) and "checkout_democharge" not in sql


def milliseconds(deeds: list) -> float:
    """Processor time of one of the deeds, here and in the database's process that serves us."""
    began = _cpu()
    for deed in deeds:
        deed()
    return (_cpu() - began) / len(deeds)


def _cpu() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    on_processor = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() * 1e3 + on_processor / 1e6


def _paid_charges(products: list[Product]) -> list[DemoCharge]:
    """Orders of two lines whose buyers have paid, and of whose money the shop has not heard."""
    charges = []
    for _each in range(IN_A_ROUND + 1):
        cart = Cart(SessionStore())
        for product in products:
            cart.add(product.variants.all()[0], 1)
        token, address = os.urandom(6).hex(), ".".join(str(part) for part in os.urandom(4))
        order = place_order(cart, Buyer(f"{token}@example.com", "EG", client_address=address))
        charge = DemoCharge.objects.get(key=start_payment(order, "demo").key)
        demo.decide(charge, "pay")
        charge.refresh_from_db()
        charges.append(charge)
    return charges


def _tell(charge: DemoCharge) -> None:
    body, stamp = json.dumps(demo._told(charge)).encode(), str(int(time.time()))
    host = urlsplit(settings.SITE_URL).netloc
    headers = {"Host": host, "Demo-Signature": f"t={stamp},v1={demo._signature(stamp, body)}"}
    answer = CLIENT.post("/webhooks/demo/", body, "application/json", headers=headers)
    if answer.status_code != 200:
        raise SystemExit(f"A webhook was answered {answer.status_code}.")


@transaction.atomic
def _write_six_rows(variant: Variant) -> None:
    email = f"{os.urandom(6).hex()}@example.com"
    order = Order.objects.create(email=email, language="en", currency="USD", total=1200)
    OrderLine.objects.create(
        order=order, variant=variant, product_title="A", quantity=1, unit_amount=1200, amount=1200
    )
    Payment.objects.create(order=order, provider="demo", reference=email, amount=1200, currency="USD")
    OrderEvent.objects.create(order=order, name="order.paid", handled_at=timezone.now())
    WebhookEvent.objects.create(provider="demo", external_id=email, type="x", handled_at=timezone.now())
    OutgoingMail.objects.create(cause=email, to=email, language="en", subject="x", text="x", status="sent")


# --- Reconciling -------------------------------------------------------------------------------------


def compare(orders: int) -> Iterator[Row]:
    """The books of so many paid orders. Of a hundred, one is not paid, one webhook waits, one sale is new."""
    if Order.objects.count() != orders:
        _seed(orders)
    now, said = timezone.now(), 0
    WebhookEvent.objects.update(handled_at=None, next_attempt_at=now)
    Payment.objects.filter(status=Payment.Status.PENDING).update(checked_at=None, next_check_at=now)

    def say(_what: str, _done: int) -> None:
        nonlocal said
        said += 1

    before, began = peak(), time.perf_counter()
    reconcile(say)
    compare_with_providers(now - timedelta(days=1), say)
    took = time.perf_counter() - began
    if said < orders / 50:
        raise SystemExit(f"Only {said} rows were looked at.")
    yield {"us": took * 1e6 / orders, "mib": peak(), "grown": peak() - before}


def peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seed(orders: int) -> None:
    if Order.objects.exists():
        raise SystemExit("The database has other orders already. Remove it, or give another --work.")
    ReconcileMark.objects.create(provider="demo", read_until=timezone.now())
    for start in range(0, orders, BATCH):
        _add(range(start, start + BATCH))
    DemoCharge.objects.update(created_at=timezone.now() - timedelta(days=30))


@transaction.atomic
def _add(numbers: range) -> None:
    month_ago = timezone.now() - timedelta(days=30)
    next_year = timezone.now() + timedelta(days=365)
    rows = Order.objects.bulk_create(
        Order(
            email=f"buyer{number}@example.com",
            email_folded=f"buyer{number}@example.com",
            mailbox=f"buyer{number}@example.com",
            language="en",
            currency="USD",
            total=1200,
            status="pending" if number % 100 == 0 else "paid",
            paid_at=None if number % 100 == 0 else month_ago,
            expires_at=next_year,
        )
        for number in numbers
    )
    charges = DemoCharge.objects.bulk_create(
        DemoCharge(
            key=f"payment-{number}",
            amount=1200,
            currency="USD",
            status="open" if number % 100 == 0 else "paid",
        )
        for number in numbers
    )
    Payment.objects.bulk_create(
        Payment(
            order=order,
            provider="demo",
            key=charge.key,
            reference=charge.reference,
            capture_reference=charge.reference,
            amount=1200,
            currency="USD",
            status="pending" if order.paid_at is None else "succeeded",
            settled_at=None if order.paid_at is None else next_year if number % 100 == 1 else month_ago,
            expires_at=next_year,
        )
        for number, order, charge in zip(numbers, rows, charges, strict=True)
    )
    WebhookEvent.objects.bulk_create(
        WebhookEvent(provider="demo", external_id=charge.key, type="charge.paid", payment_key=charge.key)
        for charge in charges[2::100]
    )


if __name__ == "__main__":
    part, number = sys.argv[1], int(sys.argv[2])
    for row in {"pricing": pricing, "fulfil": fulfil, "reconcile": compare}[part](number):
        print(json.dumps(row), flush=True)
