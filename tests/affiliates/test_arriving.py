"""Links lead on, are counted once a visitor and day, and are remembered until somebody buys."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as shop_settings
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.clicks import count_in, forget_visitors
from affiliates.models import Affiliate, Click, Program, Tally
from affiliates.remembering import preferred
from affiliates.visits import LONGEST, SALT, Visit, read, sign
from checkout.models import Order
from tests.factories import make_affiliate, make_product

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"
HERE = {"Sec-Fetch-Site": "same-origin", "User-Agent": BROWSER}


@pytest.fixture
def reader() -> Client:
    return Client(headers=HERE)


@pytest.fixture
def affiliate() -> Affiliate:
    return make_affiliate("Amal")


def buy(client: Client, *, page: str = "", email: str = "mona@example.com") -> Order:
    """What a browser sends when somebody buys; `page` is where the product's form stood."""
    variant = make_product().variants.get()
    headers = {"Referer": f"http://testserver{page}"} if page else {}
    client.post("/cart/lines/", {"variant": variant.pk}, headers=headers)
    client.post("/checkout/", {"email": email, "country": "EG", "provider": "demo"})
    return Order.objects.latest("pk")


def came_by(order: Order) -> Visit | None:
    return read(order.referral)


# --- Where links lead --------------------------------------------------------------------------------


def test_a_link_leads_on_is_counted_and_remembered(reader: Client, affiliate: Affiliate) -> None:
    make_product(slug="a-book")
    answer = reader.get("/r/amal/?to=/ar/products/a-book/&sub=letter&utm_source=news&utm_medium=mail")

    assert answer.status_code == 302
    assert answer["Location"] == "/ar/products/a-book/?utm_source=news&utm_medium=mail"
    assert "no-store" in answer["Cache-Control"]
    click = Click.objects.get()
    assert (click.affiliate, click.path, click.sub_id) == (affiliate, "/ar/products/a-book/", "letter")
    assert click.utm == "news / mail"
    visit = came_by(buy(reader))
    assert visit is not None
    assert (visit.affiliate_id, visit.way, visit.sub_id) == (affiliate.pk, "link", "letter")
    assert (visit.path, visit.utm) == ("/ar/products/a-book/", "news / mail")


def test_the_cookie_goes_to_the_carts_and_to_links_alone(reader: Client, affiliate: Affiliate) -> None:
    cookies = reader.get("/r/amal/").cookies

    paths = {morsel["path"] for morsel in cookies.values() if read(morsel.value)}
    assert paths == {"/r/", "/cart/", "/ar/cart/", "/fa/cart/"}
    assert all(morsel["httponly"] and morsel["samesite"] == "Lax" for morsel in cookies.values())


@pytest.mark.parametrize("code", ["Amal", "AMAL", "aMAL", "ａｍａｌ"])
def test_a_code_is_one_however_it_is_spelled(reader: Client, affiliate: Affiliate, code: str) -> None:
    reader.get(f"/r/{quote(code)}/")

    assert Click.objects.get().affiliate == affiliate


def test_arabic_and_persian_codes_are_folded(reader: Client) -> None:
    make_affiliate("كتابي-٢٠")

    reader.get(f"/r/{quote('کتابی-۲۰')}/")
    visit = came_by(buy(reader))

    assert visit is not None
    assert Click.objects.count() == 1


@pytest.mark.parametrize("status", ["unknown", "pending", "paused", "rejected"])
def test_a_code_that_does_not_count_leads_on_all_the_same(reader: Client, status: str) -> None:
    if status != "unknown":
        make_affiliate("amal", status=status)

    answer = reader.get("/r/amal/?to=/products/")

    assert (answer.status_code, answer["Location"]) == (302, "/products/")
    assert answer.cookies == {}
    assert not Click.objects.exists()
    assert buy(reader, page="/?ref=amal").referral == ""


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/%09/evil.example/",
        "javascript:alert(1)",
        "https:evil.example",
        "http://testserver@evil.example/",
        "https://evil.example\\@testserver/",
        "\t//evil.example",
        "/../..//evil.example",
        "data:text/html,x",
        "/admin/",
        "/ar/admin/",
        "/orders/x/",
        "/library/",
        "/nowhere/",
        "http://[",
        "/products/" + "x" * 2000,
    ],
)
def test_a_link_leads_to_no_other_site_and_no_private_page(
    reader: Client, affiliate: Affiliate, target: str
) -> None:
    answer = reader.get(f"/r/amal/?to={quote(target, safe='')}")

    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "query",
    [
        "ref=amal&ref=other",
        "ref=" + "x" * 5000,
        "ref=<script>alert(1)</script>",
        "ref=",
        "ref=%F0%9F%92%A9",
        "ref=amal&sub=" + "%3Cscript%3E" * 40,
    ],
)
def test_odd_links_show_the_page_and_do_no_harm(reader: Client, affiliate: Affiliate, query: str) -> None:
    page = reader.get(f"/?{query}")
    order = buy(reader, page=f"/?{query}")

    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert page.cookies == {}
    visit = came_by(order)
    assert (visit.affiliate_id if visit else None) == (affiliate.pk if "ref=amal" in query else None)
    assert len(order.referral) <= LONGEST


