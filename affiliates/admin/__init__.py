"""Affiliates for staff. The ledger is read here and never edited: pages and actions call deeds."""

from affiliates.admin.affiliates import AffiliateAdmin
from affiliates.admin.payouts import PayoutBatchAdmin
from affiliates.admin.program import AffiliateCouponAdmin, CreativeAdmin, ProgramAdmin, RateAdmin
from affiliates.admin.referrals import LedgerEntryAdmin, ReferralAdmin

__all__ = [
    "AffiliateAdmin",
    "AffiliateCouponAdmin",
    "CreativeAdmin",
    "LedgerEntryAdmin",
    "PayoutBatchAdmin",
    "ProgramAdmin",
    "RateAdmin",
    "ReferralAdmin",
]
