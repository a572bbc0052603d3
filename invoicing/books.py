"""The documents of one order beside its lines: what is invoiced, what was given back, what is left."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Prefetch

from checkout.models import Dispute, Order, OrderLine, Payment, Refund, RefundLine
from invoicing.crediting import Left, Part
from invoicing.models import Document
from invoicing.models.kind import Kind, Reason


def standing_invoice(documents: list[Document]) -> Document | None:
    """The one that stands for the sale: the first, or the last that replaced it."""
    for document in reversed(documents):
        if document.kind == Kind.INVOICE and document.reason in (Reason.SALE, Reason.CORRECTION):
            return document
    return None


@dataclass(frozen=True)
class Cause:
    """Why money of the order went back, or would have: a refund, or a dispute that was lost.

    `amount` is what went back in the end, in minor units, and zero where the money came home again;
    `named` is what it says of lines, by their ids.
    """

    name: str
    pk: int
    amount: int
    named: dict[int, int]


@dataclass
class Books:
    """Loaded under the order's lock. `documents` are in the order in which they were issued."""

    order: Order
    lines: list[OrderLine]
    payments: list[Payment]
    documents: list[Document]

    @classmethod
    def of(cls, order: Order) -> "Books":
        parts = Prefetch("refunds__lines", RefundLine.objects.order_by("pk"))
        paid = order.payments.filter(status=Payment.Status.SUCCEEDED, is_duplicate=False)
        return cls(
            order,
            list(order.lines.all()),
            list(paid.prefetch_related("refunds", parts, "disputes")),
            list(order.documents.order_by("counter")),
        )

    @property
    def invoice(self) -> Document | None:
        return standing_invoice(self.documents)

    def left(self) -> list[Left]:
        """What the documents leave of each line: net and tax invoiced, less what was credited."""
        sums = {line.pk: (0, 0) for line in self.lines}
        for document in self.documents:
            for part in document.parts:
                net, tax = sums[part.line]
                sums[part.line] = net + document.sign * part.net, tax + document.sign * part.tax
        return [
            Left(line.pk, Part(line.pk, line.net_amount, line.tax_amount), *sums[line.pk])
            for line in self.lines
        ]

    def causes(self) -> Iterator[Cause]:
        """All that ever moved the order's money back, or did and failed after all; oldest first."""
        refunds = (each for payment in self.payments for each in payment.refunds.all())
        for refund in sorted(refunds, key=lambda each: each.pk):
            amount = refund.amount if refund.status == Refund.Status.SUCCEEDED else 0
            yield Cause(
                "refund", refund.pk, amount, {part.line_id: part.amount for part in refund.lines.all()}
            )
        disputes = (each for payment in self.payments for each in payment.disputes.all())
        for dispute in sorted(disputes, key=lambda each: each.pk):
            is_lost = dispute.status == Dispute.Status.LOST and not dispute.is_warning
            yield Cause("dispute", dispute.pk, dispute.amount if is_lost else 0, {})

    def documents_of(self, cause: Cause) -> list[Document]:
        return [each for each in self.documents if getattr(each, f"{cause.name}_id") == cause.pk]

    def standing_notes_of(self, cause: Cause) -> list[Document]:
        """The credit notes for it that no later document took back."""
        mine = self.documents_of(cause)
        taken_back = {each.corrects_id for each in mine if each.kind == Kind.INVOICE}
        return [each for each in mine if each.is_credit and each.pk not in taken_back]
