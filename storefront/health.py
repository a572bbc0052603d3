"""For load balancers and container engines: is this process alive, and can it serve?"""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from storefront.doctor.database import pending_migrations
from storefront.doctor.storage import can_write, folders

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 with what is wrong, in words that tell a stranger nothing; the log has the details."""
    problems = [*_database_problems(), *_storage_problems()]
    if problems:
        return JsonResponse({"status": "unavailable", "problems": problems}, status=503)
    return JsonResponse({"status": "ok"})


def _database_problems() -> list[str]:
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        logger.error("Not ready: %s", error)
        return ["The database does not answer."]
    return ["Migrations are not applied."] if pending else []


def _storage_problems() -> list[str]:
    return [
        f"Storage for {name} files cannot be written."
        for name, path in folders().items()
        if not can_write(path)
    ]
