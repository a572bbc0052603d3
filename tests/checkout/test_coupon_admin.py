"""A seller writes coupons, reads in words what they do, and makes many at once."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import translation

from catalog.models import Category
from checkout import minting
from checkout.coupon_words import sentences
from checkout.errors import PatternNotUsable
from checkout.models import Coupon, Order, Redemption
from checkout.timeline import timeline
from storefront.text import fold_code
from tests.factories import make_coupon, make_product, make_shop, make_user, paid_order, pending_order

pytestmark = pytest.mark.django_db
LIST = "/admin/checkout/coupon/"
FORM = {"code": "EID-25", "kind": "percent", "rate_bps": "25", "buyers": "anyone", "is_active": "on"}


def words(response: Any) -> str:
    return re.sub("[\u2066-\u2069]", "", response.content.decode())


def errors(response: Any) -> dict[str, list[str]]:
    form = response.context["adminform"].form
    return {
        name: [re.sub("[\u2066-\u2069]", "", each) for each in found] for name, found in form.errors.items()
    }


# --- One coupon ----------------------------------------------------------------------------------


def test_a_share_is_written_in_any_digits(staff: Client) -> None:
    data = FORM | {"rate_bps": "۱۲٫۵٪", "max_uses": "٥٠", "code": " رمضان ۲۰۲۷ "}

    assert staff.post(f"{LIST}add/", data).status_code == 302

    coupon = Coupon.objects.get()
    assert (coupon.code, coupon.rate_bps, coupon.amounts, coupon.max_uses) == ("رمضان ۲۰۲۷", 1250, {}, 50)
    assert coupon.is_for_all
    assert 'value="12.5"' in words(staff.get(f"{LIST}{coupon.pk}/change/"))


def test_amounts_are_in_the_currency_of_the_shop_settings(staff: Client) -> None:
    make_shop(currency="EUR")

    staff.post(f"{LIST}add/", FORM | {"kind": "fixed", "amount": "5", "other_amounts": "USD 6"})

    coupon = Coupon.objects.get()
    assert coupon.amounts == {"EUR": 500, "USD": 600}
    assert "EID-25 takes €5.00 / $6.00 off." in words(staff.get(f"{LIST}{coupon.pk}/change/"))


def test_amounts_minimums_and_lists_are_stored(staff: Client) -> None:
    book, books = make_product(), Category.objects.create(title_en="Books")
    data = FORM | {
        "kind": "fixed",
        "amount": "5",
        "other_amounts": "EUR 4.50\nKWD 1.500",
        "minimum": "20",
        "other_minimums": "EUR 18\nKWD 6",
        "products": [book.pk],
        "categories": [books.pk],
    }

    staff.post(f"{LIST}add/", data)

    coupon = Coupon.objects.get()
    assert coupon.amounts == {"USD": 500, "EUR": 450, "KWD": 1500}
    assert coupon.minimums == {"USD": 2000, "EUR": 1800, "KWD": 6000}
    assert (coupon.rate_bps, coupon.is_for_all, list(coupon.products.all())) == (0, False, [book])
    page = words(staff.get(f"{LIST}{coupon.pk}/change/"))
    assert "EUR 4.50" in page
    assert "EID-25 takes $5.00 / €4.50 / KWD\u00a01.500 off." in page
    assert f"It is only for: {book.title}, Books." in page


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"code": "—"}, "code", "letters or digits"),
        ({"code": "ﷺ" * 60}, "code", "letters or digits"),
        ({"code": "الُعـيد-۲۵"}, "code", "could not tell it from the coupon العيد 25"),
        ({"rate_bps": ""}, "rate_bps", "how many percent"),
        ({"rate_bps": "100.01"}, "rate_bps", "at most 100"),
        ({"rate_bps": "0"}, "rate_bps", "more than 0"),
        ({"rate_bps": "much"}, "rate_bps", "Write a share"),
        ({"kind": "fixed"}, "amount", "in one currency at least"),
        ({"kind": "fixed", "amount": "0"}, "amount", "in one currency at least"),
        ({"kind": "fixed", "amount": "1.234"}, "amount", "at most 2 decimals"),
        ({"kind": "fixed", "other_amounts": "XXX 5"}, "other_amounts", "not known here"),
        ({"kind": "fixed", "other_amounts": "KWD 1.234"}, "other_amounts", "in steps of"),
        (
            {"kind": "fixed", "amount": "5", "other_amounts": "EUR 5", "minimum": "20"},
            "other_minimums",
            "Write this in EUR too",
        ),
        ({"max_uses": "0"}, "max_uses", "greater than or equal to 1"),
        ({"max_uses": "9" * 30}, "max_uses", "less than or equal"),
        ({"email": "mona@"}, "email", "valid email"),
        (
            {
                "starts_at_0": "2027-01-02",
                "starts_at_1": "00:00",
                "ends_at_0": "2027-01-02",
                "ends_at_1": "00:00",
            },
            "ends_at",
            "end after its beginning",
        ),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_is_stored(
    staff: Client, data: dict[str, str], field: str, said: str
) -> None:
    make_coupon("العيد 25")

    response = staff.post(f"{LIST}add/", FORM | data)

    assert response.status_code == 200
    assert said in errors(response)[field][0]
    assert Coupon.objects.count() == 1


def test_the_live_sentences_say_what_is_understood_so_far(staff: Client) -> None:
    book = make_product(title_en="Bread")
    half = {"code": "EID", "kind": "fixed", "amount": "many", "products": [book.pk], "max_uses": "3"}

    told = staff.post(f"{LIST}sentences/", half).json()["sentences"]

    assert [re.sub("[\u2066-\u2069]", "", each) for each in told][:3] == [
        "EID takes … off.",
        "It is only for: Bread.",
        "It can be used 3 times in all.",
    ]
    assert not Coupon.objects.exists()


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_everything_a_coupon_does_is_said_in_words(language: str) -> None:
    coupon = Coupon(
        code="EID",
        kind="fixed",
        amounts={"USD": 500},
        minimums={"USD": 2000},
        starts_at=make_user().date_joined,
        ends_at=make_user().date_joined,
        max_uses=11,
        max_uses_per_buyer=2,
        requires_all=True,
        buyers="earlier",
        email="mona@example.com",
        is_stackable=True,
        is_active=False,
    )
    names = {"products": ["A"], "excluded_categories": ["B"], "required_products": ["C", "D"]}

    with translation.override(language):
        told = sentences(coupon, names)

    assert len(told) == 12
    assert all("%(" not in each for each in told)
    for part in ("EID", "A", "B", "C", "mona@example.com", "۱۱" if language == "fa" else "11"):
        assert any(part in each for each in told)


# --- Many ----------------------------------------------------------------------------------------


def test_many_coupons_do_what_one_does_each_with_a_code_of_its_own(staff: Client) -> None:
    book = make_product()
    model = make_coupon("عيد", products=[book], rate_bps=3000, note="The model", is_active=False)

    response = staff.post(
        f"{LIST}{model.pk}/copies/",
        {"pattern": "عيد-####-####", "count": "120", "max_uses": "1", "batch": "News, May"},
    )

    assert response["Location"] == f"{LIST}?batch=News%2C+May"
    made = Coupon.objects.filter(batch="News, May")
    assert len({coupon.code for coupon in made}) == 120
    assert all(re.fullmatch("عيد-[2-9B-Z]{4}-[2-9B-Z]{4}", coupon.code) for coupon in made)
    assert all(coupon.code_folded == fold_code(coupon.code) for coupon in made)
    assert {(each.rate_bps, each.max_uses, each.is_active, each.is_for_all) for each in made} == {
        (3000, 1, True, False)
    }
    assert {tuple(each.products.all()) for each in made.prefetch_related("products")} == {(book,)}
    assert "120 coupons were made." in words(staff.get(response["Location"]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"pattern": "EID-####"}, "at least 8 times"),
        ({"pattern": "#" * 61}, "at most 60"),
        ({"pattern": "ﷺ" * 40 + "#" * 8}, "too long"),
        ({"count": "0"}, "greater than or equal to 1"),
        ({"count": "10001"}, "less than or equal to 10000"),
        ({"batch": ""}, "required"),
    ],
)
def test_what_makes_no_codes_is_said(staff: Client, data: dict[str, str], said: str) -> None:
    model = make_coupon()

    response = staff.post(
        f"{LIST}{model.pk}/copies/", {"pattern": "########", "count": "5", "batch": "x"} | data
    )

    assert response.status_code == 200
    assert said in words(response)
    assert Coupon.objects.count() == 1


def test_a_code_that_is_there_is_drawn_anew(monkeypatch: Any) -> None:
    drawn = iter(["AAAA", "AAAA", "BBBB", "CCCC", "DDDD"])
    monkeypatch.setattr(minting, "_draw", lambda _pattern: next(drawn))
    make_coupon("b-bbb")

    made = minting.make_copies(make_coupon(), pattern="########", count=3, batch="x", max_uses=None)

    assert {coupon.code for coupon in made} == {"AAAA", "CCCC", "DDDD"}
    with pytest.raises(PatternNotUsable):
        minting.make_copies(made[0], pattern="EID", count=1, batch="x", max_uses=None)


def test_a_table_of_coupons_holds_no_formula(staff: Client) -> None:
    coupons = [make_coupon("=EID()"), make_coupon("+رمضان", max_uses=1)]
    pending_order(coupons=[coupons[1]])

    response = staff.post(LIST, {"action": "as_sheet", "_selected_action": [each.pk for each in coupons]})

    assert response["Content-Disposition"] == 'attachment; filename="coupons.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(response).decode("utf-8-sig"))))
    assert rows[0] == ["code", "link", "uses", "state", "batch"]
    assert rows[1] == ["'=EID()", "http://localhost:8000/?coupon=%3DEID%28%29", "0", "Valid", ""]
    assert rows[2][0] == "'+رمضان"
    assert rows[2][2:4] == ["1", "Used up"]


# --- Lists ---------------------------------------------------------------------------------------


def test_the_list_says_uses_and_state_in_the_same_few_queries(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    used = make_coupon("USED", max_uses=1)
    paid_order(coupons=[used])
    for _each in range(12):
        make_coupon(products=[make_product(files=0)])

    with django_assert_max_num_queries(10):
        page = words(staff.get(LIST))

    assert "1 of 1" in page
    assert "Used up" in page
    for state, shown in (("used_up", 1), ("active", 12), ("off", 0), ("odd", 13)):
        assert staff.get(LIST, {"state": state}).context["cl"].result_count == shown


@pytest.mark.parametrize("asked", ["رمضان2027", "ramadan", "May", "mona@", "\x00", "🐈"])
def test_coupons_are_found_by_code_note_batch_and_address(staff: Client, asked: str) -> None:
    make_coupon("رمضان-۲۰۲۷", note="Ramadan", batch="May", email="mona@example.com")
    make_coupon()

    response = staff.get(LIST, {"q": asked})

    if asked == "\x00":
        assert response.status_code == 400
    else:
        assert response.context["cl"].result_count == (0 if asked == "🐈" else 1)


def test_many_are_switched_off_and_on_at_once(staff: Client) -> None:
    coupons = [make_coupon() for _each in range(3)]
    chosen = {"_selected_action": [each.pk for each in coupons[:2]]}

    page = staff.post(LIST, {"action": "switch_off"} | chosen, follow=True)

    assert "2 coupons are switched off." in words(page)
    assert [each.is_active for each in Coupon.objects.order_by("pk")] == [False, False, True]
    staff.post(LIST, {"action": "switch_on"} | chosen)
    assert not Coupon.objects.filter(is_active=False).exists()


def test_uses_are_read_only_and_lead_to_their_orders(staff: Client) -> None:
    coupon = make_coupon("EID")
    paid, lapsed = paid_order(coupons=[coupon]), pending_order(coupons=[coupon], email="b@example.com")
    Order.objects.filter(pk=lapsed.pk).update(status="expired")
    uses = "/admin/checkout/redemption/"

    page = words(staff.get(uses, {"coupon__id__exact": coupon.pk}))

    assert f"/admin/checkout/order/{paid.pk}/change/" in page
    assert "Free again" in page
    assert staff.get(uses, {"q": "e-i-d"}).context["cl"].result_count == 2
    assert staff.get(uses, {"q": "B@EXAMPLE.COM"}).context["cl"].result_count == 1
    use = Redemption.objects.first()
    assert use
    assert staff.post(f"{uses}{use.pk}/change/", {"amount": "1"}).status_code == 403
    assert staff.post(f"{uses}add/").status_code == 403


def test_the_page_of_an_order_tells_of_its_coupon(staff: Client) -> None:
    coupon = make_coupon("EID")
    order = paid_order(make_product(1000), coupons=[coupon])

    entry = next(each for each in timeline(order) if each.kind == "coupon")
    page = words(staff.get(f"/admin/checkout/order/{order.pk}/change/"))

    assert re.sub("<.*?>", "", entry.words) == "The coupon EID took $1.00 off."
    assert entry.url == f"/admin/checkout/coupon/{coupon.pk}/change/"
    assert "took" in page
    Order.objects.filter(pk=order.pk).update(status="refunded")
    entry = next(each for each in timeline(Order.objects.get()) if each.kind == "coupon")
    assert entry.note == "Its use is free again."


def test_a_coupon_that_was_used_is_not_deleted(staff: Client) -> None:
    used, unused = make_coupon(), make_coupon()
    pending_order(coupons=[used])

    for coupon in (used, unused):
        staff.post(f"{LIST}{coupon.pk}/delete/", {"post": "yes"})

    assert list(Coupon.objects.all()) == [used]


@pytest.mark.parametrize("path", ["sentences/", "{pk}/copies/"])
def test_without_the_right_nothing_is_told_or_made(client: Client, path: str) -> None:
    coupon = make_coupon()
    client.force_login(make_user(is_staff=True))

    answer = client.post(LIST + path.format(pk=coupon.pk), {"pattern": "########", "count": 1, "batch": "x"})

    assert answer.status_code == 403
    assert Coupon.objects.count() == 1


def test_whoever_may_only_look_sees_coupons_and_changes_none(client: Client) -> None:
    coupon, user = make_coupon("EID", amounts={"USD": 500}, note="Before"), make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_coupon", "view_redemption"]))
    client.force_login(user)

    page = client.get(f"{LIST}{coupon.pk}/change/")

    assert page.status_code == 200
    assert "EID takes $5.00 off." in words(page)
    assert "copies/" not in words(page)
    assert client.post(f"{LIST}{coupon.pk}/change/", FORM).status_code == 403
    assert client.get(f"{LIST}{coupon.pk}/copies/").status_code == 403
    client.post(LIST, {"action": "switch_off", "_selected_action": [coupon.pk]})
    coupon.refresh_from_db()
    assert (coupon.note, coupon.is_active) == ("Before", True)