# --- Pages stay everybody's --------------------------------------------------------------------------


def test_a_page_with_a_code_is_as_cacheable_as_any(reader: Client, affiliate: Affiliate) -> None:
    plain, coded = reader.get("/"), reader.get("/?ref=amal")

    assert (
        coded["Cache-Control"] == plain["Cache-Control"] == "public, max-age=0, s-maxage=60, must-revalidate"
    )
    assert coded.cookies == {}
    assert not Click.objects.exists()


def note(client: Client, code: str = "amal", **said: str) -> Any:
    return client.post(f"/r/{code}/", {"path": "/products/a-book/", **said})


def test_the_page_tells_of_the_reader_with_one_insert(reader: Client, affiliate: Affiliate) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = note(reader, sub="letter", utm_campaign="ramadan")

    assert answer.status_code == 204
    writes = [each["sql"] for each in asked if not each["sql"].startswith("SELECT")]
    assert len(writes) == 1
    assert writes[0].split()[:2] == ["INSERT", "INTO"]
    assert {cookie["path"] for cookie in answer.cookies.values()} <= {
        "/r/",
        "/cart/",
        "/ar/cart/",
        "/fa/cart/",
    }
    visit = came_by(buy(reader))
    assert visit is not None
    assert (visit.affiliate_id, visit.path, visit.sub_id) == (affiliate.pk, "/products/a-book/", "letter")


def test_another_site_can_tell_of_nobody(affiliate: Affiliate) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert note(Client(headers={"User-Agent": BROWSER} | headers)).status_code == 403
    assert not Click.objects.exists()


