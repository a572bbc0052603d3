from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils.translation import override

from accounts.models import User
from catalog.models import Category, Picture, Price, Product, ProductFile, Variant
from demo.loading import SIGN_INS, NotADemo, load_demo
from demo.shop import BUILT

pytestmark = pytest.mark.django_db


def test_fills_an_empty_shop_once_and_keeps_what_was_edited() -> None:
    assert load_demo() == 14

    guide = Product.objects.get(slug="دليل-النشر-الرقمي")
    pdf = guide.files.get(filename="دليل النشر الرقمي.pdf")
    assert titles(guide) == ["The digital publishing guide", "دليل النشر الرقمي", "راهنمای نشر دیجیتال"]
    assert guide.cover is not None
    assert guide.images.count() == 2
    assert guide.faqs.count() == 4
    assert Price.objects.get(variant__product=guide, currency="USD").amount == 1500
    assert (pdf.content_type, titles(pdf)[2]) == ("application/pdf", "کتاب به صورت PDF")
    with pdf.file.open() as stored:
        assert stored.read() == (BUILT / "files" / "digital-publishing-guide-ar.pdf").read_bytes()
    assert Product.objects.published().count() == 13
    assert Product.objects.get(status="draft").slug == "quiet-plugins"

    with override("ar"):
        guide.title = "عنوان آخر"
        guide.save()
    Product.objects.get(slug="quiet-plugins").delete()
    User.objects.filter(email="buyer@example.com").update(name="Somebody")
    counts = counted()

    assert load_demo() == 0

    guide.refresh_from_db()
    assert titles(guide)[1] == "عنوان آخر"
    assert User.objects.get(email="buyer@example.com").name == "Somebody"
    assert counted() == counts


def titles(row: Product | ProductFile | Variant) -> list[str]:
    found = []
    for language in ("en", "ar", "fa"):
        with override(language):
            found.append(row.title)
    return found


def counted() -> list[int]:
    return [
        model.objects.count()
        for model in (Product, Category, Variant, Price, ProductFile, Picture, User, EmailAddress)
    ]


def test_team_edition_brings_a_file_more() -> None:
    load_demo()
    personal, team = Variant.objects.filter(product__slug="publish-it-yourself")
    files = ProductFile.objects.filter(product=personal.product)

    assert len([file for file in files if file.is_brought_by(personal)]) == 2
    assert len([file for file in files if file.is_brought_by(team)]) == 3
    assert titles(personal) == ["For one reader", "لقارئ واحد", "برای یک خواننده"]


def test_people_can_sign_in_at_once() -> None:
    out = StringIO()
    call_command("load_demo", stdout=out)

    for sign_in in SIGN_INS:
        assert Client().login(email=sign_in.email, password=sign_in.password)
        assert EmailAddress.objects.filter(email=sign_in.email, verified=True, primary=True).count() == 1
        assert f"{sign_in.email:<24} {sign_in.password}" in out.getvalue()
    assert list(User.objects.filter(is_staff=True).values_list("email", "is_superuser")) == [
        ("seller@example.com", True)
    ]


@override_settings(DEMO=False)
def test_a_real_shop_refuses_the_demo() -> None:
    with pytest.raises(NotADemo):
        load_demo()
    with pytest.raises(CommandError):
        call_command("load_demo")

    assert not User.objects.exists()
    assert not Product.objects.exists()
    assert not Category.objects.exists()
