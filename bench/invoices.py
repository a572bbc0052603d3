"""What a PDF of an invoice costs, and an export of many, in one process with the shop's own settings.

`python -m bench.invoices print ROUNDS` and `python -m bench.invoices export DOCUMENTS` print figures as JSON.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

import weasyprint  # noqa: E402
from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from catalog.models import Product  # noqa: E402
from checkout.buyer import Buyer  # noqa: E402
from checkout.cart import Cart  # noqa: E402
from checkout.models import DemoCharge, Order  # noqa: E402
from checkout.payments import start_payment, sync_payment  # noqa: E402
from checkout.placing import place_order  # noqa: E402
from checkout.providers import demo  # noqa: E402
from invoicing.exporting import ask_for_export, make_export  # noqa: E402
from invoicing.issuing import keep_books_of  # noqa: E402
from invoicing.models import Document, Export  # noqa: E402
from invoicing.paper import page_of  # noqa: E402
from invoicing.printing import STYLESHEET, pdf_of  # noqa: E402
from storefront.celery import app  # noqa: E402
from storefront.pdf import _FACES, _fetcher  # noqa: E402
from storefront.shop import new_shop, save_shop  # noqa: E402

EACH = 10
GERMAN = {"name_en": "Rumman", "address": "Berlin", "country": "DE", "vat_id": "DE136695976"}
Row = dict[str, float]


# --- One PDF -----------------------------------------------------------------------------------------


def print_(rounds: int) -> Iterator[Row]:
    """Ours beside WeasyPrint alone, of the same page with the same fonts; and one with Factur-X inside."""
    plain = _issued(_paid())
    shop = new_shop()
    for name, value in GERMAN.items():
        setattr(shop, name, value)
    save_shop(shop)
    european = _issued(_paid())
    html, style = page_of(plain), STYLESHEET.read_text()
    pdf_of(plain), pdf_of(european), _bare(html, style)  # warms
    for _round in range(rounds):
        yield {
            "invoice": _milliseconds(lambda: pdf_of(plain)),
            "bare-invoice": _milliseconds(lambda: _bare(html, style)),
            "facturx": _milliseconds(lambda: pdf_of(european)),
        }


def _bare(html: str, style: str) -> bytes:
    fonts, fetcher = weasyprint.text.fonts.FontConfiguration(), _fetcher(weasyprint)
    styles = [weasyprint.CSS(string=css, font_config=fonts, url_fetcher=fetcher) for css in (_FACES, style)]
    document = weasyprint.HTML(string=html, url_fetcher=fetcher, media_type="print")
    return bytes(document.write_pdf(stylesheets=styles, font_config=fonts))


def _milliseconds(deed: Callable[[], object]) -> float:
    began = time.process_time()
    for _each in range(EACH):
        deed()
    return (time.process_time() - began) * 1e3 / EACH


# --- Many --------------------------------------------------------------------------------------------


def export(documents: int) -> Iterator[Row]:
    """So many invoices of today, printed and put into one zip by the task."""
    app.conf.task_always_eager = False
    while (lacking := documents - Document.objects.count()) > 0:
        for order in [_paid() for _each in range(min(lacking, 100))]:
            _issued(order)
    today = timezone.localdate()
    staff = User.objects.filter(is_staff=True).first() or User.objects.create_superuser("bench@example.com")
    made = ask_for_export(today, today, by=staff)
    pdf_of(Document.objects.earliest("counter"))  # warms
    before, began = _peak(), time.perf_counter()
    while not made.file:
        Export.objects.filter(pk=made.pk).update(next_attempt_at=timezone.now())
        make_export(Export.objects.get(pk=made.pk))
        made.refresh_from_db()
        if made.error:
            raise SystemExit(made.error)
    took = time.perf_counter() - began
    yield {"ms": took * 1e3 / made.total, "mib": _peak(), "grown": _peak() - before}


def _paid() -> Order:
    cart = Cart(SessionStore())
    for product in Product.objects.all()[:2]:
        cart.add(product.variants.all()[0], 1)
    token, address = os.urandom(6).hex(), ".".join(str(part) for part in os.urandom(4))
    order = place_order(cart, Buyer(f"{token}@example.com", "EG", client_address=address))
    payment = start_payment(order, "demo")
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    return Order.objects.get(pk=order.pk)


def _issued(order: Order) -> Document:
    keep_books_of(order.pk)
    return order.documents.get()


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    part, number = sys.argv[1], int(sys.argv[2])
    for row in {"print": print_, "export": export}[part](number):
        print(json.dumps(row), flush=True)
