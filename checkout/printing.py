"""PDFs that tasks make: each is a row that is due, and becomes the row's file."""

import logging
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile

from checkout.models.event import DueRow
from storefront.pdf import PdfNotPossible

logger = logging.getLogger(__name__)


def print_due(row: DueRow, file: FieldFile, name: str, make: Callable[[], bytes]) -> None:
    """Print what `make` gives and store it as the row's file. A failure stays on the row, and is tried again.

    Safe to repeat and to race: one alone claims the row, and the name is made from the row's key, so that a
    repeat takes the place of what a dead worker left.
    """
    if not row.claim():
        return
    try:
        content = make()
    except PdfNotPossible as refusal:
        row.mark_failed(str(refusal))
    except Exception as error:
        # Whatever went wrong stays on the row for staff to see, and the sweep tries again.
        logger.exception("%s %s could not be printed.", type(row).__name__, row.pk)
        row.mark_failed(f"{type(error).__name__}: {error}")
    else:
        file.storage.delete(name)
        file.save(name, ContentFile(content), save=False)
        type(row).objects.filter(pk=row.pk).update(file=file.name)
        row.mark_handled()
