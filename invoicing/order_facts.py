"""How an order was taxed and who its buyer is, as far as it is not said by its lines."""

from dataclasses import dataclass

from checkout.models import Order


@dataclass(frozen=True)
class OrderFacts:
    """`treatment` is standard, reverse_charge, exempt or outside; `country` is where the buyer is taxed."""

    treatment: str
    country: str
    company: str
    vat_id: str


def facts_of(order: Order) -> OrderFacts:
    return OrderFacts(
        getattr(order, "tax_treatment", "") or "standard",
        getattr(order, "tax_country", "") or order.country,
        getattr(order, "company", ""),
        getattr(order, "vat_id", ""),
    )