def test_repeats_of_a_day_are_one_click(reader: Client, affiliate: Affiliate) -> None:
    for _again in range(3):
        note(reader)
    note(Client(headers=HERE | {"User-Agent": "Mozilla/5.0 Safari/605"}))
    note(reader, path="/products/other/")

    assert sorted(Click.objects.values_list("path", "hits")) == [
        ("/products/a-book/", 1),
        ("/products/a-book/", 3),
        ("/products/other/", 1),
    ]
    assert count_in() == 3
    assert count_in() == 0
    assert Tally.objects.get(facet="all").clicks == 3
    assert dict(Tally.objects.filter(facet="link").values_list("value", "clicks")) == {
        "/products/a-book/": 2,
        "/products/other/": 1,
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"},
        {"User-Agent": "WhatsApp/2.23"},
        {"User-Agent": ""},
        {"User-Agent": "curl/8.1"},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
def test_programs_are_not_counted(affiliate: Affiliate, headers: dict[str, str]) -> None:
    client = Client(headers=HERE | headers)

    assert client.get("/r/amal/").status_code == 302
    assert note(client).status_code == 204
    assert client.head("/r/amal/").status_code == 302
    assert not Click.objects.exists()


def test_who_clicked_is_forgotten_a_day_later(reader: Client, affiliate: Affiliate) -> None:
    note(reader)
    visitor = Click.objects.get().visitor
    assert visitor
    assert "127.0.0.1" not in visitor
    forget_visitors()
    assert Click.objects.get().visitor == visitor
    day = timezone.localdate() - timedelta(days=2)
    Click.objects.update(day=day, counted_at=timezone.now())
    forget_visitors()
    assert Click.objects.get().visitor is None
    Click.objects.update(day=day - timedelta(days=400))
    forget_visitors()
    assert not Click.objects.exists()


# --- What is remembered ------------------------------------------------------------------------------


@pytest.mark.parametrize(("credit", "wins"), [("last", "rami"), ("first", "amal")])
def test_the_last_link_counts_or_the_first(reader: Client, credit: str, wins: str) -> None:
    Program.objects.create(credit=credit)
    by_code = {code: make_affiliate(code) for code in ("amal", "rami")}
    now = timezone.now().replace(microsecond=0)
    earlier = Visit(by_code["amal"].pk, now - timedelta(days=3), "link")
    for path in ("/cart/", "/r/"):
        reader.cookies.load({"ref": sign(earlier)})
        reader.cookies["ref"]["path"] = path

    note(reader, "rami")

    visit = came_by(buy(reader))
    assert visit is not None
    assert visit.affiliate_id == by_code[wins].pk


def test_a_link_followed_with_a_full_cart_counts_too(reader: Client, affiliate: Affiliate) -> None:
    other = make_affiliate("other")
    reader.post("/cart/lines/", {"variant": make_product().variants.get().pk})
    note(reader, "other")
    del reader.cookies["ref"]

    reader.post("/checkout/", {"email": "mona@example.com", "country": "EG", "provider": "demo"})

    visit = came_by(Order.objects.get())
    assert visit is not None
    assert visit.affiliate_id == other.pk


def test_where_nothing_may_be_kept_links_carry_the_code(affiliate: Affiliate) -> None:
    for client, is_refused in (
        (Client(headers=HERE | {"Sec-GPC": "1"}), True),
        (Client(headers=HERE), False),
    ):
        if not is_refused:
            Program.objects.create(uses_cookie=False)
        answer = client.get("/r/amal/?to=/products/&sub=letter")
        assert answer["Location"] == "/products/?ref=Amal&sub=letter"
        assert answer.cookies == {}
        assert note(client).status_code == 202

        visit = came_by(
            buy(client, page="/products/a-book/?ref=amal&sub=letter", email=f"{is_refused}@x.example")
        )

        assert visit is not None
        assert (visit.affiliate_id, visit.way, visit.sub_id) == (affiliate.pk, "carried", "letter")
        assert visit.path == "/products/a-book/"


def test_the_page_of_another_site_carries_no_code(reader: Client, affiliate: Affiliate) -> None:
    variant = make_product().variants.get()
    reader.post(
        "/cart/lines/", {"variant": variant.pk}, headers={"Referer": "https://evil.example/?ref=amal"}
    )
    reader.post("/checkout/", {"email": "mona@example.com", "country": "EG", "provider": "demo"})

    assert Order.objects.get().referral == ""


def test_a_forged_cookie_or_that_of_another_shop_counts_nothing(reader: Client, affiliate: Affiliate) -> None:
    told = [affiliate.pk, int(timezone.now().timestamp()), "link", "", "", ""]
    for forged in (
        "nonsense",
        signing.dumps(told, salt="another salt"),
        signing.dumps(told, salt=SALT, key="the secret of another shop, which is long"),
        signing.dumps({"a": 1}, salt=SALT),
        signing.dumps([1, 2], salt=SALT),
        sign(Visit.now(affiliate.pk, "link")) + "x",
    ):
        reader.cookies.load({"ref": forged})
        assert buy(reader, email=f"{len(forged)}@example.com").referral == ""


def test_an_old_link_is_forgotten() -> None:
    program, now = Program(cookie_days=30), timezone.now()
    fresh, old = Visit(1, now - timedelta(days=29), "link"), Visit(2, now - timedelta(days=31), "link")

    assert preferred(program, [old, fresh]) is fresh
    assert preferred(Program(cookie_days=30, credit="first"), [old, fresh]) is fresh
    assert preferred(program, [None, old]) is None


@pytest.mark.parametrize("text", ["x" * 5000, "كتاب" * 500, "💩" * 500, "a\n\x00b\u202e"])
def test_whatever_a_link_says_has_room_in_an_order(text: str) -> None:
    visit = Visit.now(1, "carried", path=text, sub_id=text, utm=text)

    kept = read(sign(visit))

    assert len(sign(visit)) <= LONGEST
    assert kept is not None
    assert kept.affiliate_id == 1
    assert not set("\n\x00\u202e") & set(kept.path + kept.sub_id + kept.utm)


def test_cookies_are_closed_to_scripts_and_last_as_long_as_is_said(
    reader: Client, affiliate: Affiliate
) -> None:
    Program.objects.create(cookie_days=45)
    headers = str(note(reader).cookies)

    assert "HttpOnly" in headers
    assert "SameSite=Lax" in headers
    assert f"Max-Age={45 * 86_400}" in headers
    assert shop_settings.SESSION_COOKIE_NAME not in headers
