"""The contract with a payment provider, in our own words and in integer minor units.

Each call has a time-out. ProviderUnavailable means that nobody knows whether it acted: it is repeated with
the same key. PaymentRefused is final. What a provider says about money is believed only from `fetch`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.http import HttpRequest
from django.utils.functional import Promise

from checkout.models import Payment, Refund


class PaymentState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"  # the buyer agreed, and no money moves before capture()
    DECLINED = "declined"  # the card was refused at capture(), and the page is open for another one
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Started:
    """A payment page is open at the provider: its id there, where to send the buyer, and until when."""

    reference: str
    redirect_url: str
    expires_at: datetime | None = None  # None: at payment.expires_at


class DisputeState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class RefundResult:
    """A refund at the provider. `key` is our refund's own id, empty for one begun in the dashboard."""

    state: RefundState
    reference: str
    amount: int
    key: str = ""
    error: str = ""


@dataclass(frozen=True)
class DisputeResult:
    """A buyer's bank or the provider asks for the money back. A warning is an open dispute of that kind."""

    state: DisputeState
    reference: str
    amount: int
    reason: str = ""
    is_warning: bool = False


@dataclass(frozen=True)
class PaymentResult:
    """What the provider says of a payment now. `key` is our own id, as the provider gives it back.

    `payee` is the account that gets the money, and `approval` tells one agreement of the buyer from the
    next; both are empty where a provider doesn't say, and so are the `country` of the card or account, and
    `payer`, which is the same whenever that card or account pays here.
    """

    state: PaymentState
    key: str
    amount: int
    currency: str
    is_live: bool
    capture_reference: str = ""
    refunds: tuple[RefundResult, ...] = ()
    disputes: tuple[DisputeResult, ...] = ()
    error: str = ""
    payee: str = ""
    approval: str = ""
    country: str = ""
    payer: str = ""


@dataclass(frozen=True)
class ProviderEvent:
    """A verified message: which payment to look at again, by our key or by the provider's id."""

    external_id: str
    type: str
    payment_key: str = ""
    payment_reference: str = ""
    is_money: bool = False  # it says that money was taken: without a payment here, something is wrong
    body: str = ""


class Provider(ABC):
    name: str
    label: str | Promise
    is_live: bool
    payee: str = ""  # our account there, where we were told

    @abstractmethod
    def why_not(self, amount: int, currency: str) -> str:
        """Why this sum can't be paid here, for staff to read; empty when it can."""

    @abstractmethod
    def start(self, payment: Payment, return_url: str, cancel_url: str) -> Started:
        """Open a payment page, with payment.key as idempotency key: a repeat gives the same page."""

    @abstractmethod
    def fetch(self, payment: Payment) -> PaymentResult:
        """Ask how the payment stands, with all its refunds and disputes; nothing moves by asking.

        An unknown status raises ProviderUnavailable.
        """

    def capture(self, payment: Payment) -> PaymentResult:
        """Take the money of an approved payment, with a key made from payment.key: a repeat takes it once.

        Only for providers whose fetch() can say "approved". Says "declined" where the buyer may choose
        another card on the same page; the next agreement then has another `approval`.
        """
        raise NotImplementedError

    @abstractmethod
    def refund(self, refund: Refund) -> RefundResult:
        """Give money back, with refund.key as idempotency key: a repeat gives the same refund.

        Only for refunds that have no reference yet; later ones are looked up in fetch().
        """

    @abstractmethod
    def recent_events(self, since: datetime) -> Iterator[ProviderEvent]:
        """The provider's own list of what happened, page by page, for what no webhook told us.

        At least everything since that time; more, and in any order, does no harm.
        """

    @abstractmethod
    def parse_webhook(self, request: HttpRequest) -> ProviderEvent:
        """Verify a message over its raw bytes. Raises BadWebhookSignature."""
