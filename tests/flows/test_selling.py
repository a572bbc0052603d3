"""Staff put a product on sale in a real browser."""

import io
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from catalog.models import Product
from tests.factories import make_file, make_product, make_user
from tests.flows.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sign_in(page: Page, base_url: str) -> None:
    client = Client()
    client.force_login(make_user("seller@example.com", is_staff=True, is_superuser=True))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base_url}])


def upload(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def cover() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (900, 1200), "teal").save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize("language", ["en", "ar", "fa"])
def test_a_product_is_added_with_everything_on_one_page(
    open_page: Callable[..., Page], live_server, prefix, language
):
    page = open_page(language, DESKTOP)
    sign_in(page, live_server.url)
    page.goto(f"{prefix(language)}/admin/catalog/product/add/")

    page.fill(f"#id_title_{language}", "Bread خبز")
    page.fill("#id_variants-0-amount", "۱۲٫۵")
    page.set_input_files("#id_cover_upload", files=[upload("cover.png", "image/png", cover())])
    page.locator("#files-group .add-row a").click()
    page.set_input_files("#id_files-0-upload", files=[upload("خبز.pdf", "application/pdf", b"%PDF-1.7")])
    page.locator("#faqs-group .add-row a").click()
    page.fill(f"#id_faqs-0-question_{language}", "?")
    page.fill(f"#id_faqs-0-answer_{language}", "!")
    page.select_option("#id_status", "published")
    page.click("[name=_continue]")

    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.locator("#id_variants-0-amount")).to_have_value("12.50")
    product = Product.objects.get()
    assert product.is_on_sale
    assert product.files.get().filename == "خبز.pdf"
    assert page.locator(".field-cover_preview img").evaluate("image => image.naturalWidth") == 320

    page.click(".viewsitelink")
    expect(page.locator("h1")).to_have_text("Bread خبز")


def test_a_mistake_stands_at_its_field(open_page: Callable[..., Page], live_server):
    page = open_page("en", PHONE)
    sign_in(page, live_server.url)
    page.goto("/admin/catalog/product/add/")

    page.fill("#id_title_en", "Bread")
    page.fill("#id_variants-0-amount", "12.345")
    page.click("[name=_save]")

    expect(page.locator(".field-amount .errorlist")).to_contain_text("at most 2 decimals")
    expect(page.locator("#id_variants-0-amount")).to_have_value("12.345")
    expect(page.locator("#id_title_en")).to_have_value("Bread")
    assert not Product.objects.exists()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_can_be_read_and_its_fields_have_names(
    open_page: Callable[..., Page], live_server, prefix, language, scheme
):
    product = make_product(title_ar="كتاب الخبز")
    make_file(product)
    page = open_page(language, DESKTOP, color_scheme=scheme, bypass_csp=True)  # axe brings a style of its own
    sign_in(page, live_server.url)
    rules = {"runOnly": {"type": "rule", "values": ["color-contrast", "label", "link-name", "select-name"]}}

    for address in ("", f"{product.pk}/change/"):
        page.goto(f"{prefix(language)}/admin/catalog/product/{address}")
        found = Axe().run(page, options=rules).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
