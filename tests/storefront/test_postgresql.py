from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL"),
]


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """A second connection, as a process has it between two requests."""
    other = connection.copy()
    other.settings_dict = connection.settings_dict | {"CONN_HEALTH_CHECKS": True}
    with other.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield other
    other.close()


def begin_request(database: BaseDatabaseWrapper) -> None:
    database.close_if_unusable_or_obsolete()


def test_a_connection_that_is_well_is_used_without_a_question(other, monkeypatch):
    asked = []
    monkeypatch.setattr(type(other).__mro__[1], "is_usable", lambda _self: asked.append(1) or True)
    pid = other.connection.info.backend_pid

    begin_request(other)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == (pid,)

    assert asked == []


def test_a_connection_that_the_server_ended_is_opened_anew(other):
    pid = other.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: not other.is_usable())

    begin_request(other)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (pid,)


def test_after_an_error_the_server_is_asked(other, monkeypatch):
    asked = []
    monkeypatch.setattr(type(other).__mro__[1], "is_usable", lambda _self: asked.append(1) or True)

    other.errors_occurred = True
    begin_request(other)

    assert asked == [1]
