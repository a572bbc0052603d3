from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import HistoryIsKept
from catalog.models import Price, PriceChange, PriceTier, Product, Variant
from catalog.new_price import NewPrice
from catalog.price_tag import PriceTag, Tier
from catalog.tasks import note_sales
from tests.factories import make_product, make_sale, make_variant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def price_of(product: Product) -> Price:
    return Price.objects.get(variant__product=product)


def aged(product: Product, days: int) -> Product:
    """As if the product had been on sale, at the price of now, for so many days."""
    since = timezone.now() - days * DAY
    Product.objects.filter(pk=product.pk).update(published_at=since)
    PriceChange._base_manager.filter(variant__product=product)._raw_delete("default")
    price = price_of(product)
    PriceChange.objects.create(variant=price.variant, currency="USD", amount=price.amount, asked_from=since)
    return Product.objects.get(pk=product.pk)


def shelf_tag(product: Product) -> PriceTag:
    tag = Product.objects.for_shelf().get(pk=product.pk).lowest_price
    assert tag
    return tag


# --- A sale --------------------------------------------------------------------------------------


def test_a_sale_begins_now_and_names_the_lowest_price_before_it() -> None:
    product = aged(make_product(1900), 40)

    price = make_sale(product, 1200)

    tag = price.tag_at(timezone.now())
    assert (tag.amount, tag.list_amount, tag.lowest_before, tag.was) == (1200, 1900, 1900, 1900)
    assert price.sale_starts_at is not None
    assert price.tag_at(price.sale_starts_at - timedelta(microseconds=1)).amount == 1900


def test_an_earlier_sale_of_the_last_30_days_is_the_lowest_price() -> None:
    product = aged(make_product(1900), 90)
    price, now = price_of(product), timezone.now()
    earlier = {"sale_amount": 1000, "sale_starts_at": now - 29 * DAY, "sale_ends_at": now - 28 * DAY}
    PriceChange.objects.create(
        variant=price.variant, currency="USD", amount=1900, asked_from=now - 29 * DAY, **earlier
    )

    tag = make_sale(product, 1200).tag_at(timezone.now())
    assert (tag.lowest_before, tag.was) == (1000, None)

    later = make_sale(product, 1200, sale_starts_at=now + 5 * DAY)
    assert later.lowest_before == 1200  # that of the sale which is on until then, not of the one long ago


def test_who_was_never_asked_the_price_is_not_told_that_it_fell() -> None:
    product = make_product(None)
    product.variants.get().set_prices({"USD": NewPrice(1900, sale_amount=1200)})

    tag = price_of(product).tag_at(timezone.now())
    assert tag.is_sale
    assert tag.is_introductory
    assert tag.was is None


def test_a_draft_asks_nobody_and_publishing_counts_again() -> None:
    product = make_product(1900, status="draft", published_at=None)
    make_sale(product, 1200, sale_starts_at=timezone.now() + 2 * DAY)
    assert price_of(product).lowest_before is None

    product.publish()

    assert price_of(product).lowest_before == 1900


def test_a_sale_can_not_be_told_to_have_begun_before_it_did() -> None:
    product = aged(make_product(1900), 40)
    begun = timezone.now()
    first = make_sale(product, 1200, sale_starts_at=begun - 20 * DAY)
    assert first.sale_starts_at is not None
    assert first.sale_starts_at >= begun

    again = make_sale(product, 1100, sale_starts_at=begun - 20 * DAY)

    assert again.sale_starts_at == first.sale_starts_at  # it goes on, lowered
    assert again.lowest_before == 1900


def test_a_sale_that_is_over_goes_by_itself_when_the_price_is_saved() -> None:
    product = make_product(1900)
    ended = {
        "sale_amount": 5,
        "sale_starts_at": timezone.now() - 2 * DAY,
        "sale_ends_at": timezone.now() - DAY,
    }
    Price.objects.filter(variant__product=product).update(**ended)

    price = price_of(product)
    price.amount = 2000
    price.save()

    price.refresh_from_db()
    assert (price.amount, price.sale_amount, price.sale_starts_at, price.sale_ends_at) == (
        2000,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "terms",
    [
        {"sale_amount": 1900},
        {"sale_amount": 2000},
        {"sale_starts_at": None},
        {"sale_ends_at": datetime(2020, 1, 1, tzinfo=timezone.get_fixed_timezone(0))},
        {"suggested_amount": 1899},
    ],
)
def test_the_database_refuses_what_makes_no_sense(terms: dict[str, Any]) -> None:
    price = make_sale(make_product(1900), 1200)

    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.filter(pk=price.pk).update(**terms)


times = st.integers(-3, 3).map(lambda hours: timedelta(hours=hours))


