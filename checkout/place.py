"""Where a buyer is, and what tells so: tax on digital goods follows their country.

What counts is the country they choose, that of their network address, and that of their card. The language
of a browser is only a guess for the form: it is neither kept nor counted.
"""

from django.conf import settings
from django.http import HttpRequest

from checkout.buyer import Buyer
from checkout.models import Order, TaxEvidence, TaxTreatment
from storefront.countries import known_country


def network_country(request: HttpRequest) -> str:
    """The country of the client's address, as a proxy of ours tells it; empty where none does."""
    if not settings.COUNTRY_HEADER:
        return ""
    return known_country(request.headers.get(settings.COUNTRY_HEADER, ""))


def note_place(order: Order, buyer: Buyer) -> None:
    """Keep with a new order what is known of its buyer's place, in the transaction that places it.

    Where no tax could be taken, nothing is kept.
    """
    if order.tax_treatment == TaxTreatment.EXEMPT:
        return
    chosen = TaxEvidence(
        order=order,
        kind=TaxEvidence.Kind.CHOSEN,
        country=buyer.country,
        is_confirmed=buyer.is_place_confirmed,
    )
    network = TaxEvidence(order=order, kind=TaxEvidence.Kind.NETWORK, country=buyer.network_country)
    TaxEvidence.objects.bulk_create(each for each in (chosen, network) if each.country)


def note_card_country(order: Order, country: str) -> None:
    """As note_place(), for what the provider says of the card. Safe to repeat."""
    country = known_country(country)
    if country and order.tax_treatment != TaxTreatment.EXEMPT:
        card = TaxEvidence(order=order, kind=TaxEvidence.Kind.CARD, country=country)
        TaxEvidence.objects.bulk_create([card], ignore_conflicts=True)
