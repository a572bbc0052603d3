from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from catalog.models import Price, PriceTier, Variant
from catalog.price_tag import PriceTag, Tier
from checkout.bundles import Content, owned_part
from checkout.cart import Cart, CartLine
from checkout.errors import AmountRefused, PriceChanged
from checkout.line_offers import completions, lower_prices
from checkout.models import OrderLine
from checkout.placing import place_order
from checkout.pricing import Item, Totals, price
from checkout.quoting import Quote, quote_cart
from tests.factories import (
    make_buyer,
    make_cart,
    make_open_price,
    make_product,
    make_sale,
)

EVERYTHING = Variant()  # what the pure part never looks at


# --- Pure: any prices, any bundles ---------------------------------------------------------------


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[CartLine], dict[int, list[Content]], int]:
    """Lines with sales and tiers in steps of a currency, some of them bundles of which something is owned."""
    step = draw(st.sampled_from([1, 10]))
    amounts = st.integers(0, 10**6).map(lambda amount: amount * step)
    lines, contents = [], {}
    for place in range(draw(st.integers(1, 4))):
        amount, sale = sorted((draw(amounts), draw(amounts)), reverse=True)
        tiers = draw(st.lists(st.builds(Tier, st.integers(2, 99), amounts), max_size=3))
        tag = PriceTag(sale, "KWD", amount, tiers=tuple(tiers), is_minimum=draw(st.booleans()))
        lines.append(CartLine(EVERYTHING, draw(st.integers(1, 99)), amount, "", tag))
        contents[place] = draw(
            st.lists(st.builds(Content, st.integers(), amounts, st.booleans()), max_size=5)
        )
    return lines, {place: own for place, own in contents.items() if own}, step


def priced(lines: Sequence[CartLine], contents: dict[int, list[Content]], step: int) -> Totals:
    discounts = [*lower_prices(lines), *completions(lines, contents, step)]
    return price([Item(line.quantity, line.unit_amount) for line in lines], discounts, step=step)


@given(carts())
def test_each_line_costs_what_its_tag_says_less_what_is_owned_of_one_bundle(
    cart: tuple[list[CartLine], dict[int, list[Content]], int],
) -> None:
    lines, contents, step = cart

    for place, (line, total) in enumerate(zip(lines, priced(*cart).lines, strict=True)):
        tag = line.tag
        assert tag
        each = line.unit_amount if tag.is_minimum else tag.for_quantity(line.quantity)
        assert total.amount == line.quantity * each - owned_part(each, contents.get(place, []), step)
        assert 0 <= total.amount <= total.item.list_amount
        assert total.amount % step == 0


@given(carts(), st.integers(1, 99))
def test_more_of_it_never_costs_more_each(
    cart: tuple[list[CartLine], dict[int, list[Content]], int], more: int
) -> None:
    lines, _contents, step = cart
    larger = [replace(line, quantity=line.quantity + more) for line in lines]

    for one, other in zip(priced(lines, {}, step).lines, priced(larger, {}, step).lines, strict=True):
        assert other.amount * one.item.quantity <= one.amount * other.item.quantity


@given(
    st.integers(0, 10**7),
    st.lists(st.tuples(st.integers(0, 10**5), st.booleans()), min_size=1, max_size=8),
    st.sampled_from([1, 10]),
)
def test_whoever_has_a_part_of_a_bundle_and_whoever_has_the_rest_pay_for_it_together(
    amount: int, parts: list[tuple[int, bool]], step: int
) -> None:
    amount *= step
    contents = [Content(0, each * step, is_owned) for each, is_owned in parts]
    others = [replace(content, is_owned=not content.is_owned) for content in contents]
    mine, theirs = owned_part(amount, contents, step), owned_part(amount, others, step)

    assert 0 <= mine <= amount
    if len({is_owned for _each, is_owned in parts}) == 2:
        assert mine + theirs == amount
    else:
        assert mine == theirs == 0


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**5), min_size=3, max_size=8), st.data())
def test_whoever_has_more_of_it_pays_no_more(amount: int, amounts: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(amounts) - 2))
    off = [
        owned_part(amount, [Content(0, each, place < owned) for place, each in enumerate(amounts)])
        for owned in (count, count + 1)
    ]

    assert off[0] <= off[1]


def test_the_parts_of_a_bundle_cost_by_what_they_cost_alone() -> None:
    contents = [Content(1, 1900, True), Content(2, 2400, True), Content(3, 1700)]

    assert owned_part(3900, contents) == 2795
    assert owned_part(0, contents) == 0


# --- In the cart ---------------------------------------------------------------------------------


def quoted(cart: Cart, user: User | None = None) -> Quote:
    return quote_cart(Cart(cart._session), make_buyer(user=user))


def reasons(quote: Quote) -> list[tuple[str, str, int]]:
    return [(part.reason, part.label, part.amount) for part in quote.totals.parts]


def words(client: Client, address: str = "/cart/") -> str:
    return client.get(address).content.decode()


@pytest.mark.django_db
def test_a_sale_and_a_number_are_told_apart() -> None:
    product = make_product(2000)
    PriceTier.objects.create(price=make_sale(product, 1500), from_quantity=3, amount=1200)
    cart = make_cart(product)
    assert (quoted(cart).total, reasons(quoted(cart))) == (1500, [("sale", "", 500)])

    cart.change(product.variants.get().pk, 3)

    assert (quoted(cart).total, quoted(cart).lines[0].unit_amount) == (3600, 2000)
    assert reasons(quoted(cart)) == [("sale", "", 1500), ("quantity", "", 900)]


