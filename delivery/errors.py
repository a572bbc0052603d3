from storefront.errors import StorefrontError


class LinkNotValid(StorefrontError):
    """The link was cut, changed, or made for something else."""


class LinkExpired(LinkNotValid):
    """The link was good once. The order page and the library give a fresh one."""


class DownloadRefused(StorefrontError):
    """The order was refunded or is held, or the right was taken back."""
