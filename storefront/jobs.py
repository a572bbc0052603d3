"""Sends work to the queue by name, once the transaction that asked for it is on disk."""

import logging
from functools import cache, partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task_name: str, *ids: int) -> None:
    """Run a task with these row ids, after commit.

    A name that is no task raises KeyError at once. A broker that is away is logged and forgotten: the
    rows say what is due and a sweep takes them up, so a call lost or repeated here changes nothing.
    """
    transaction.on_commit(partial(_send, _tasks()[task_name].name, ids))


@cache
def _tasks() -> Any:
    """All tasks by name. Celery checks all models whenever it imports them: once a process is enough."""
    current_app.loader.import_default_modules()
    return current_app.tasks


def _send(task_name: str, ids: tuple[int, ...]) -> None:
    try:
        _tasks()[task_name].apply_async(args=ids)
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away; %s%s waits for the sweep: %s", task_name, ids, error)
