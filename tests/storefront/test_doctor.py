"""The doctor against real servers on 127.0.0.1: what it finds, and what it tells to do."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from storefront.doctor import database, machine, outside, queue, storage
from storefront.mail import write_mail
from storefront.models import OutgoingMail
from storefront.tasks import HEARTBEAT, leave_sign
from tests.doubles.smtp import mail_server

pytestmark = pytest.mark.django_db


def levels(findings) -> list[str]:
    return [finding.level for finding in findings]


def text(findings) -> str:
    return " ".join(finding.text for finding in findings)


def test_each_line_has_a_level_a_name_and_a_sentence(capsys):
    with pytest.raises(CommandError, match="Problems: "):
        call_command("doctor")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 12
    assert all(re.fullmatch(r"(ok|warning|problem) +[A-Z]\w+ +\S.+", line) for line in lines)


def test_a_database_up_to_date_is_well():
    assert set(levels(database.database())) == {"ok"}


def test_a_missing_migration_is_a_problem():
    MigrationRecorder(connection).migration_qs.filter(app="delivery").delete()

    findings = list(database.database())

    assert levels(findings)[-1] == "problem"
    assert "manage.py migrate" in findings[-1].text


@pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (5, "warning"), (11, "problem")])
def test_due_work_may_wait_a_minute(minutes, level, mailoutbox):
    write_mail(cause="test:1", to="buyer@example.com", language="en", subject="Hello", text="Hello")
    OutgoingMail.objects.update(
        status="pending", next_attempt_at=timezone.now() - timedelta(minutes=minutes, seconds=1)
    )

    (mails,) = [finding for finding in queue.lag() if finding.name == "Mails"]

    assert mails.level == level
    assert f"{minutes * 60 + 1} s" in mails.text


def test_mails_that_were_refused_are_counted():
    mail = write_mail(cause="test:1", to="buyer@example.com", language="en", subject="Hello", text="Hello")
    OutgoingMail.objects.filter(pk=mail.pk).update(status="failed")

    assert "Refused for good: 1." in text(queue.lag())


def test_a_sign_of_the_worker_is_good_for_three_minutes():
    assert levels(queue.worker()) == ["problem"]

    leave_sign()
    assert levels(queue.worker()) == ["ok"]

    cache.set(HEARTBEAT, timezone.now() - timedelta(minutes=4))
    assert levels(queue.worker()) == ["problem"]


def test_a_mail_server_that_answers_is_well_and_one_that_is_away_a_problem(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "127.0.0.1", "Shop <shop@example.com>"
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        assert levels(outside.mail()) == ["ok"]

    assert levels(outside.mail()) == ["problem"]
    assert server.taken == []


class Stripe(HTTPServer):
    status, date = 200, "Thu, 01 Jan 1970 00:00:00 GMT"


class Answer(BaseHTTPRequestHandler):
    server: Stripe

    def do_GET(self) -> None:
        assert self.path == "/v1/balance"
        right = self.headers["Authorization"] == "Bearer sk_live_right"
        self.send_response_only(200 if right else 401)
        self.send_header("Date", self.server.date or self.date_time_string())
        self.end_headers()
        self.wfile.write(json.dumps({"object": "balance"}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stripe(settings) -> Iterator[Stripe]:
    with Stripe(("127.0.0.1", 0), Answer) as server:
        server.date = ""
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_live_right", "whsec_1"
        yield server
        server.shutdown()


def test_stripe_with_the_right_key_is_well_and_a_stand_in_is_told(stripe):
    findings = list(outside.stripe())

    assert [(finding.level, finding.name) for finding in findings] == [
        ("ok", "Stripe"),
        ("ok", "Clock"),
        ("warning", "Stripe"),
    ]
    assert "not Stripe" in findings[-1].text


def test_a_wrong_key_is_a_problem_and_is_not_shown(stripe, settings):
    settings.STRIPE_SECRET_KEY = "sk_live_wrong"

    findings = list(outside.stripe())

    assert levels(findings) == ["problem", "warning"]
    assert "sk_live_wrong" not in text(findings)


def test_a_clock_that_is_off_is_a_problem(stripe):
    stripe.date = "Thu, 01 Jan 2026 00:00:00 GMT"

    assert ("problem", "Clock") in [(finding.level, finding.name) for finding in outside.stripe()]


def test_stripe_out_of_reach_or_half_set_is_a_problem(settings):
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = "http://127.0.0.1:1", "sk_live_right"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_1"
    assert levels(outside.stripe()) == ["problem", "warning"]

    settings.STRIPE_WEBHOOK_SECRET = ""
    assert "STRIPE_WEBHOOK_SECRET is missing" in text(outside.stripe())


@pytest.mark.parametrize(
    ("https", "demo", "proxies", "levels_found"),
    [
        (False, False, 0, ["problem"]),
        (False, True, 0, ["ok"]),
        (True, False, 0, ["ok", "problem"]),
        (True, False, 1, ["ok"]),
    ],
)
def test_a_real_shop_has_https_that_ends_at_its_proxy(settings, https, demo, proxies, levels_found):
    settings.IS_HTTPS, settings.DEMO, settings.TRUSTED_PROXIES = https, demo, proxies

    assert levels(outside.address()) == levels_found


def test_product_files_below_a_served_folder_are_a_problem(settings, tmp_path):
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = tmp_path, tmp_path / "private"

    findings = list(storage.storage())

    assert [finding.text for finding in findings if finding.level == "problem"] == [
        f"Product files lie below {tmp_path}, open to everybody: move them out."
    ]


def test_product_files_open_to_every_user_are_a_problem(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.PRIVATE_ROOT.mkdir(mode=0o755)
    assert "problem" in levels(storage.storage())

    settings.PRIVATE_ROOT.chmod(0o750)
    assert set(levels(storage.storage())) == {"ok"}


def test_missing_libraries_are_named_with_their_packages(monkeypatch):
    monkeypatch.setitem(machine.PANGO_LIBRARIES, "libnot-there.so.0", "libnot-there0")

    (finding,) = machine.pango()

    assert (finding.level, "apt install libnot-there0" in finding.text) == ("warning", True)
