from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from demo.mailbox import sent_mails


@pytest.fixture
def _mailed(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    message = mail.EmailMessage("Your files", "Here", to=["mona@example.com"])
    message.extra_headers["Content-Language"] = "fa"
    message.send()


@pytest.mark.django_db
@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("prefix", ["", "/ar", "/fa"])
def test_mails_are_listed_and_shown(client: Client, prefix: str) -> None:
    (sent,) = sent_mails()
    assert sent.sent_at.tzinfo == UTC
    assert sent.language == "fa"

    for address in ("/demo/mails/", f"/demo/mails/{sent.pk}/"):
        page = client.get(prefix + address)
        assert page.status_code == 200
        assert "Your files" in page.content.decode()
