"""Coupons to try in the demo shop, in three scripts."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.models import Category
from checkout.minting import make_copies
from checkout.models import Coupon

BOOKS = "books"


def load_coupons() -> None:
    """Add them to a shop that has none."""
    if Coupon.objects.exists():
        return
    now = timezone.now()
    books = Category.objects.filter(slug=BOOKS)
    _coupon("WELCOME", rate_bps=1000, buyers=Coupon.Buyers.NEW, is_stackable=True, note="For newcomers")
    ramadan = _coupon(
        "رمضان ۲۰۲۷", rate_bps=2500, is_for_all=False, max_uses=200, ends_at=now + timedelta(days=60)
    )
    ramadan.categories.set(books)
    _coupon("نوروز", rate_bps=2000, max_uses_per_buyer=1, starts_at=now - timedelta(days=1))
    five = {"USD": 500, "EUR": 500, "SAR": 2000}
    from_thirty = {"USD": 3000, "EUR": 3000, "SAR": 12000}
    _coupon("FIVE-OFF", kind=Coupon.Kind.FIXED, amounts=five, minimums=from_thirty, is_stackable=True)
    _coupon("LAST-YEAR", rate_bps=3000, ends_at=now - timedelta(days=30))
    reviewers = _coupon(
        "REVIEWER", rate_bps=10_000, is_active=False, note="The model of the reviewers' codes"
    )
    make_copies(reviewers, pattern="READ-####-####", count=12, batch="Reviewers", max_uses=1)


def _coupon(code: str, **fields: Any) -> Coupon:
    return Coupon.objects.create(code=code, **fields)
