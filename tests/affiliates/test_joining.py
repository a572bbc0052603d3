"""Somebody applies, staff or the programme decides; codes are one in any spelling; IBANs are checked."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from affiliates.errors import CodeTaken, LinkNotOurs, NotNow
from affiliates.forms import ApplicationForm, ProfileForm
from affiliates.joining import Application, apply, approve, reject
from affiliates.links import link_to, qr
from affiliates.models import Affiliate, Program
from storefront.models import OutgoingMail
from tests.factories import make_affiliate, make_product, make_user

pytestmark = pytest.mark.django_db
SAID = {"name": "Amal", "code": "amal", "website": "", "plan": "A letter to readers.", "agrees": "on"}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user("amal@example.com"))
    return client


def test_an_application_waits_for_staff_and_staff_is_told(client: Client, settings: Any) -> None:
    settings.ADMINS = [("Staff", "staff@example.com")]

    answer = client.post("/ar/affiliates/join/", SAID | {"code": "أمل-٢٠٢٧"})

    assert answer["Location"] == "/ar/affiliates/"
    affiliate = Affiliate.objects.get()
    assert (affiliate.status, affiliate.code, affiliate.language) == ("pending", "أمل-٢٠٢٧", "ar")
    assert OutgoingMail.objects.get().to == "staff@example.com"
    assert "أمل" not in client.get("/affiliates/").content.decode()
    assert client.get("/affiliates/ledger/").status_code == 404
    assert client.post("/affiliates/join/", SAID).status_code == 302
    assert Affiliate.objects.count() == 1


def test_where_nobody_looks_the_link_works_at_once(client: Client) -> None:
    Program.objects.create(is_automatic=True, terms_en="Be **fair**.")

    client.post("/affiliates/join/", SAID)

    affiliate = Affiliate.objects.get()
    assert (affiliate.status, affiliate.terms) == ("active", "Be **fair**.")
    assert OutgoingMail.objects.get().cause.startswith(f"affiliate.approved:{affiliate.pk}:")
    assert "/r/amal/" in client.get("/affiliates/").content.decode()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"agrees": ""}, "agrees"),
        ({"name": " \u202e "}, "name"),
        ({"code": "a b"}, "code"),
        ({"code": "ab"}, "code"),
        ({"code": "---"}, "code"),
        ({"code": "a/b/c"}, "code"),
        ({"code": "<script>"}, "code"),
        ({"code": "x" * 31}, "code"),
        ({"code": "کتابي"}, "code"),
        ({"website": "not an address"}, "website"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"plan": "x" * 2001}, "plan"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client: Client, said: dict[str, str], field: str) -> None:
    make_affiliate("كتابی")

    page = client.post("/affiliates/join/", SAID | said)

    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert b"A letter to readers." in page.content or "plan" in said
    assert Affiliate.objects.count() == 1


def test_a_closed_programme_takes_nobody(client: Client) -> None:
    Program.objects.create(is_open=False)

    page = client.post("/affiliates/join/", SAID)

    assert b"We take no new affiliates" in page.content
    assert not Affiliate.objects.exists()
    with pytest.raises(NotNow):
        apply(make_user(), Application("A", "abc", "en"))


def test_a_taken_code_is_refused_by_the_database_too() -> None:
    make_affiliate("amal")

    with pytest.raises(CodeTaken):
        apply(make_user(), Application("Other", "AMAL", "en"))

    assert Affiliate.objects.count() == 1


def test_the_offer_is_shown_to_everybody_and_says_where_to_sign_in() -> None:
    page = Client().get("/affiliates/join/").content.decode()

    assert "20%" in page
    assert "/accounts/login/code/?next=/affiliates/join/" in page
    assert Client().post("/affiliates/join/", SAID).status_code == 200
    assert not Affiliate.objects.exists()
    assert Client().get("/affiliates/").status_code == 302


def test_decisions_are_told_once_each() -> None:
    affiliate, staff = make_affiliate(status="pending"), make_user()

    assert approve(affiliate, by=staff)
    assert not approve(affiliate, by=staff)
    assert affiliate.pause(by=staff)
    assert not affiliate.pause(by=staff)
    assert reject(affiliate, by=staff, answer="No coupons sites, please.")
    assert not reject(affiliate, by=staff)

    affiliate.refresh_from_db()
    assert (affiliate.status, affiliate.decided_by, affiliate.answer) == (
        "rejected",
        staff,
        "No coupons sites, please.",
    )
    assert [mail.cause.split(":")[0] for mail in OutgoingMail.objects.order_by("pk")] == [
        "affiliate.approved",
        "affiliate.rejected",
    ]


# --- The profile -------------------------------------------------------------------------------------

PROFILE = {"name": "Amal", "language": "fa", "method": "bank", "payee": "Amal Haddad"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("de89370400440532013000", "DE89370400440532013000"),
        ("SA03 8000 0000 6080 1016 7519", "SA0380000000608010167519"),
        ("JO94 CBJO 0010 0000 0000 0131 0003 02", "JO94CBJO0010000000000131000302"),
        ("IR۸۲۰۵۴۰۱۰۲۶۸۰۰۲۰۸۱۷۹۰۹۰۰۲", "IR820540102680020817909002"),
        ("DE89 3704 0044 0532 0130 01", None),
        ("DE89 3704", None),
        ("XX00 1234", None),
        ("=1+1", None),
    ],
)
def test_an_iban_is_checked(typed: str, kept: str | None) -> None:
    form = ProfileForm(PROFILE | {"iban": typed}, instance=make_affiliate())

    assert form.is_valid() == (kept is not None)
    assert (form.cleaned_data.get("iban") == kept) if kept else ("iban" in form.errors)


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("bank", "iban"),
        ("paypal", "payout_email"),
        ("wise", "payout_email"),
        ("manual", "payout_note"),
    ],
)
def test_each_way_says_what_it_needs(method: str, missing: str) -> None:
    form = ProfileForm(PROFILE | {"method": method}, instance=make_affiliate())

    assert list(form.errors) == [missing]


def test_a_changed_account_is_told_and_other_changes_are_not(client: Client) -> None:
    affiliate = make_affiliate(user=User.objects.get())
    profile = PROFILE | {"method": "paypal", "payout_email": "me@example.com", "wants_digest": "on"}

    assert client.post("/affiliates/profile/", profile).status_code == 302
    assert client.post("/affiliates/profile/", profile | {"name": "Amal H."}).status_code == 302

    affiliate.refresh_from_db()
    assert (affiliate.name, affiliate.destination, affiliate.language) == ("Amal H.", "me@example.com", "fa")
    assert OutgoingMail.objects.get().cause.startswith("affiliate.account:")


def test_the_form_asks_no_more_than_it_says() -> None:
    assert list(ApplicationForm().fields) == ["name", "code", "website", "plan", "agrees"]


# --- Links -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("", "/?ref=amal"),
        ("{shop}/products/a-book/", "/products/a-book/?ref=amal"),
        (
            "/fa/products/a-book/?utm_source=news&ref=other#faq",
            "/fa/products/a-book/?utm_source=news&ref=amal#faq",
        ),
        ("/products/?q=كتاب", "/products/?q=%D9%83%D8%AA%D8%A7%D8%A8&ref=amal"),
    ],
)
def test_any_page_of_the_shop_becomes_a_link(settings: Any, address: str, link: str) -> None:
    make_product(slug="a-book")
    affiliate = make_affiliate("amal")

    made = link_to(affiliate, address.format(shop=settings.SITE_URL))

    assert made == settings.SITE_URL + link
    assert qr(made).startswith("data:image/svg+xml")


def test_codes_and_sub_ids_of_any_script_stand_in_links(settings: Any) -> None:
    assert link_to(make_affiliate("أمل"), "/", sub_id="قناة 1").endswith(
        "/?ref=%D8%A3%D9%85%D9%84&sub=%D9%82%D9%86%D8%A7%D8%A9+1"
    )


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/library/", "/nowhere/"])
def test_no_link_is_made_for_another_place(client: Client, address: str) -> None:
    affiliate = make_affiliate(user=User.objects.get())

    with pytest.raises(LinkNotOurs):
        link_to(affiliate, address)

    page = client.get("/affiliates/", {"address": address})
    assert page.context["form"].errors["address"]
    assert page.context["link"].endswith(f"/r/{affiliate.code}/")
