from affiliates.models.affiliate import Affiliate
from affiliates.models.click import Click, fold_click, today
from affiliates.models.coupon import AffiliateCoupon
from affiliates.models.creative import Creative
from affiliates.models.entry import LedgerEntry, LedgerSum
from affiliates.models.payout import Payout, PayoutBatch
from affiliates.models.program import Program, Threshold
from affiliates.models.rate import Rate
from affiliates.models.referral import Referral, ReferralLine
from affiliates.models.statement import Statement
from affiliates.models.tally import Counted, Tally, add_to_tallies

__all__ = [
    "Affiliate",
    "AffiliateCoupon",
    "Click",
    "Counted",
    "Creative",
    "LedgerEntry",
    "LedgerSum",
    "Payout",
    "PayoutBatch",
    "Program",
    "Rate",
    "Referral",
    "ReferralLine",
    "Statement",
    "Tally",
    "Threshold",
    "add_to_tallies",
    "fold_click",
    "today",
]
