"""Deeds in real processes of their own: many at once, or one that is killed at any commit or call.

The points to die at are found by counting: a deed is done again and again, and dies one point later each
time, by os._exit, which puts nothing in order, until it comes to its end.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from checkout.providers.transport import BoundedSession
from tests.processes import LONGEST, ends_in_time

KILLED, BROKEN = 9, 1


def dies_at(point: int, deed: Callable[[], Any]) -> bool:
    """Do the deed in a process of its own. False if it came to its end before that point."""

    def to_its_death() -> None:
        with _deadly(point):
            deed()

    code = _ended(_forked(to_its_death))
    assert code in (0, KILLED), f"the deed broke down before point {point}"
    return code == KILLED


def dies_in_statement(number: int, deed: Callable[[], Any]) -> bool:
    """As dies_at(), but right after so many statements, also in the midst of a transaction."""

    def to_its_death() -> None:
        left = number

        def execute(execute: Callable[..., Any], *rest: Any) -> Any:
            nonlocal left
            done = execute(*rest)
            left -= 1
            if left == 0:
                os._exit(KILLED)
            return done

        with connection.execute_wrapper(execute):
            deed()

    code = _ended(_forked(to_its_death))
    assert code in (0, KILLED), f"the deed broke down before statement {number}"
    return code == KILLED


def at_once(*deeds: Callable[[], Any]) -> None:
    """All deeds in the same moment, each in a process of its own; an error in any of them is the test's."""
    wait, go = os.pipe()

    def when_told(deed: Callable[[], Any]) -> None:
        os.close(go)
        os.read(wait, 1)
        deed()

    children = [_forked(partial(when_told, deed)) for deed in deeds]
    os.close(go)
    os.close(wait)
    assert [_ended(child) for child in children] == [0] * len(deeds)


def _forked(deed: Callable[[], Any]) -> int:
    """The id of a new process that does the deed on a connection of its own, and ends."""
    connections.close_all()
    if child := os.fork():
        return child
    try:
        ends_in_time()
        deed()
    except BaseException:
        traceback.print_exc()
        os._exit(BROKEN)
    os._exit(0)


def _ended(child: int) -> int:
    """Its exit code; of one that hangs even so that it can't say where, the signal that ended it."""
    for _each in range(20 * (LONGEST + 10)):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def _deadly(point: int) -> Iterator[None]:
    """End this process after so many points: each commit, and the time before and after each call."""
    left = point

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(KILLED)

    def commit(self: BaseDatabaseWrapper) -> None:
        original_commit(self)
        count()

    def call(self: BoundedSession, *args: Any, **kwargs: Any) -> Any:
        count()
        answer = original_call(self, *args, **kwargs)
        count()
        return answer

    def execute(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if not connection.in_atomic_block and not sql.startswith(("SELECT", "PRAGMA", "BEGIN")):
            count()
        return done

    original_commit, original_call = BaseDatabaseWrapper._commit, BoundedSession.request  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(execute):
        patch.setattr(BaseDatabaseWrapper, "_commit", commit)
        patch.setattr(BoundedSession, "request", call)
        yield
