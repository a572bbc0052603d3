"""What staff asks for a product, on its page: read back as written, and refused with a reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import BundleItem, Price, PriceChange, PriceTier, Product, Variant
from tests.catalog.test_admin import ADD, errors, form
from tests.factories import make_bundle, make_product, make_user

pytestmark = pytest.mark.django_db
TOMORROW = timezone.now() + timedelta(days=1)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def variant_form(**fields: str) -> dict[str, Any]:
    given = {"amount": "20.00", "is_active": "on", "position": "0"} | fields
    return form(
        status="published",
        variants__TOTAL_FORMS="1",
        **{f"variants__0__{name}": value for name, value in given.items()},
    )


def moment(name: str, time: Any) -> dict[str, str]:
    return {f"{name}_0": f"{time:%Y-%m-%d}", f"{name}_1": f"{time:%H:%M:%S}"}


def sent_again(client: Client, product: Product) -> dict[str, Any]:
    """All that stands on the product's page, as a browser sends it back."""
    page = client.get(f"/admin/catalog/product/{product.pk}/change/")
    forms = [page.context["adminform"].form]
    for formset in page.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    data: dict[str, Any] = {}
    for field in (field for each in forms for field in each):
        value = field.value()
        if hasattr(value, "strftime"):
            data |= moment(field.html_name, value)
        elif value is not None and value is not False:
            data[field.html_name] = "on" if value is True else value
    return {name: value for name, value in data.items() if not name.endswith(("upload", "sample"))}


def test_a_sale_suggestions_and_quantity_prices_are_kept_as_written(staff: Client) -> None:
    data = variant_form(
        other_prices="EUR 18.00",
        sale="۱۵٫۰۰\nEUR 14.00",
        tiers="5: 12.00\n۱۰: ۱۰٫۰۰\nEUR 5 = 11.00",
        **moment("sale_ends_at", TOMORROW),
    )

    assert errors(staff.post(ADD, data)) == []

    prices = {price.currency: price for price in Price.objects.all()}
    assert (prices["USD"].sale_amount, prices["EUR"].sale_amount) == (1500, 1400)
    assert prices["USD"].sale_ends_at == TOMORROW.replace(microsecond=0)
    tiers = PriceTier.objects.values_list("price__currency", "from_quantity", "amount")
    assert sorted(tiers) == [("EUR", 5, 1100), ("USD", 5, 1200), ("USD", 10, 1000)]

    product, before = Product.objects.get(), list(Price.objects.values())
    again = sent_again(staff, product)
    assert again["variants-0-sale"] == "15.00\nEUR 14.00"
    assert again["variants-0-tiers"] == "5: 12.00\n10: 10.00\nEUR 5: 11.00"
    again["variants-0-title_en"] = "One"
    assert errors(staff.post(f"/admin/catalog/product/{product.pk}/change/", again)) == []
    assert list(Price.objects.values()) == before
    assert PriceChange.objects.count() == 2


