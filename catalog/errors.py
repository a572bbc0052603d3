from storefront.errors import StorefrontError


class StorageAway(OSError):
    """S3 does not answer, or not as it should: to be tried again."""


class FileRefused(StorefrontError):
    """An upload that can't be a product's file."""


class HistoryIsKept(StorefrontError):
    """A row of the price history was to be changed or removed."""
