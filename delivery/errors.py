from storefront.errors import StorefrontError


class LinkNotValid(StorefrontError):
    """The link was cut, changed, or made for something else."""


class LinkExpired(LinkNotValid):
    """The link was good once. The order page and the library give a fresh one."""


class DownloadRefused(StorefrontError):
    """The order was refunded or is held, or the right was taken back or is over."""


class DownloadLimitReached(DownloadRefused):
    """The file was fetched as often as it may be."""


class NotNow(StorefrontError):
    """Nothing is wrong with the link: come back in so many seconds. Nothing was counted."""

    def __init__(self, words: str, *, retry_after: int) -> None:
        super().__init__(words)
        self.retry_after = retry_after
