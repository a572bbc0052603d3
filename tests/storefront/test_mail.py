"""Mail through a real SMTP conversation: promised once, sent once, tried again, forgotten when secret."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.db import connection, transaction
from django.utils import timezone

from storefront.celery import app
from storefront.mail import deliver, write_mail
from storefront.models import MAX_ATTEMPTS, OutgoingMail
from storefront.tasks import send_due_mails
from tests.doubles.smtp import MailServer, mail_server

Status = OutgoingMail.Status


def promise(cause: str = "order.paid:1", **fields) -> OutgoingMail:
    words = {"to": "Buyer@example.com", "language": "en", "subject": f"Mail of {cause}", "text": "Hello\n"}
    return write_mail(cause=cause, **{**words, **fields})


def make_due() -> None:
    """As if the time of the next attempt had come for all."""
    OutgoingMail.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def _no_task_runs() -> None:
    """Mails stay promised until the test's own sweep, as with a broker that lost every message."""
    app.conf.task_always_eager = False


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with mail_server() as double:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", double.port
        yield double


pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_no_task_runs")]


def test_mail_goes_out_with_both_parts_and_its_language(server):
    mail = promise(
        language="fa", subject="سفارش شما", text="سلام، لینک‌ها اینجاست.\n", html="<p dir=rtl>سلام</p>"
    )

    send_due_mails()

    (sent,) = server.taken
    assert (sent["To"], sent["Subject"], sent["Content-Language"]) == ("Buyer@example.com", "سفارش شما", "fa")
    assert sent["From"] == "Dukkan <shop@localhost>"
    assert sent["Message-ID"].startswith(f"<mail-{mail.pk}-")
    assert sent.get_body(["plain"]).get_content().strip() == "سلام، لینک‌ها اینجاست."
    assert sent.get_body(["html"]).get_content().strip() == "<p dir=rtl>سلام</p>"
    mail.refresh_from_db()
    assert (mail.status, mail.attempts, mail.error) == (Status.SENT, 1, "")
    assert mail.sent_at is not None


def test_one_cause_is_one_mail(server):
    first, again = promise(), promise(subject="Another subject")

    send_due_mails()
    send_due_mails()

    assert first.pk == again.pk
    assert server.subjects == ["Mail of order.paid:1"]


def test_mail_is_sent_only_after_commit(server):
    app.conf.task_always_eager = True

    with transaction.atomic():
        promise()
        assert server.sessions == 0

    assert server.subjects == ["Mail of order.paid:1"]


def test_mail_of_a_transaction_that_failed_is_never_sent(server):
    app.conf.task_always_eager = True

    with transaction.atomic():
        promise()
        transaction.set_rollback(True)

    send_due_mails()
    assert (server.sessions, OutgoingMail.objects.count()) == (0, 0)


def test_greylisted_mail_waits_and_goes_out_later(server):
    server.refuse_recipient = "451 4.7.1 come back later"
    mail = promise()
    send_due_mails()
    mail.refresh_from_db()
    assert (mail.status, mail.attempts, server.taken) == (Status.PENDING, 1, [])
    assert "451" in mail.error
    assert timedelta(seconds=10) < mail.next_attempt_at - timezone.now() <= timedelta(seconds=15)

    send_due_mails()  # not due yet
    assert server.sessions == 1

    server.refuse_recipient = None
    make_due()
    send_due_mails()
    mail.refresh_from_db()
    assert (mail.status, mail.attempts, mail.error) == (Status.SENT, 2, "")
    assert server.subjects == ["Mail of order.paid:1"]


@pytest.mark.parametrize("step", ["refuse_recipient", "refuse_data"])
def test_mail_refused_for_good_is_kept_with_the_reason_and_holds_up_nobody(server, step):
    setattr(server, step, "550 5.1.1 no such person")
    refused = promise("order.paid:1")
    assert deliver(refused) is True
    setattr(server, step, None)
    promise("order.paid:2")

    make_due()
    send_due_mails()

    refused.refresh_from_db()
    assert (refused.status, refused.attempts) == (Status.FAILED, 1)
    assert "no such person" in refused.error
    assert server.subjects == ["Mail of order.paid:2"]


def test_mail_is_given_up_after_the_last_attempt(server):
    server.refuse_data = "451 4.3.0 try again"
    mail = promise()
    OutgoingMail.objects.update(attempts=MAX_ATTEMPTS - 1)

    send_due_mails()

    mail.refresh_from_db()
    assert (mail.status, mail.attempts) == (Status.FAILED, MAX_ATTEMPTS)


