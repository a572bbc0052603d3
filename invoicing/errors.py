from storefront.errors import StorefrontError


class DocumentsOnlyGrow(StorefrontError):
    """A document that was issued is never changed or deleted: another one sets it right."""


class NothingToInvoice(StorefrontError):
    """The order is not paid, or all its money went back."""


class TooManyCorrections(StorefrontError):
    """The details of this order's invoice were changed as often as is allowed."""


class PeriodNotPossible(StorefrontError):
    """The period to export is turned around, empty, or too long for one file."""


class PdfNotReady(StorefrontError):
    """The PDF is not made yet, or its file is lost and it is made again."""