def test_buyers_may_name_the_price_from_nothing_on(staff: Client) -> None:
    data = variant_form(amount="0", is_pay_what_you_want="on", suggested="5.00")

    assert errors(staff.post(ADD, data)) == []

    assert Variant.objects.get().is_pay_what_you_want
    assert (Price.objects.get().amount, Price.objects.get().suggested_amount) == (0, 500)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sale": "20.00"}, "A sale price lies below the price."),
        ({"sale": "EUR 5"}, "There is no price in EUR."),
        ({"sale": "5\n6"}, "USD stands here twice."),
        ({"sale": "cheap"}, "The currency CHEAP is not known here."),
        ({"sale": "5.001"}, "Amounts in USD have at most 2 decimals."),
        (moment("sale_ends_at", TOMORROW), "Say what it costs in these days, or leave the days empty."),
        ({"sale": "5", **moment("sale_ends_at", timezone.now())}, "A sale ends after it has begun."),
        (
            {"sale": "5", **moment("sale_starts_at", TOMORROW), **moment("sale_ends_at", TOMORROW)},
            "A sale ends after it has begun.",
        ),
        ({"sale": "5", "is_pay_what_you_want": "on"}, "no sale: lower the price itself."),
        ({"suggested": "30"}, "Only where buyers name the price can something be suggested."),
        ({"suggested": "10", "is_pay_what_you_want": "on"}, "lie below the least you take."),
        ({"tiers": "5: 12", "is_pay_what_you_want": "on"}, "there are no quantity prices."),
        ({"tiers": "5: 20.00"}, "The larger the number, the lower the price of each"),
        ({"tiers": "5: 12\n10: 13"}, "The larger the number, the lower the price of each"),
        ({"tiers": "5: 12\n5: 11"}, "5 stands here twice."),
        ({"tiers": "1: 12"}, "Write a number from 2 to 99"),
        ({"tiers": "five: 12"}, "Write a number from 2 to 99"),
        ({"tiers": "200: 12"}, "Write a number from 2 to 99"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(staff: Client, fields: dict[str, str], said: str) -> None:
    answer = staff.post(ADD, variant_form(**fields))

    assert any(said in error for error in errors(answer)), errors(answer)
    assert not Product.objects.exists()


def test_a_sale_that_is_over_keeps_nobody_from_saving(staff: Client) -> None:
    product = make_product(2000)
    over = {"sale_starts_at": timezone.now() - timedelta(days=2), "sale_ends_at": timezone.now()}
    Price.objects.update(sale_amount=1000, **over)
    data = sent_again(staff, product) | {"variants-0-amount": "25.00"}

    assert errors(staff.post(f"/admin/catalog/product/{product.pk}/change/", data)) == []
    assert (Price.objects.get().amount, Price.objects.get().sale_amount) == (2500, None)


# --- Bundles -------------------------------------------------------------------------------------


def bundle_form(*members: Variant, **fields: str) -> dict[str, Any]:
    items = {f"bundle_items__{at}__member": str(member.pk) for at, member in enumerate(members)}
    items |= {f"bundle_items__{at}__position": str(at) for at in range(len(members))}
    return form(bundle_items__TOTAL_FORMS=str(len(members)), **{"kind": "bundle"} | fields | items)


def test_a_bundle_is_filled_on_its_page(staff: Client) -> None:
    members = [make_product().variants.get() for _each in range(2)]

    assert errors(staff.post(ADD, bundle_form(*members))) == []

    assert [item.member for item in BundleItem.objects.all()] == members


def test_a_bundle_holds_neither_bundles_nor_itself_and_only_bundles_hold(staff: Client) -> None:
    inner = make_bundle(make_product())
    answer = staff.post(ADD, bundle_form(inner.variants.get()))
    assert "A bundle can&#x27;t hold another bundle. Choose what is in it." in errors(answer)

    other = make_product()
    answer = staff.post(ADD, bundle_form(other.variants.get(), kind="ebook"))
    assert "Only a bundle brings other products." in answer.content.decode()

    data = sent_again(staff, inner) | {"bundle_items-0-member": str(inner.variants.get().pk)}
    answer = staff.post(f"/admin/catalog/product/{inner.pk}/change/", data)
    assert "A bundle can&#x27;t hold itself." in errors(answer)
    assert BundleItem.objects.count() == 1


def test_what_is_in_a_bundle_can_not_become_one(staff: Client) -> None:
    book = make_product()
    make_bundle(book, title_en="Both")

    data = sent_again(staff, book) | {"kind": "bundle"}
    answer = staff.post(f"/admin/catalog/product/{book.pk}/change/", data)

    assert any("This is in the bundle Both" in error for error in errors(answer))
    book.refresh_from_db()
    assert book.kind == "ebook"


def test_the_history_of_prices_can_only_be_read(staff: Client) -> None:
    make_product(1900, title_en="A book")

    page = staff.get("/admin/catalog/pricechange/")

    assert "A book" in page.content.decode()
    assert staff.get("/admin/catalog/pricechange/add/").status_code == 403
    pk = PriceChange.objects.get().pk
    assert staff.post(f"/admin/catalog/pricechange/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_copy_has_the_same_prices_and_the_same_in_it(staff: Client) -> None:
    bundle = make_bundle(make_product(), make_product())
    PriceTier.objects.create(price=Price.objects.get(variant__product=bundle), from_quantity=5, amount=1500)

    keys = {"action": "make_copies", "_selected_action": [bundle.pk]}
    staff.post("/admin/catalog/product/", keys, follow=True)

    copy = Product.objects.latest("pk")
    assert [item.member_id for item in copy.bundle_items.all()] == [
        item.member_id for item in bundle.bundle_items.all()
    ]
    assert PriceTier.objects.get(price__variant__product=copy).amount == 1500
