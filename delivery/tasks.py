from celery import shared_task

from delivery import news


@shared_task(name="delivery.announce_releases")
def announce_releases() -> None:
    news.announce_releases()
