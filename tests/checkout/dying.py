"""Real processes that end by os._exit, unable to put anything in order, at any commit or call to a provider.

Points are found by counting: a deed is done again and again, and dies one point later each time, until it
comes to its end.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from checkout.providers.transport import BoundedSession

KILLED, BROKEN = 9, 1


def dies_at(point: int, deed: Callable[[], Any]) -> bool:
    """Do the deed in a process of its own. False if it came to its end before that point."""
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            with _deadly(point):
                deed()
        except BaseException:
            os._exit(BROKEN)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED), f"the deed broke down before point {point}"
    return code == KILLED


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
