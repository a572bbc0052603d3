from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from checkout.models import OrderEvent, WebhookEvent
from invoicing.models import DocumentPdf
from storefront.celery import app
from storefront.doctor.finding import Findings, ok, problem, warning
from storefront.models import OutgoingMail
from storefront.tasks import HEARTBEAT

SLOW, STUCK = timedelta(minutes=1), timedelta(minutes=10)
SILENT = timedelta(minutes=3)


def broker() -> Findings:
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except (OperationalError, OSError) as error:
        yield problem(
            "Broker", f"It does not answer ({error}). Start Redis, or mend REDIS_URL. Nothing is lost."
        )
    else:
        yield ok("Broker", f"{connection.transport.driver_name or connection.transport_cls} answers.")


def lag() -> Findings:
    """How long the oldest piece of due work of each kind has been waiting."""
    try:
        parked = (("Events", OrderEvent), ("Webhooks", WebhookEvent), ("PDFs", DocumentPdf))
        for name, model in (*parked, ("Mails", OutgoingMail)):
            oldest = model.objects.due().values_list("next_attempt_at", flat=True).first()
            yield from _lag(name, oldest)
        for name, model in parked:
            if count := model.objects.parked().count():
                yield warning(name, f"Given up: {count}. Mend the cause, then run them again in the admin.")
        failed = OutgoingMail.objects.filter(status=OutgoingMail.Status.FAILED).count()
        if failed:
            yield warning("Mails", f"Refused for good: {failed}. See their errors in the admin, under Mails.")
    except DatabaseError as error:
        yield problem("Queue", f"Its rows cannot be read ({error}): run `manage.py migrate`.")


def _lag(name: str, oldest: datetime | None) -> Findings:
    waited = timezone.now() - oldest if oldest else timedelta(0)
    seconds = f"The oldest due row has waited {waited.total_seconds():.0f} s."
    if waited > STUCK:
        yield problem(name, f"{seconds} Is the worker running, and what does its log say?")
    elif waited > SLOW:
        yield warning(name, f"{seconds} The worker is behind: start another, or wait.")
    else:
        yield ok(name, "Nothing waits." if oldest is None else seconds)


def worker() -> Findings:
    """The scheduler asks the worker to leave a sign each half minute, so one sign speaks for both."""
    try:
        seen = cache.get(HEARTBEAT)
    except DatabaseError:
        seen = None
    if seen is None or timezone.now() - seen > SILENT:
        yield problem("Worker", "No sign of worker and scheduler lately: start both, and see their logs.")
    else:
        yield ok("Worker", f"Worker and scheduler gave a sign {(timezone.now() - seen).seconds} s ago.")
