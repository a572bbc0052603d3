from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True)
class Buyer:
    """Who buys, as far as it is known by now: less in the cart than when the order is placed."""

    email: str = ""
    country: str = ""
    language: str = "en"
    client_address: str | None = None
    user: User | None = None
