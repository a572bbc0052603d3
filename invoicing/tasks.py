"""Each task loads a row and calls one deed. The due_ ones are sweeps, for what a lost message left behind."""

from celery import shared_task

from invoicing import exporting, printing
from invoicing.models import DocumentPdf, Export
from storefront.jobs import enqueue

BATCH = 200


@shared_task(name="invoicing.print_document")
def print_document(pdf_id: int) -> None:
    printing.print_document(DocumentPdf.objects.select_related("document").get(pk=pdf_id))


@shared_task(name="invoicing.print_due_documents")
def print_due_documents() -> None:
    for pdf in DocumentPdf.objects.due().select_related("document")[:BATCH]:
        printing.print_document(pdf)


@shared_task(name="invoicing.make_export", time_limit=3600)
def make_export(export_id: int) -> None:
    exporting.make_export(Export.objects.get(pk=export_id))


@shared_task(name="invoicing.make_due_exports")
def make_due_exports() -> None:
    for export_id in Export.objects.due().values_list("pk", flat=True)[:BATCH]:
        enqueue("invoicing.make_export", export_id)


@shared_task(name="invoicing.clear_old_exports")
def clear_old_exports() -> None:
    exporting.clear_old_exports()
