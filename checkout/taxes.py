"""Which tax is taken of a sale: by the country of the buyer, as digital goods are taxed everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from catalog.models import Product
from checkout.buyer import Buyer
from checkout.cart import CartLine
from checkout.models import TaxRate, TaxTreatment
from checkout.pricing import NO_TAX, Tax
from checkout.vat_ids import is_checked
from storefront.shop import shop

Rates = dict[tuple[str, str], TaxRate]
STANDARD, EXEMPT = Product.TaxClass.STANDARD, Product.TaxClass.EXEMPT


@dataclass(frozen=True)
class Taxation:
    """How a sale is taxed, and where; `taxes` has one for each line.

    `regions` are those of the country that have rates of their own, for the buyer to choose from.
    """

    treatment: TaxTreatment
    country: str
    region: str
    taxes: tuple[Tax, ...]
    regions: tuple[str, ...] = ()


def taxes_for(lines: Sequence[CartLine], buyer: Buyer, at: datetime) -> Taxation:
    """How a buyer is taxed for these lines at a moment. One query, or none where the shop charges no tax.

    Nothing is taken before the country is known, in a country without a rate, and of what is never taxed.
    A company with a VAT id whose form was checked accounts for the tax itself, if the seller is abroad.
    """
    facts = shop()
    if not facts.charges_tax:
        return Taxation(TaxTreatment.EXEMPT, buyer.country, "", (NO_TAX,) * len(lines))
    rates = _rates(buyer.country, at) if buyer.country else {}
    regions = tuple(sorted({region for region, _class in rates} - {""}))
    region = buyer.region if buyer.region in regions else ""
    found = [_rate(rates, region, line.product.taxed_as) for line in lines]
    is_reversed = any(rate and rate.rate_bps for rate in found) and _is_reversed(buyer, facts.country)
    taxed = partial(Tax, is_included=facts.prices_include_tax, is_charged=not is_reversed)
    taxes = tuple(taxed(rate.rate_bps, label=rate.label or _("VAT")) if rate else NO_TAX for rate in found)
    if is_reversed:
        treatment = TaxTreatment.REVERSE_CHARGE
    elif any(found):
        treatment = TaxTreatment.STANDARD
    else:
        treatment = TaxTreatment.EXEMPT if rates else TaxTreatment.OUTSIDE
    return Taxation(treatment, buyer.country, region, taxes, regions)


def _rates(country: str, at: datetime) -> Rates:
    """What holds in a country, by region and tax class: the latest word, unless that has ended."""
    latest = {(rate.region, rate.tax_class): rate for rate in TaxRate.objects.begun(country, at)}
    return {key: rate for key, rate in latest.items() if rate.holds_at(at)}


def _rate(rates: Rates, region: str, tax_class: Product.TaxClass) -> TaxRate | None:
    """A region's own rates go before its country's; what has no rate of its class has the standard one."""
    if tax_class == EXEMPT:
        return None
    for place in dict.fromkeys((region, "")):
        for each in dict.fromkeys((tax_class, STANDARD)):
            if rate := rates.get((place, each)):
                return rate
    return None


def _is_reversed(buyer: Buyer, sold_from: str) -> bool:
    return bool(sold_from) and sold_from != buyer.country and is_checked(buyer.vat_id, buyer.country)
