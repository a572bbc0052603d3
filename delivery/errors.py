from typing import TYPE_CHECKING

from storefront.errors import StorefrontError

if TYPE_CHECKING:
    from delivery.finding import Facts


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


class LicenseRefused(StorefrontError):
    """The licence does not allow it. `code` is the word for programs; `facts` what its holder may know."""

    code = "refused"

    def __init__(self, text: str, facts: "Facts | None" = None, code: str = "") -> None:
        super().__init__(text)
        self.facts = facts
        self.code = code or self.code


class LicenseNotFound(LicenseRefused):
    """No such key, or not for this product: the answer is the same."""

    code = "not_found"


class WrongProduct(LicenseNotFound):
    """The key is another product's. Only dialects that have a word for it tell."""


class TooManyGuesses(LicenseRefused):
    """Too many keys that are not there were tried from one address."""

    code = "too_many_guesses"


class LicenseStopped(LicenseRefused):
    """Suspended, revoked or expired: `code` says which."""


class ActivationLimitReached(LicenseRefused):
    code = "limit_reached"


class NotActivated(LicenseRefused):
    """The licence is good, but not in use there."""

    code = "not_activated"


class InstanceNotUsable(LicenseRefused):
    """Nothing by which a site or machine could be told from others."""

    code = "instance_missing"


class CodesNotUsable(StorefrontError):
    """The list of codes can't be read."""


class SignatureNotValid(StorefrontError):
    """Not signed by one of our keys, or changed since."""


class Unstampable(StorefrontError):
    """A file that can't bear a mark: encrypted, broken, or packed to harm."""
