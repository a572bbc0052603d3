"""Kill -9, wiped queues, brokers and mail servers that are away: what was promised is done all the same.

The claim of a dead worker ends by the clock of its row, three minutes later. Tests do not wait for that: they
move the row's time instead, and send the sweeps that the scheduler would send.
"""

import math
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils import timezone

from checkout.models import Order, OrderEvent, Payment, WebhookEvent
from delivery.models import DownloadGrant
from storefront.models import OutgoingMail
from tests.doubles.smtp import MailServer, mail_server
from tests.factories import make_product
from tests.faults.shop import Shop
from tests.processes import wait_until

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
BOOK = b"%PDF-1.7 a book"


@contextmanager
def silent_mail_server(port: int) -> Iterator[None]:
    """Takes connections and never says a word, so that a mail is under way for as long as one likes."""
    with socket.create_server(("127.0.0.1", port), backlog=100):
        yield


def time_passes() -> None:
    """Claims of dead workers end, and what waits for another try is due."""
    for rows in (OrderEvent.objects, WebhookEvent.objects):
        rows.filter(handled_at=None).update(next_attempt_at=timezone.now())
    OutgoingMail.objects.filter(status="pending").update(next_attempt_at=timezone.now())
    Payment.objects.filter(status="pending").update(next_check_at=timezone.now(), checked_at=None)


def recover(shop: Shop, mails: MailServer, count: int) -> None:
    """Time passes and sweeps run until so many mails are there.

    Claims only end for the dead: a living worker is given five seconds, as three minutes would in truth.
    """
    last = -math.inf

    def all_there() -> bool:
        nonlocal last
        if len(mails.taken) < count and shop.count_jobs() == 0 and time.monotonic() - last > 5:
            last = time.monotonic()
            time_passes()
            shop.sweep()
        return len(mails.taken) >= count and not OutgoingMail.objects.filter(status="pending").exists()

    wait_until(all_there)


def assert_each_delivered_once(mails: MailServer, buyers: list[str]) -> None:
    assert Counter(str(mail["To"]) for mail in mails.taken) == Counter(buyers)
    assert Counter(Order.objects.values_list("email", "status")) == Counter(
        (buyer, "paid") for buyer in buyers
    )
    assert OrderEvent.objects.filter(name="order.paid").count() == len(buyers)
    assert DownloadGrant.objects.count() == OutgoingMail.objects.count() == len(buyers)
    assert not OrderEvent.objects.filter(handled_at=None).exists()


def children_of(pid: int) -> list[int]:
    texts = [thread.read_text() for thread in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for child in " ".join(texts).split()]


# How far the order has come when its worker is killed.
MOMENTS = [
    lambda order: WebhookEvent.objects.filter(payment_key__in=order.payments.values("key")).exists(),
    lambda order: order.status == Order.Status.PAID,
    lambda order: OutgoingMail.objects.filter(to=order.email, attempts=1).exists(),
]


def test_a_worker_killed_between_payment_and_mail_loses_and_doubles_nothing(shop: Shop) -> None:
    shop.start_web()
    product = make_product()
    buyers = [f"buyer{number}@example.com" for number in range(ROUNDS)]
    pages = []

    with silent_mail_server(shop.mail_port):
        for number, buyer in enumerate(buyers):
            worker = shop.start_worker()
            pages.append(shop.buy(product, buyer))
            wait_until(lambda: MOMENTS[number % 3](Order.objects.get(email=buyer)))  # noqa: B023  asked now
            shop.kill(worker)
            if number % 2:  # the buyer looks: deliverable at once, with no worker alive
                assert shop.download(pages[-1]) == BOOK

    with mail_server(shop.mail_port) as mails:
        shop.start_worker()
        recover(shop, mails, ROUNDS)
        assert [shop.download(page) for page in pages] == [BOOK] * ROUNDS
    assert_each_delivered_once(mails, buyers)


def test_a_pool_child_killed_while_it_mails_loses_and_doubles_nothing(shop: Shop) -> None:
    shop.start_web()
    product = make_product()
    buyers = [f"buyer{number}@example.com" for number in range((ROUNDS + 2) // 3)]
    worker = shop.start_worker("prefork")

    with silent_mail_server(shop.mail_port):
        for buyer in buyers:
            shop.buy(product, buyer)
            wait_until(lambda: OutgoingMail.objects.filter(to=buyer, attempts=1).exists())  # noqa: B023
            (child,) = children_of(worker.pid)
            os.kill(child, signal.SIGKILL)
            wait_until(lambda: child not in children_of(worker.pid) and children_of(worker.pid))  # noqa: B023

    with mail_server(shop.mail_port) as mails:
        recover(shop, mails, len(buyers))
    assert worker.poll() is None
    assert_each_delivered_once(mails, buyers)


def test_a_wiped_queue_loses_nothing(shop: Shop) -> None:
    shop.start_web()
    product = make_product()
    buyers = [f"buyer{number}@example.com" for number in range(3)]
    pages = [shop.buy(product, buyer) for buyer in buyers]
    assert shop.count_jobs() >= 3

    shop.wipe_queue()
    assert shop.download(pages[0]) == BOOK
    shop.wipe_queue()

    with mail_server(shop.mail_port) as mails:
        shop.start_worker()
        recover(shop, mails, 3)
    assert_each_delivered_once(mails, buyers)


def test_a_broker_that_is_away_stops_neither_buying_nor_downloading(shop: Shop) -> None:
    if shop.redis_url:
        shop.start_web(REDIS_URL="redis://127.0.0.1:1/0")
    else:
        shop.start_web()
        shop.queue.rmdir()
        shop.queue.touch()  # a folder that can't be written to, even by root
    pages = [shop.buy(make_product(), "paid@example.com"), shop.buy(make_product(0), "free@example.com")]

    assert [shop.download(page) for page in pages] == [BOOK, BOOK]

    if not shop.redis_url:
        shop.queue.unlink()
        shop.queue.mkdir()
    with mail_server(shop.mail_port) as mails:
        shop.start_worker()
        recover(shop, mails, 1)
    assert [mail["To"] for mail in mails.taken] == ["paid@example.com"]
    assert Order.objects.filter(status="paid").count() == DownloadGrant.objects.count() == 2


def test_a_mail_server_that_was_away_gets_all_mails_in_their_order(shop: Shop) -> None:
    shop.start_web()
    shop.start_worker()
    product = make_product()
    buyers = [f"buyer{number}@example.com" for number in range(4)]

    for buyer in buyers:
        page = shop.buy(product, buyer)
        assert shop.download(page) == BOOK
    wait_until(lambda: OutgoingMail.objects.exclude(error="").count() == 4)
    assert not OutgoingMail.objects.filter(status="failed").exists()

    with mail_server(shop.mail_port) as mails:
        mails.refuse_recipient = "451 come back later"
        time_passes()
        shop.sweep()
        wait_until(lambda: OutgoingMail.objects.filter(error__contains="come back later").count() == 4)
        mails.refuse_recipient = None
        recover(shop, mails, 4)
    written = OutgoingMail.objects.order_by("pk").values_list("to", flat=True)
    assert [str(mail["To"]) for mail in mails.taken] == list(written)
    assert_each_delivered_once(mails, buyers)