@pytest.mark.django_db
def test_an_order_keeps_the_sale_and_the_one_after_it_costs_the_list_price() -> None:
    product = make_product(2000)
    make_sale(product, 1500, sale_ends_at=timezone.now() + timedelta(days=1))
    cart = make_cart(product)
    line = place_order(cart, make_buyer()).lines.get()
    assert (line.unit_amount, line.discount_amount, line.amount) == (2000, 500, 1500)

    Price.objects.update(sale_ends_at=timezone.now())

    assert place_order(Cart(cart._session), make_buyer(), shown_total=1500) == line.order
    with pytest.raises(PriceChanged):
        place_order(make_cart(product), make_buyer(), shown_total=1500)
    assert quoted(make_cart(product)).total == 2000
    assert OrderLine.objects.count() == 1


# --- What buyers name ----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "amount"), [("7.50", 750), ("٧٫٥", 750), ("۷٫۵۰", 750), (" 5 ", 500), ("1,000", 100_000)]
)
def test_what_buyers_name_is_the_price(typed: str, amount: int) -> None:
    product = make_open_price(500)
    client = Client()

    client.post("/cart/lines/", {"variant": product.variants.get().pk, "amount": typed})

    cart = Cart(client.session)
    assert [(line.unit_amount, line.quantity) for line in cart.lines] == [(amount, 1)]
    assert reasons(quoted(cart)) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4.99", "It costs at least \u2066$5.00\u2069. You may give more, not less."),
        ("-9", "Write an amount such as 12.50."),
        ("abc<b>", "Write an amount such as 12.50."),
        ("", "Write an amount such as 12.50."),
        ("5.001", "Amounts in USD have at most 2 decimals."),
        ("1e9", "Write an amount such as 12.50."),
        ("9" * 12, "Is there a digit too many?"),
        ("9" * 5000, "Write an amount such as 12.50."),
    ],
)
def test_an_amount_that_can_not_be_taken_stays_in_its_field_with_the_reason(typed: str, said: str) -> None:
    variant = make_open_price(500).variants.get()
    client = Client()

    answer = client.post("/cart/lines/", {"variant": variant.pk, "quantity": "2", "amount": typed})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert said in page
    assert answer.context["form"]["amount"].value() == typed
    assert 'name="quantity" value="2"' in page
    assert not client.session.get("cart")


@pytest.mark.django_db
def test_the_cart_changes_it_and_forgets_nothing_that_was_typed() -> None:
    variant = make_open_price(500, 900).variants.get()
    client = Client()
    client.post("/cart/lines/", {"variant": variant.pk})
    assert Cart(client.session).lines[0].unit_amount == 900
    key = client.session["cart_key"]

    client.post(f"/cart/lines/{variant.pk}/amount/", {"amount": "۱۲"})
    assert Cart(client.session).lines[0].unit_amount == 1200
    assert client.session["cart_key"] != key

    refused = client.post(f"/cart/lines/{variant.pk}/amount/", {"amount": "<4>"}).content.decode()
    assert 'value="&lt;4&gt;"' in refused
    assert "Write an amount such as 12.50." in refused
    assert Cart(client.session).lines[0].unit_amount == 1200

    client.post(f"/cart/lines/{variant.pk}/", {"quantity": "0"})
    client.post("/cart/lines/", {"variant": variant.pk, "quantity": "1"})
    assert Cart(client.session).lines[0].unit_amount == 1200  # put back as it was


@pytest.mark.django_db
def test_an_amount_is_of_its_currency_and_follows_a_minimum_that_rises() -> None:
    product = make_open_price(500)
    variant = product.variants.get()
    Price.objects.create(variant=variant, currency="EUR", amount=400, suggested_amount=800)
    cart = make_cart(product)
    cart.choose_amount(variant, "7")
    cart.choose_currency("EUR")
    assert Cart(cart._session).lines[0].unit_amount == 800

    cart.choose_currency("USD")
    Price.objects.filter(currency="USD").update(amount=1000)

    assert Cart(cart._session).lines[0].unit_amount == 1000


@pytest.mark.django_db
def test_nobody_names_a_fixed_price() -> None:
    variant = make_product(2000).variants.get()
    client = Client()
    client.post("/cart/lines/", {"variant": variant.pk, "amount": "1"})
    client.post(f"/cart/lines/{variant.pk}/amount/", {"amount": "1"})
    client.post(f"/cart/lines/{variant.pk + 1}/amount/", {"amount": "1"})

    assert Cart(client.session).lines[0].unit_amount == 2000
    assert 'name="amount"' not in words(client)


@pytest.mark.django_db
def test_dinars_are_named_in_steps_that_can_be_paid() -> None:
    product = make_open_price(0)
    Price.objects.create(variant=product.variants.get(), currency="KWD", amount=1000)
    cart = make_cart(product)
    cart.choose_currency("KWD")

    with pytest.raises(AmountRefused, match="steps of 0.010"):
        cart.choose_amount(product.variants.get(), "1.005")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["named", "sale"])
def test_what_costs_nothing_is_had_for_an_address(kind: str) -> None:
    product = make_open_price(0) if kind == "named" else make_product(900)
    if kind == "sale":
        make_sale(product, 0)
    client = Client()
    client.post("/cart/lines/", {"variant": product.variants.get().pk, "amount": "0"})
    assert "Get it for free" in words(client, "/checkout/")

    answer = client.post("/checkout/", {"email": "mona@example.com", "country": "EG"})

    assert answer["Location"].startswith("/orders/")
    order = OrderLine.objects.get().order
    assert (order.total, order.status) == (0, "paid")
