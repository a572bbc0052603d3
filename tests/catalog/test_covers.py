import pytest

from catalog.covers import ask_for_cover
from catalog.models import Picture, Product
from catalog.tasks import draw_cover, draw_due_covers
from tests.factories import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_drawing_twice_makes_one_picture():
    product = make_product(title_en="Bread")

    draw_cover(product.pk)
    draw_cover(product.pk)

    product.refresh_from_db()
    assert product.is_cover_drawn
    assert (product.cover.width, product.cover.height) == (960, 1280)
    assert Picture.objects.count() == 1


def test_the_sellers_own_cover_stays():
    product = make_product()
    own = Picture.objects.create(digest="a" * 64, width=1, height=1)
    Product.objects.filter(pk=product.pk).update(cover=own)

    draw_cover(product.pk)

    product.refresh_from_db()
    assert product.cover == own


def test_the_sweep_draws_what_a_lost_message_left():
    product = make_product()

    draw_due_covers()

    product.refresh_from_db()
    assert product.is_cover_drawn


def test_a_product_that_is_gone_needs_no_cover():
    draw_cover(0)

    assert not Picture.objects.exists()


def test_only_what_has_no_cover_of_its_seller_asks_for_one(django_capture_on_commit_callbacks):
    product = make_product()
    product.cover = Picture.objects.create(digest="a" * 64, width=1, height=1)

    with django_capture_on_commit_callbacks() as asked:
        ask_for_cover(product)

    assert asked == []
