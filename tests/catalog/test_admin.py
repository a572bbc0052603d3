import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from catalog.models import Category, Faq, Picture, Product, ProductFile, ProductImage, Variant
from tests.factories import make_product, make_user, make_variant, paid_order

pytestmark = pytest.mark.django_db

ADD = "/admin/catalog/product/add/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def staff(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def picture(colour: str = "teal", name: str = "cover.png") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (700, 900), colour).save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue())


def form(**fields) -> dict:
    """What the browser sends for a product with nothing below it but these fields."""
    data = {
        "kind": "ebook",
        "status": "draft",
        "title_en": "Bread",
        "published_at_0": "",
        "published_at_1": "",
    }
    for part in ("variants", "bundle_items", "releases", "files", "images", "faqs"):
        data |= {f"{part}-TOTAL_FORMS": "0", f"{part}-INITIAL_FORMS": "0"}
    return data | {name.replace("__", "-"): value for name, value in fields.items()}


def whole_product(category: Category) -> dict:
    return form(
        title_ar="خبز",
        description_en="# Bread",
        categories=[category.pk],
        cover_upload=picture(),
        sample=SimpleUploadedFile("sample.pdf", b"%PDF-1.7"),
        status="published",
        variants__TOTAL_FORMS="2",
        variants__0__title_en="Standard",
        variants__0__amount="۱۲٫۵",
        variants__0__other_prices="eur 11.00\nKWD ٣٫٧٥٠",
        variants__0__is_active="on",
        variants__0__position="0",
        variants__1__title_en="Team",
        variants__1__amount="",
        variants__1__is_active="on",
        variants__1__position="1",
        files__TOTAL_FORMS="1",
        files__0__upload=SimpleUploadedFile("كتاب.pdf", b"%PDF-1.7 bread"),
        files__0__position="0",
        images__TOTAL_FORMS="1",
        images__0__upload=picture("navy"),
        images__0__alt_en="A page",
        images__0__position="0",
        faqs__TOTAL_FORMS="1",
        faqs__0__question_fa="چرا؟",
        faqs__0__answer_fa="چون.",
        faqs__0__position="0",
    )


def errors(response) -> list[str]:
    return re.findall(r'<ul class="errorlist[^"]*"[^>]*><li>(.*?)</li>', response.content.decode())


def test_a_product_with_all_its_parts_is_added_on_one_page(staff, django_capture_on_commit_callbacks):
    category = Category.objects.create(title_en="Cooking")

    with django_capture_on_commit_callbacks(execute=True):
        response = staff.post(ADD, whole_product(category))

    assert errors(response) == []
    assert response.status_code == 302
    product = Product.objects.get()
    assert (product.slug, product.title_ar, product.is_on_sale) == ("bread", "خبز", True)
    assert (product.cover.width, product.is_cover_drawn) == (700, False)
    standard, team = product.variants.all()
    assert {price.currency: price.amount for price in standard.prices.all()} == {
        "USD": 1250,
        "EUR": 1100,
        "KWD": 3750,
    }
    assert not team.prices.exists()
    file = product.files.get()
    assert (file.filename, file.size, file.file.open().read()) == ("كتاب.pdf", 14, b"%PDF-1.7 bread")
    assert product.images.get().picture.width == 700
    assert product.faqs.get().question_fa == "چرا؟"
    assert list(product.categories.all()) == [category]
    assert re.fullmatch(r"samples/[0-9a-f]{32}\.pdf", product.sample.name)
    assert product.sorting_amount == 1250


def test_what_is_saved_is_shown_and_saving_it_again_changes_nothing(staff):
    staff.post(ADD, whole_product(Category.objects.create(title_en="Cooking")))
    product = Product.objects.get()
    page = staff.get(f"/admin/catalog/product/{product.pk}/change/")
    text = page.content.decode()

    assert 'value="12.50"' in text
    assert "EUR 11.00\nKWD 3.750" in text
    assert product.files.get().sha256 in text
    assert product.cover.url(320, "webp") in text

    data = {}
    forms = [page.context["adminform"].form]
    for formset in page.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for each in forms:
        for bound in each:
            value = bound.value()
            if bound.name in ("upload", "cover_upload", "sample") or value is None or value is False:
                continue
            data[bound.html_name] = "on" if value is True else value
    data |= {
        "published_at_0": f"{product.published_at:%Y-%m-%d}",
        "published_at_1": f"{product.published_at:%H:%M:%S}",
    }
    data.pop("published_at", None)
    before = [list(model.objects.values()) for model in (Variant, ProductFile, ProductImage, Faq)]

    response = staff.post(f"/admin/catalog/product/{product.pk}/change/", data)

    assert (errors(response), response.status_code) == ([], 302)
    assert [list(model.objects.values()) for model in (Variant, ProductFile, ProductImage, Faq)] == before
    assert product.variants.first().prices.count() == 3


