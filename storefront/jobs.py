"""Sends work to the queue by name, once the transaction that asked for it is on disk."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task_name: str, *ids: int) -> None:
    """Run a task with these row ids, after commit.

    A name that is no task raises KeyError at once. A broker that is away is logged and forgotten: the
    rows say what is due and a sweep takes them up, so a call lost or repeated here changes nothing.
    """
    current_app.loader.import_default_modules()
    task = current_app.tasks[task_name]
    transaction.on_commit(partial(_send, task.name, ids))


def _send(task_name: str, ids: tuple[int, ...]) -> None:
    try:
        current_app.tasks[task_name].apply_async(args=ids)
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away; %s%s waits for the sweep: %s", task_name, ids, error)
