from celery import shared_task

from catalog.checking import check_sizes
from catalog.covers import draw_cover_of
from catalog.models import Product


@shared_task(name="catalog.draw_cover")
def draw_cover(product_id: int) -> None:
    for product in Product.objects.filter(pk=product_id):
        draw_cover_of(product)


@shared_task(name="catalog.draw_due_covers")
def draw_due_covers() -> None:
    for product in Product.objects.filter(cover=None)[:20]:
        draw_cover_of(product)


@shared_task(name="catalog.note_amounts")
def note_amounts() -> None:
    """After the shop's currency changed."""
    Product.objects.all().note_amounts()


@shared_task(name="catalog.note_sales")
def note_sales() -> None:
    Product.objects.note_begun_and_ended_sales()


@shared_task(name="catalog.check_files")
def check_files() -> None:
    check_sizes()
