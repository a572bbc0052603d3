"""Rows for tests, made as the shop makes them: an order is placed by place_order, paid by settle_payment."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Referral
from affiliates.visits import Visit, sign
from catalog.models import BundleItem, Price, Product, ProductFile, Release, Variant
from checkout import reactions
from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.models import Coupon, DemoCharge, Offer, Order, Payment, Refund, TaxRate
from checkout.models.coupon import LISTS
from checkout.payments import start_payment, sync_payment
from checkout.placing import place_order
from checkout.providers import demo
from checkout.refunds import request_refund
from delivery.models import License, LicensePlan
from storefront.models import Shop
from storefront.shop import new_shop, save_shop

_numbers = count(1)


def make_user(email: str = "", **fields: Any) -> User:
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", **fields)


def make_shop(**fields: Any) -> Shop:
    """The shop's settings as staff has saved them."""
    row = new_shop()
    for name, value in fields.items():
        setattr(row, name, value)
    save_shop(row)
    return row


def make_rate(country: str, bps: int, **fields: Any) -> TaxRate:
    """A tax rate that has begun long ago, in basis points."""
    begun = {"valid_from": timezone.now() - timedelta(days=3650)}
    return TaxRate.objects.create(country=country, rate_bps=bps, **(begun | fields))


def make_product(amount: int | None = 1200, *, files: int = 1, **fields: Any) -> Product:
    """A product on sale with one variant at this price in the shop's currency, and this many small files."""
    number = next(_numbers)
    defaults = {
        "title_en": f"Book {number}",
        "slug": f"book-{number}",
        "status": Product.Status.PUBLISHED,
        "published_at": timezone.now(),
    }
    product = Product.objects.create(**(defaults | fields))
    make_variant(product, amount)
    for _each in range(files):
        make_file(product)
    return product


def make_variant(product: Product, amount: int | None = 1200, **fields: Any) -> Variant:
    variant = Variant.objects.create(product=product, **fields)
    if amount is not None:
        Price.objects.create(variant=variant, currency=settings.CURRENCY, amount=amount)
    return variant


def make_sale(product: Product, sale_amount: int, **terms: Any) -> Price:
    """A sale of the product's first variant that begins now, unless said otherwise."""
    price = Price.objects.get(variant=product.variants.all()[0], currency=settings.CURRENCY)
    price.sale_amount = sale_amount
    for name, value in terms.items():
        setattr(price, name, value)
    price.save()
    return price


def make_open_price(least: int = 500, suggested: int | None = None, **fields: Any) -> Product:
    """A product whose buyers name the price."""
    product = make_product(least, **fields)
    product.variants.update(is_pay_what_you_want=True)
    Price.objects.filter(variant__product=product).update(suggested_amount=suggested)
    return product


def make_bundle(*members: Product, amount: int = 2000, **fields: Any) -> Product:
    """A bundle, without files of its own, that brings the first variant of each product."""
    bundle = make_product(amount, files=0, kind=Product.Kind.BUNDLE, **fields)
    for position, product in enumerate(members):
        BundleItem.objects.create(bundle=bundle, member=product.variants.all()[0], position=position)
    return bundle


def make_file(
    product: Product, content: bytes = b"%PDF-1.7 a book", filename: str = "book.pdf"
) -> ProductFile:
    return ProductFile.objects.create(
        product=product,
        file=ContentFile(content, name="stored.bin"),
        filename=filename,
        size=len(content),
        sha256="0" * 64,
        content_type="application/pdf",
    )


def make_release(
    product: Product, version: str = "1.1.0", content: bytes = b"PK a zip", **fields: Any
) -> Release:
    """A published release with one zip."""
    defaults = {"published_at": timezone.now(), "changelog_en": f"- What {version} brings"}
    release = Release.objects.create(product=product, version=version, **(defaults | fields))
    file = make_file(product, content, f"plugin-{version}.zip")
    file.release, file.sha256 = release, hashlib.sha256(content).hexdigest()
    file.save()
    return release


def make_plan(product: Product | None = None, **fields: Any) -> LicensePlan:
    return LicensePlan.objects.create(product=product or make_product(), **fields)