REFUSED = {
    "no title": ({"title_en": ""}, "at least one language"),
    "a NUL": ({"title_en": "a\x00b"}, "Null characters are not allowed"),
    "a long title": ({"title_en": "x" * 201}, "at most 200 characters"),
    "a bad slug": ({"slug": "a b/c"}, "valid"),
    "a script as cover": ({"cover_upload": SimpleUploadedFile("c.png", b"<?php")}, "be read as a picture"),
    "an empty cover": ({"cover_upload": SimpleUploadedFile("c.png", b"")}, "empty"),
    "a bad time": ({"published_at_0": "x", "published_at_1": "y"}, "Enter a valid date"),
}


@pytest.mark.parametrize(("fields", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_mistake_is_told_at_its_field_and_nothing_typed_is_lost(staff, fields, why):
    response = staff.post(ADD, form(tagline_ar="وعد", description_fa="متن بلند") | fields)

    assert response.status_code == 200
    assert any(why in error for error in errors(response))
    assert "وعد" in response.content.decode()
    assert "متن بلند" in response.content.decode()
    assert not Product.objects.exists()
    assert not Picture.objects.exists()


PART_REFUSED = {
    "too many decimals": ("variants", {"amount": "12.345"}, "at most 2 decimals"),
    "no number": ("variants", {"amount": "cheap"}, "such as 12.50"),
    "negative": ("variants", {"amount": "-5"}, "such as 12.50"),
    "unknown currency": ("variants", {"amount": "5", "other_prices": "XYZ 5"}, "XYZ is not known"),
    "a currency twice": (
        "variants",
        {"amount": "5", "other_prices": "EUR 5\neur 6"},
        "EUR stands here twice",
    ),
    "the shop's own currency": (
        "variants",
        {"amount": "5", "other_prices": "USD 6"},
        "USD has a field of its own",
    ),
    "an empty file": ("files", {"upload": SimpleUploadedFile("a.pdf", b"")}, "empty"),
    "no file": ("files", {"title_en": "The book"}, "Choose a file"),
    "no picture": ("images", {"alt_en": "x"}, "Choose a picture"),
    "half a question": ("faqs", {"question_en": "Why?"}, "at least one language"),
}


@pytest.mark.parametrize(("part", "fields", "why"), PART_REFUSED.values(), ids=PART_REFUSED.keys())
def test_a_mistake_below_the_product_is_told_there(staff, part, fields, why):
    data = {f"{part}-0-{name}": value for name, value in ({"position": "0"} | fields).items()}

    response = staff.post(ADD, form() | {f"{part}-TOTAL_FORMS": "1"} | data)

    assert response.status_code == 200
    assert any(why in error for error in errors(response))
    assert not Product.objects.exists()


def test_an_address_that_is_taken_is_told_at_its_field(staff):
    make_product(slug="bread")

    response = staff.post(ADD, form(slug="bread"))

    assert "already exists" in errors(response)[0]
    assert Product.objects.count() == 1


def test_a_product_without_a_cover_gets_one_drawn(staff, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        staff.post(ADD, form())
    product = Product.objects.get()
    first = product.cover
    assert product.is_cover_drawn

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/admin/catalog/product/{product.pk}/change/", form(slug="bread", title_en="Butter"))
    product.refresh_from_db()
    assert product.cover != first

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/admin/catalog/product/{product.pk}/change/", form(slug="bread", cover_upload=picture()))
    product.refresh_from_db()
    own = product.cover
    assert not product.is_cover_drawn

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/admin/catalog/product/{product.pk}/change/", form(slug="bread", title_en="Jam"))
    product.refresh_from_db()
    assert product.cover == own

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/admin/catalog/product/{product.pk}/change/", form(slug="bread", draw_cover="on"))
    product.refresh_from_db()
    assert product.is_cover_drawn


def test_publishing_what_has_no_price_is_noticed(staff):
    response = staff.post(ADD, form(status="published"), follow=True)

    assert "nobody can buy it" in response.content.decode()


def test_a_file_is_replaced_in_its_place(staff):
    staff.post(ADD, whole_product(Category.objects.create(title_en="Cooking")))
    product = Product.objects.get()
    old = product.files.get()

    staff.post(
        f"/admin/catalog/product/{product.pk}/change/",
        form(
            slug="bread",
            files__TOTAL_FORMS="1",
            files__INITIAL_FORMS="1",
            files__0__id=old.pk,
            files__0__product=product.pk,
            files__0__filename="book.pdf",
            files__0__position="0",
            files__0__upload=SimpleUploadedFile("second edition.pdf", b"%PDF-1.7 better"),
        ),
    )

    new = product.files.get()
    assert (new.pk, new.filename, new.size) == (old.pk, "book.pdf", 15)
    assert new.file.open().read() == b"%PDF-1.7 better"
    assert old.file.open().read() == b"%PDF-1.7 bread"


def test_a_variant_that_was_bought_stays(staff):
    product = make_product(slug="bread", files=0)
    paid_order(product)
    variant = product.variants.get()

    response = staff.post(
        f"/admin/catalog/product/{product.pk}/change/",
        form(
            slug="bread",
            variants__TOTAL_FORMS="1",
            variants__INITIAL_FORMS="1",
            variants__0__id=variant.pk,
            variants__0__product=product.pk,
            variants__0__amount="12",
            variants__0__position="0",
            variants__0__DELETE="on",
        ),
    )

    assert "would require deleting the following protected related objects" in response.content.decode()
    assert product.variants.get() == variant


def listed(response) -> list[str]:
    return [product.title_en for product in response.context["cl"].result_list]


def test_the_list_shows_states_and_finds_either_spelling(staff):
    make_product(title_en="On sale")
    make_product(title_en="Later", published_at=timezone.now() + timedelta(days=2))
    make_product(title_en="Unfinished", title_ar="كتاب الخبز", status="draft", published_at=None)
    address = "/admin/catalog/product/"

    assert sorted(listed(staff.get(address))) == ["Later", "On sale", "Unfinished"]
    assert listed(staff.get(address + "?state=on_sale")) == ["On sale"]
    assert listed(staff.get(address + "?state=scheduled")) == ["Later"]
    assert listed(staff.get(address + "?state=draft")) == ["Unfinished"]
    assert listed(staff.get(address + "?q=کتاب+خبز")) == ["Unfinished"]
    assert listed(staff.get(address + "?q=%25")) == []
    assert "?preview" in staff.get(address + "?state=draft").content.decode()


def test_the_list_asks_the_same_number_of_queries_however_long(staff):
    make_product(files=0)
    with CaptureQueriesContext(connection) as few:
        staff.get("/admin/catalog/product/")
    for _each in range(20):
        make_product(files=0)

    with CaptureQueriesContext(connection) as many:
        staff.get("/admin/catalog/product/")

    assert len(many) == len(few)


def act(client, action: str, *products: Product):
    keys = [product.pk for product in products]
    return client.post("/admin/catalog/product/", {"action": action, "_selected_action": keys}, follow=True)


def test_products_are_put_on_sale_and_taken_off(staff):
    one, two = (make_product(status="draft", published_at=None, description_en="Bread") for _each in range(2))

    assert "2 products are on sale." in act(staff, "publish", one, two).content.decode()
    one.refresh_from_db()
    assert one.is_on_sale
    assert "bread" in one.search_text

    assert "1 product is a draft again." in act(staff, "unpublish", one).content.decode()
    one.refresh_from_db()
    assert not one.is_on_sale


def test_a_copy_has_everything_but_the_address_and_the_state(staff):
    staff.post(ADD, whole_product(Category.objects.create(title_en="Cooking")))
    product = Product.objects.get()
    file = product.files.get()
    file.variants.set([product.variants.last()])

    act(staff, "make_copies", product)

    copy = Product.objects.exclude(pk=product.pk).get()
    assert (copy.slug, copy.status, copy.published_at) == ("bread-2", "draft", None)
    assert (copy.title_ar, copy.cover, copy.sample.name) == ("خبز", product.cover, product.sample.name)
    assert [
        (variant.title_en, {price.currency: price.amount for price in variant.prices.all()})
        for variant in copy.variants.all()
    ] == [("Standard", {"USD": 1250, "EUR": 1100, "KWD": 3750}), ("Team", {})]
    copied = copy.files.get()
    assert (copied.file.name, copied.sha256) == (file.file.name, file.sha256)
    assert list(copied.variants.all()) == [copy.variants.last()]
    assert copy.faqs.get().question_fa == "چرا؟"
    assert copy.images.get().picture == product.images.get().picture
    assert copy.categories.get().title_en == "Cooking"
    assert list(file.variants.all()) == [product.variants.last()]


def test_only_staff_with_the_right_gets_in(client):
    product = make_product()
    for user in (make_user(), make_user(is_staff=True)):
        client.force_login(user)
        assert client.get(f"/admin/catalog/product/{product.pk}/change/").status_code in (302, 403)
        assert client.post(ADD, form()).status_code in (302, 403)

    assert Product.objects.count() == 1


@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_admin_pages_hold_to_the_strict_policy(staff, prefix):
    product = make_product()
    make_variant(product)

    for page in ("add/", "", f"{product.pk}/change/", f"{product.pk}/delete/", f"{product.pk}/history/"):
        response = staff.get(f"{prefix}/admin/catalog/product/{page}")
        text = response.content.decode()
        assert response.status_code == 200
        assert "style-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(
            r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)(?![^>]*application/json)", text
        )


def test_a_category_is_added(staff):
    staff.post("/admin/catalog/category/add/", {"title_fa": "آشپزی", "position": "0"})

    assert Category.objects.get().slug == "آشپزی"
