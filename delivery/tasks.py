from celery import shared_task

from delivery import news
from delivery.models import Stamp
from delivery.stamping import make_stamp

BATCH = 50


@shared_task(name="delivery.announce_releases")
def announce_releases() -> None:
    news.announce_releases()


@shared_task(name="delivery.stamp")
def stamp(stamp_id: int) -> None:
    make_stamp(
        Stamp.objects.select_related("grant__file__product", "grant__line__order__user").get(pk=stamp_id)
    )


@shared_task(name="delivery.stamp_due")
def stamp_due() -> None:
    for stamp_id in Stamp.objects.due().values_list("pk", flat=True)[:BATCH]:
        stamp(stamp_id)
