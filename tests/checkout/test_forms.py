import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from checkout.buyer import Buyer
from checkout.cart import Cart
from checkout.forms import AddToCartForm, ChangeCartForm, CheckoutForm, likely_country
from checkout.quoting import quote_cart
from storefront.countries import countries
from tests.factories import make_cart, make_product

CONTROLS = "".join(map(chr, range(32))) + "\x7f\u202e\u2066\u200f\ufeff"


@pytest.mark.parametrize(
    ("typed", "quantity"),
    [("1", 1), ("99", 99), ("٣", 3), ("۱۲", 12), (" 7 ", 7), ("", 1), ("5.0", 5)],
)
def test_quantities_that_are_taken(typed: str, quantity: int) -> None:
    form = AddToCartForm({"variant": "1", "quantity": typed})

    assert form.is_valid()
    assert form.cleaned_data["quantity"] == quantity


@pytest.mark.parametrize(
    "typed", ["0", "-1", "100", "9" * 30, "9" * 5000, "1.5", "1e2", "two", "\x00", "½", "🐈", "<b>"]
)
def test_quantities_that_are_refused(typed: str) -> None:
    assert not AddToCartForm({"variant": "1", "quantity": typed}).is_valid()


@pytest.mark.parametrize(
    ("typed", "is_valid"), [("0", True), ("99", True), ("100", False), ("-1", False), ("", False)]
)
def test_a_changed_quantity_may_be_0(typed: str, is_valid: bool) -> None:
    assert ChangeCartForm({"quantity": typed}).is_valid() is is_valid


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_the_cart_forms(variant: str, quantity: str) -> None:
    form = AddToCartForm({"variant": variant, "quantity": quantity})

    if form.is_valid():
        assert 1 <= form.cleaned_data["quantity"] <= 99


@pytest.mark.parametrize(
    ("language", "country"),
    [
        ("ar-EG,ar;q=0.9", "EG"),
        ("fa-IR", "IR"),
        ("en-US;q=0.5", "US"),
        ("zh-Hant-TW", "TW"),
        ("ar", ""),
        ("", ""),
        ("x-ZZ", ""),
        ("-", ""),
        ("en-" + "A" * 5000, ""),
        ("ü-é,\x00", ""),
    ],
)
def test_the_likely_country_is_that_of_the_browser(language: str, country: str) -> None:
    assert likely_country(RequestFactory().get("/", headers={"Accept-Language": language})) == country


@pytest.mark.parametrize(("language", "name"), [("en", "Egypt"), ("ar", "مصر"), ("fa", "مصر")])
def test_countries_have_names_in_the_readers_language(language: str, name: str) -> None:
    found = dict(countries(language))

    assert found["EG"] == name
    assert 240 <= len(found) <= 260
    assert not {"EU", "UN", "ZZ"} & set(found)


@pytest.mark.django_db
class TestCheckoutForm:
    def form(self, amount: int = 1200, **data: str) -> CheckoutForm:
        typed = {"email": "mona@example.com", "country": "EG", "provider": "demo"} | data
        return CheckoutForm(typed, quote=quote_cart(make_cart(make_product(amount)), Buyer()))

    def test_takes_what_is_asked_for(self) -> None:
        form = self.form(shown_total="1200")

        assert form.is_valid()
        assert form.cleaned_data == {
            "email": "mona@example.com",
            "country": "EG",
            "company": "",
            "vat_id": "",
            "provider": "demo",
            "shown_total": 1200,
        }

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "mona",
            "mona@",
            "@example.com",
            "mona@example",
            "mona@example.com\nBcc: all@example.com",
            "mona@example.com,other@example.com",
            "Mona <mona@example.com>",
            "mo\x00na@example.com",
            "مونا@example.com",
            "🐈@example.com",
            "mona@exa\u202emple.com",
            "m" * 250 + "@example.com",
            CONTROLS,
        ],
    )
    def test_refuses_what_is_no_address(self, email: str) -> None:
        form = self.form(email=email)

        assert not form.is_valid()
        assert list(form.errors) == ["email"]

    @pytest.mark.parametrize(
        "typed",
        [
            "mona@example.com",
            "  mona@example.com ",
            "\u200fmona@example.com\u200e",
            "\u202amona@example.com\u202c",
        ],
    )
    def test_direction_marks_that_come_with_a_pasted_address_are_forgiven(self, typed: str) -> None:
        form = self.form(email=typed)

        assert form.is_valid(), form.errors
        assert form.cleaned_data["email"] == "mona@example.com"

    @pytest.mark.parametrize("country", ["", "XX", "ZZ", "eg", "EGY", "\x00", "مصر"])
    def test_refuses_what_is_no_country(self, country: str) -> None:
        assert list(self.form(country=country).errors) == ["country"]

    @pytest.mark.parametrize("provider", ["", "stripe", "paypal", "DEMO", "\x00", "🐈"])
    def test_refuses_a_provider_that_is_not_offered(self, provider: str) -> None:
        assert list(self.form(provider=provider).errors) == ["provider"]

    def test_asks_for_no_provider_where_nothing_is_to_pay(self) -> None:
        form = self.form(0, provider="")

        assert form.is_valid()
        assert "provider" not in form.fields

    def test_complains_in_the_readers_language(self) -> None:
        with translation.override("ar"):
            form = self.form(email="mona")
            assert "name@example.com" in str(form.errors["email"])
            assert dict(form.fields["country"].choices)["EG"] == "مصر"  # type: ignore[attr-defined]

    def test_an_empty_cart_asks_nothing_more(self) -> None:
        assert "provider" not in CheckoutForm({}, quote=quote_cart(Cart(SessionStore()), Buyer())).fields