@settings(max_examples=60)
@given(
    st.integers(1, 5),
    st.none() | st.integers(0, 4),
    times,
    st.none() | times,
    st.booleans(),
    times,
)
def test_the_database_and_python_say_the_same_of_a_price(  # noqa: PLR0913
    amount: int, sale: int | None, start: timedelta, length: timedelta | None, is_open: bool, when: timedelta
) -> None:
    now = timezone.now()
    Product.objects.all().delete()
    product = make_product(amount, files=0)
    product.variants.update(is_pay_what_you_want=is_open)
    if sale is not None and sale < amount and (length is None or length > timedelta(0)):
        end = None if length is None else now + start + length
        Price.objects.update(sale_amount=sale, sale_starts_at=now + start, sale_ends_at=end, lowest_before=3)

    row = Price.objects.select_related("variant").asked(now + when).get()
    tag = row.tag_at(now + when)

    assert (tag.amount, tag.sale_ends_at, tag.lowest_before) == (row.asked, row.ends_at, row.before)  # type: ignore[attr-defined]
    if when == timedelta(0):
        shown = shelf_tag(product)
        assert (shown.amount, shown.list_amount, shown.is_minimum) == (tag.amount, amount, is_open)


# --- History -------------------------------------------------------------------------------------


def test_the_history_begins_with_the_price_and_holds_what_changed() -> None:
    product = make_product(1000)
    price = price_of(product)
    price.save()
    price.amount = 900
    price.save()
    price.delete()
    Price.objects.create(variant=product.variants.get(), currency="USD", amount=1100)

    amounts = [change.amount for change in PriceChange.objects.of(product.variants.get().pk, "USD")]
    assert amounts == [1000, 900, None, 1100]


def test_nobody_changes_the_history() -> None:
    make_product(1000)
    change = PriceChange.objects.get()

    for attempt in (change.save, change.delete, PriceChange.objects.all().delete):
        with pytest.raises(HistoryIsKept):
            attempt()
    with pytest.raises(HistoryIsKept):
        PriceChange.objects.update(amount=1)

    assert PriceChange.objects.get().amount == 1000


# --- All that is asked ---------------------------------------------------------------------------


def test_prices_are_set_as_a_whole_and_again_the_same() -> None:
    variant = make_product(1000).variants.get()
    wanted = {
        "EUR": NewPrice(900, tiers=(Tier(5, 800), Tier(10, 700))),
        "USD": NewPrice(1000, sale_amount=500),
    }
    for _each in range(2):
        variant.set_prices(wanted)

    prices = {price.currency: price for price in variant.prices.with_tiers()}
    assert prices["EUR"].tag_at(timezone.now()).tiers == (Tier(5, 800), Tier(10, 700))
    assert prices["USD"].sale_amount == 500
    assert PriceChange.objects.filter(variant=variant).count() == 3

    variant.set_prices({"EUR": NewPrice(900, tiers=(Tier(10, 600),))})
    assert list(PriceTier.objects.values_list("from_quantity", "amount")) == [(10, 600)]
    assert list(variant.prices.values_list("currency", flat=True)) == ["EUR"]


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(2, 99), st.integers(0, 10**6)), max_size=5))
def test_a_larger_number_never_costs_more_each(amount: int, tiers: list[tuple[int, int]]) -> None:
    tag = PriceTag(amount, "USD", amount, tiers=tuple(Tier(*tier) for tier in tiers))
    each = [tag.for_quantity(quantity) for quantity in range(1, 100)]

    assert each == sorted(each, reverse=True)
    assert each[0] == amount


# --- The order by price --------------------------------------------------------------------------


def test_the_order_by_price_follows_sales_as_they_begin_and_end(django_assert_num_queries: Any) -> None:
    cheap, dear = make_product(1000), make_product(1900)
    make_variant(dear, 5000)
    make_sale(dear, 500, sale_starts_at=timezone.now() + DAY, sale_ends_at=timezone.now() + 2 * DAY)
    assert list(Product.objects.order_by("sorting_amount")) == [cheap, dear]

    Price.objects.filter(sale_amount=500).update(sale_starts_at=timezone.now() - DAY)
    note_sales()
    assert list(Product.objects.order_by("sorting_amount")) == [dear, cheap]

    Price.objects.filter(sale_amount=500).update(sale_ends_at=timezone.now())
    note_sales()
    assert dict(Product.objects.values_list("pk", "sorting_amount")) == {cheap.pk: 1000, dear.pk: 1900}
    with django_assert_num_queries(1):
        note_sales()


def test_the_cheapest_edition_now_is_on_the_shelf() -> None:
    product = make_product(1000)
    team = make_variant(product, 3000, title_en="Team")
    Price.objects.filter(variant=team).update(sale_amount=900, sale_starts_at=timezone.now() - DAY)

    assert (shelf_tag(product).amount, shelf_tag(product).list_amount) == (900, 3000)
    Variant.objects.filter(pk=team.pk).update(is_pay_what_you_want=True)  # such have no sales
    assert shelf_tag(product).amount == 1000
