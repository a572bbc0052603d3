from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from storefront.celery import app


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Texts of the test's own thread are English; pages have the language of their address."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _tasks_run_at_once() -> Iterator[None]:
    """Tasks run in the caller, after its transaction, as by a worker without delay."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def page_client() -> Client:
    """A browser as far as headers go: it sends Sec-Fetch-Site and demands CSRF tokens."""
    return Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})
