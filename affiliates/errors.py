from storefront.errors import StorefrontError


class LedgerOnlyGrows(StorefrontError):
    """Rows of the ledger are never changed or deleted: what was wrong is set right by another row."""


class CodeTaken(StorefrontError):
    """The code, however it is spelled, belongs to somebody."""


class NotNow(StorefrontError):
    """The programme is closed, or the affiliate's standing does not allow this."""


class LinkNotOurs(StorefrontError):
    """An address that does not lead to a page of this shop."""


class AdjustmentRefused(StorefrontError):
    """An adjustment of nothing, without a reason, or in a currency that the affiliate has no money in."""


class PayoutRefused(StorefrontError):
    """Nothing is owed, it was paid out meanwhile, or there is no way to pay it."""


class PayoutMoved(StorefrontError):
    """The payout or the batch is past the state that this would start from."""
