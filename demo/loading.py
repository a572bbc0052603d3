"""Fills an empty shop with the demo's products and the people who sign in to it."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.files import store_file
from catalog.models import (
    BundleItem,
    Category,
    Faq,
    PriceChange,
    Product,
    ProductFile,
    ProductImage,
    Release,
    Variant,
)
from catalog.new_price import NewPrice
from catalog.pictures import store_picture
from catalog.price_tag import Tier
from delivery.codes import load_codes
from delivery.models import LicensePlan
from demo.affiliates import load_affiliates
from demo.coupons import load_coupons
from demo.house import load_house
from demo.offers import load_offers
from demo.shop import (
    BUILT,
    ShopFile,
    ShopProduct,
    ShopRelease,
    ShopVariant,
    Words,
    shop_categories,
    shop_products,
)
from storefront.errors import StorefrontError


@dataclass(frozen=True)
class SignIn:
    role: str
    name: str
    email: str
    password: str


SIGN_INS = (
    SignIn("seller", "Samira", "seller@example.com", "demo-seller"),
    SignIn("buyer", "Bahram", "buyer@example.com", "demo-buyer"),
    SignIn("affiliate", "Amal", "affiliate@example.com", "demo-affiliate"),
)


class NotADemo(StorefrontError):
    """The demo's passwords are known to everybody, so a real shop must never have them."""


def load_demo() -> int:
    """Load what is missing, and give the number of products added.

    Products go only into a shop that has none, all of them or, when anything fails, none; whatever was edited
    or deleted since stays so. Raises NotADemo, having written nothing, unless DEMO is on.
    """
    if not settings.DEMO:
        raise NotADemo(_("The demo shop is loaded only where DEMO is on."))
    with transaction.atomic():
        for sign_in in SIGN_INS:
            _load_user(sign_in)
        if Product.objects.exists():
            return 0
        load_house()
        categories = _load_categories()
        products = shop_products()
        loaded = {product.name: _load_product(product, categories) for product in products}
        for product in products:
            _load_bundle(loaded[product.name], [loaded[name] for name in product.brings])
        load_coupons()
        load_affiliates()
        load_offers()
        return len(products)


def _load_user(sign_in: SignIn) -> None:
    if User.objects.filter(email=sign_in.email).exists():
        return
    create = User.objects.create_superuser if sign_in.role == "seller" else User.objects.create_user
    user = create(sign_in.email, sign_in.password, name=sign_in.name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def _load_categories() -> dict[str, Category]:
    return {
        category.slug: Category.objects.get_or_create(
            slug=category.slug,
            defaults={
                **_in_all("title", category.title),
                **_in_all("description", category.description),
                "position": category.position,
            },
        )[0]
        for category in shop_categories()
    }


def _load_bundle(bundle: Product, brings: list[Product]) -> None:
    for position, product in enumerate(brings):
        member = product.variants.all()[0]
        BundleItem.objects.create(bundle=bundle, member=member, position=position)


def _load_product(data: ShopProduct, categories: dict[str, Category]) -> Product:
    product = Product(
        kind=data.kind,
        slug=data.slug,
        content_language=data.content_language,
        is_featured=data.is_featured,
        is_cover_drawn=True,
        keeps_old_releases=bool(data.releases),
        **_in_all("title", data.title),
        **_in_all("author", data.author),
        **_in_all("tagline", data.tagline),
        **_in_all("description", data.description),
        **_in_all("license_summary", data.license_summary),
        **_in_all("requirements", data.requirements),
    )
    if data.days_on_sale is not None:
        product.status = Product.Status.PUBLISHED
        product.published_at = timezone.now() - timedelta(days=data.days_on_sale)
    with (BUILT / "pictures" / data.cover_path).open("rb") as cover:
        product.cover = store_picture(File(cover))
    if data.sample:
        with (BUILT / "files" / data.sample).open("rb") as sample:
            product.sample.save(data.sample, File(sample), save=False)
    product.save()
    product.categories.set([categories[slug] for slug in data.categories])
    _load_parts(product, data)
    return product


def _load_parts(product: Product, data: ShopProduct) -> None:
    variants = []
    for position, entry in enumerate(data.variants):
        variant = _load_variant(product, entry, position)
        _load_plan(variant, entry)
        variants.append(variant)
    releases = {entry.version: _load_release(product, entry) for entry in data.releases}
    for position, file in enumerate(data.files):
        loaded = _load_file(product, file, position, [variants[index] for index in file.variants])
        loaded.release = releases.get(file.release)
        loaded.save()
    for position, faq in enumerate(data.faqs):
        words = {**_in_all("question", faq.question), **_in_all("answer", faq.answer)}
        Faq.objects.create(product=product, position=position, **words)
    for position, shown in enumerate(data.pictures):
        with (BUILT / "pictures" / shown.path).open("rb") as picture:
            stored = store_picture(File(picture))
        alt = _in_all("alt", shown.alt)
        ProductImage.objects.create(product=product, picture=stored, position=position, **alt)


def _load_variant(product: Product, data: ShopVariant, position: int) -> Variant:
    """With the history of its prices, so that a sale tells what was asked before it."""
    variant = Variant.objects.create(
        product=product,
        position=position,
        is_pay_what_you_want=bool(data.suggested),
        **_in_all("title", data.title),
    )
    since = product.published_at or timezone.now()
    for currency, amount in data.prices.items():
        PriceChange.objects.create(variant=variant, currency=currency, amount=amount, asked_from=since)
    variant.set_prices({currency: _price(data, currency) for currency in data.prices})
    return variant


def _price(data: ShopVariant, currency: str) -> NewPrice:
    tiers = zip(data.tiers.get("from", []), data.tiers.get(currency, []), strict=True)
    return NewPrice(
        data.prices[currency],
        sale_amount=data.sale.get(currency),
        sale_ends_at=timezone.now() + timedelta(hours=data.sale["hours"]) if data.sale else None,
        suggested_amount=data.suggested.get(currency),
        tiers=tuple(Tier(*tier) for tier in tiers),
    )


def _load_plan(variant: Variant, data: ShopVariant) -> None:
    plan = LicensePlan(product=variant.product, variant=variant)
    if data.license:
        plan.activation_limit, plan.valid_days = data.license["sites"], data.license.get("days")
        plan.save()
    if data.codes:
        plan.source, plan.low_stock = LicensePlan.Source.CODES, 3
        plan.save()
        load_codes(plan, "\n".join(data.codes).encode())


def _load_release(product: Product, data: ShopRelease) -> Release:
    return Release.objects.create(
        product=product,
        version=data.version,
        requirements=data.requirements,
        published_at=timezone.now() - timedelta(days=data.days_ago),
        **_in_all("changelog", data.changelog),
    )


def _load_file(product: Product, data: ShopFile, position: int, variants: list[Variant]) -> ProductFile:
    with (BUILT / "files" / data.path).open("rb") as content:
        stored = store_file(product, File(content), filename=data.filename, position=position)
    for name, text in _in_all("title", data.title).items():
        setattr(stored, name, text)
    stored.save()
    stored.variants.set(variants)
    return stored


def _in_all(field: str, words: Words) -> dict[str, str]:
    """The field's columns, one for each language."""
    return {f"{field}_{language}": text for language, text in words.items()}
