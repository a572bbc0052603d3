"""What invoicing adds to the timeline of an order."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from checkout.models import Order
from checkout.timeline import Entry
from checkout.wording import sentence
from invoicing.models.kind import Kind
from storefront.templatetags.shop import ltr, money

_ISSUED = {
    Kind.INVOICE: gettext_noop("Invoice %(number)s over %(amount)s was issued."),
    Kind.CREDIT_NOTE: gettext_noop("Credit note %(number)s over %(amount)s was issued."),
}


def tell_documents(order: Order, limit: int) -> Iterator[Entry]:
    for document in order.documents.order_by("-counter")[:limit]:
        amount = money(document.total, document.currency)
        words = sentence(_(_ISSUED[Kind(document.kind)]), number=ltr(document.number), amount=amount)
        why = sentence("%(reason)s", reason=document.get_reason_display())
        url = reverse("admin:invoicing_document_change", args=[document.pk])
        yield Entry(document.issued_at, "document", words, "", why, url)