def test_mails_go_out_in_their_order_when_the_server_is_back(settings):
    with mail_server() as gone:
        port = gone.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    for number in range(1, 6):
        promise(f"order.paid:{number}")
    send_due_mails()
    first = OutgoingMail.objects.order_by("pk")[0]
    assert "refused" in first.error.lower()
    assert list(OutgoingMail.objects.values_list("attempts", flat=True).order_by("pk")) == [1, 0, 0, 0, 0]

    OutgoingMail.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now())
    with mail_server(port) as back:
        send_due_mails()

    assert back.subjects == [f"Mail of order.paid:{number}" for number in range(1, 6)]
    assert set(OutgoingMail.objects.values_list("status", flat=True)) == {Status.SENT}


def test_no_mail_is_given_up_while_the_server_is_away(settings):
    with mail_server() as gone:
        port = gone.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    mail = promise()
    OutgoingMail.objects.update(attempts=MAX_ATTEMPTS + 10)

    assert not deliver(mail)

    mail.refresh_from_db()
    assert (mail.status, bool(mail.error)) == (Status.PENDING, True)
    assert timedelta(seconds=50) < mail.next_attempt_at - timezone.now() <= timedelta(minutes=1)


@pytest.mark.parametrize(
    "address", ["a b@c", "x@" + "y" * 70 + ".example", "mona@example.com\nBcc: x@y.example", ""]
)
def test_mail_that_cannot_be_written_is_kept_with_the_reason_and_holds_up_nobody(server, address):
    spoiled = promise("order.paid:1")
    OutgoingMail.objects.update(to=address)
    promise("order.paid:2")

    send_due_mails()

    spoiled.refresh_from_db()
    assert "Mail of order.paid:2" in server.subjects
    assert spoiled.status == Status.SENT or spoiled.error


def test_worker_that_dies_while_sending_leaves_the_mail_to_the_sweep(server):
    mail = promise()
    assert mail.claim() is True  # and is killed here

    send_due_mails()
    assert server.sessions == 0
    make_due()
    send_due_mails()

    assert server.subjects == ["Mail of order.paid:1"]


def test_secret_is_forgotten_once_sent_and_kept_until_then(server):
    server.refuse_data = "451 4.3.0 try again"
    mail = promise(text="Your code is 123456\n", html="<p>123456</p>", is_secret=True)
    send_due_mails()
    mail.refresh_from_db()
    assert mail.text == "Your code is 123456\n"

    server.refuse_data = None
    make_due()
    send_due_mails()

    mail.refresh_from_db()
    assert (mail.status, mail.text, mail.html) == (Status.SENT, "", "")
    assert "123456" in server.taken[0].get_body(["plain"]).get_content()
    assert mail.send_again() is False


def test_staff_may_send_a_failed_mail_again(server):
    server.refuse_data = "550 5.2.2 full"
    mail = promise()
    send_due_mails()
    server.refuse_data = None

    assert mail.send_again() is True
    assert mail.send_again() is False  # it waits already
    send_due_mails()

    mail.refresh_from_db()
    assert (mail.status, mail.error, server.subjects) == (Status.SENT, "", ["Mail of order.paid:1"])


def test_each_wish_of_staff_is_another_message_and_each_attempt_the_same(server):
    mail = promise()
    send_due_mails()
    first = server.taken[-1]["Message-ID"]

    OutgoingMail.objects.update(status=Status.PENDING, next_attempt_at=timezone.now())  # as after a crash
    send_due_mails()
    mail.send_again()
    send_due_mails()
    mail.refresh_from_db()
    mail.send_again()
    send_due_mails()

    ids = [sent["Message-ID"] for sent in server.taken]
    assert ids[:2] == [first, first]
    assert len(set(ids)) == 3


def test_workers_at_the_same_moment_send_once(server):
    mail = promise()
    start = threading.Barrier(6)

    def work() -> None:
        try:
            start.wait(10)
            deliver(OutgoingMail.objects.get(pk=mail.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.subjects == ["Mail of order.paid:1"]
    assert OutgoingMail.objects.get().attempts == 1


@pytest.mark.parametrize("subject", ["a\r\nBcc: spy@example.com", "a\n\nbody", "\u202edaolnwod\x00"])
def test_subject_cannot_write_headers(server, subject):
    promise(subject=subject)

    send_due_mails()

    (sent,) = server.taken
    assert sent["Bcc"] is None
    assert sent["Subject"] == " ".join(subject.replace("\u202e", " ").replace("\x00", " ").split())


def test_mails_of_tests_stay_in_memory():
    promise()

    send_due_mails()

    assert [message.subject for message in django_mail.outbox] == ["Mail of order.paid:1"]
