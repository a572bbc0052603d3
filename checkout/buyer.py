from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True)
class Buyer:
    """Who buys, as far as it is known by now: less in the cart than when the order is placed."""

    email: str = ""
    country: str = ""
    region: str = ""
    company: str = ""
    vat_id: str = ""
    network_country: str = ""  # where their address is, as a proxy of ours says
    is_place_confirmed: bool = False  # they were asked, since the two differ
    language: str = "en"
    client_address: str | None = None
    user: User | None = None