def make_license(**plan: Any) -> License:
    """A licence as a buyer has it: of a paid order, by a plan with these settings."""
    order = paid_order(make_plan(**plan).product)
    handle_events_of(order)
    return License.objects.get(line__order=order)


def make_cart(*products: Product, coupons: Iterable[Coupon] = ()) -> Cart:
    """A cart that holds the first variant of each product, once."""
    cart = Cart(SessionStore())
    for product in products or [make_product()]:
        cart.add(product.variants.all()[0], 1)
    for coupon in coupons:
        cart.add_coupon(coupon.code_folded)
    return cart


def make_coupon(code: str = "", **fields: Any) -> Coupon:
    """A coupon for 10% of everything, unless its fields, lists of products among them, say otherwise."""
    chosen = {name: fields.pop(name) for name in LISTS if name in fields}
    if "amounts" in fields:
        fields |= {"kind": Coupon.Kind.FIXED}
    fields = {"rate_bps": 1000, "is_for_all": not {"products", "categories"} & chosen.keys()} | fields
    coupon = Coupon.objects.create(code=code or f"CODE{next(_numbers)}", **fields)
    for name, rows in chosen.items():
        getattr(coupon, name).set(rows)
    return coupon


def make_offer(
    kind: str, variant: Variant | Product, *products: Product, amount: int | None = None, **fields: Any
) -> Offer:
    """An offer of a variant, or of a product's first, because of these products, at this price each."""
    if isinstance(variant, Product):
        variant = variant.variants.all()[0]
    offer = Offer.objects.create(kind=kind, variant=variant, **fields)
    offer.products.set(products)
    if amount is not None:
        offer.prices.create(currency=settings.CURRENCY, amount=amount)
    return offer


def make_buyer(email: str = "buyer@example.com", **fields: Any) -> Buyer:
    return Buyer(**({"email": email, "country": "JO", "language": "en"} | fields))


def pending_order(*products: Product, coupons: Iterable[Coupon] = (), **buyer: Any) -> Order:
    return place_order(make_cart(*products, coupons=coupons), make_buyer(**buyer))


def started_payment(order: Order | None = None, provider: str = "demo") -> Payment:
    return start_payment(order or pending_order(), provider)


def paid_order(*products: Product, coupons: Iterable[Coupon] = (), **buyer: Any) -> Order:
    """An order paid at the demo provider. Its reactions run after commit."""
    return pay(pending_order(*products, coupons=coupons, **buyer))


def give_back(order: Order, amount: int | None = None, **options: Any) -> Refund:
    """Money that went back by hand: all of the order's, or so much. Its reactions run after commit."""
    reason, source = Refund.Reason.OTHER, Refund.Source.MANUAL
    return request_refund(
        order.payments.get(), amount or order.total, reason=reason, source=source, **options
    )


def handle_events_of(order: Order) -> None:
    """Run what follows from the order's events, as a worker would."""
    for event in order.events.filter(handled_at=None):
        reactions.react(event)


def make_affiliate(code: str = "", **fields: Any) -> Affiliate:
    """An active affiliate who is paid by hand."""
    number = next(_numbers)
    defaults = {
        "user": fields.pop("user", None) or make_user(),
        "name": f"Site {number}",
        "code": code or f"site-{number}",
        "language": "en",
        "status": Affiliate.Status.ACTIVE,
        "method": Affiliate.Method.MANUAL,
        "payout_note": "Cash, at the fair",
    }
    return Affiliate.objects.create(**(defaults | fields))


def referred_order(
    affiliate: Affiliate, *products: Product, visit: Visit | None = None, **buyer: Any
) -> Order:
    """A paid order whose buyer came by the affiliate's link; what follows from that is done."""
    cart = make_cart(*products)
    came_by = visit or Visit.now(affiliate.pk, Referral.Way.LINK, path="/products/book/")
    cart._session["referral"] = sign(came_by)
    buyer = {"email": f"buyer{next(_numbers)}@example.com"} | buyer
    order = pay(place_order(cart, make_buyer(**buyer)))
    handle_events_of(order)
    return order


def pay(order: Order) -> Order:
    """Pay an order at the demo provider. Its reactions run after commit."""
    payment = started_payment(order)
    demo.decide(DemoCharge.objects.get(key=payment.key), "pay")
    sync_payment(payment)
    payment.order.refresh_from_db()
    return payment.order
