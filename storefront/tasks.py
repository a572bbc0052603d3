from celery import shared_task
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from storefront.mail import deliver
from storefront.models import LimitCount, OutgoingMail

HEARTBEAT = "storefront.heartbeat"


@shared_task(name="storefront.leave_sign")
def leave_sign() -> None:
    """Tells the doctor that scheduler, broker and worker all do their part."""
    cache.set(HEARTBEAT, timezone.now(), timeout=None)


@shared_task(name="storefront.send_mail")
def send_mail(mail_id: int) -> None:
    deliver(OutgoingMail.objects.get(pk=mail_id))


@shared_task(name="storefront.send_due_mails")
def send_due_mails() -> None:
    for mail in OutgoingMail.objects.due()[:100]:
        if not deliver(mail):
            break


@shared_task(name="storefront.clear_old_rows")
def clear_old_rows() -> None:
    call_command("clearsessions")
    LimitCount.objects.filter(ends_at__lt=timezone.now()).delete()
