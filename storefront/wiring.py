"""Who is called by whom, where imports may not point: names of functions, for the settings."""

# What happens when an order changes: event name -> functions called with the OrderEvent, each in a
# transaction of its own, each safe to repeat. See docs/architecture.md.
ORDER_REACTIONS = {
    "order.placed": [],
    "order.paid": [
        "delivery.fulfilment.grant_downloads",
        "delivery.mails.mail_delivery",
        "checkout.gifts.announce_gift",
        "affiliates.referrals.credit_order",
    ],
    "order.expired": ["delivery.codes.give_codes_back"],
    "order.held": ["checkout.mails.mail_staff_of_hold"],
    "order.released": [
        "delivery.licensing.issue_licenses",
        "delivery.mails.mail_delivery",
        "checkout.gifts.announce_gift",
    ],
    "order.refunded": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "checkout.mails.mail_refund",
    ],
    "order.refund_asked": ["checkout.mails.mail_staff_of_refund_request"],
    "order.refund_declined": ["checkout.mails.mail_refund_declined"],
    "order.refund_failed": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "delivery.mails.mail_delivery",
        "checkout.mails.mail_staff_of_failed_refund",
    ],
    "order.disputed": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "checkout.mails.mail_staff_of_dispute",
    ],
    "order.dispute_won": ["delivery.access.update_access", "affiliates.referrals.follow_money"],
    "order.dispute_lost": ["delivery.access.update_access", "affiliates.referrals.follow_money"],
    "order.mail_asked": ["delivery.mails.mail_delivery_again"],
    "order.email_changed": [],
    "order.gift_accepted": ["delivery.fulfilment.grant_downloads"],
    "order.gift_kept": ["delivery.fulfilment.grant_downloads", "delivery.mails.mail_delivery"],
    "order.gift_readdressed": [],
    "order.gift_sent_again": [],
}
# What a sale needs besides a price, such as codes in stock. The first are asked with {variant: quantity}
# and give reasons not to sell, by variant id; the second set aside what a new order needs, in its
# transaction, and raise CartNotUsable where that is gone.
SALE_CHECKS = ["delivery.codes.reasons_not_to_sell"]
SALE_RESERVATIONS = ["delivery.codes.set_aside"]
# What staff reads on the page of an order: functions called with the Order and how many rows each may tell
# of, which give entries of checkout.timeline.
ORDER_TIMELINE = [
    "checkout.telling.tell_events",
    "checkout.telling_money.tell_coupons",
    "checkout.telling_money.tell_payments",
    "checkout.telling_money.tell_refunds",
    "checkout.telling_money.tell_disputes",
    "checkout.telling.tell_requests",
    "checkout.telling.tell_webhooks",
    "checkout.telling.tell_mails",
    "checkout.telling.tell_mismatches",
    "checkout.telling_offers.tell_gift",
    "checkout.telling_offers.tell_upsells",
    "checkout.telling_offers.tell_upgrades",
    "delivery.telling.tell_downloads",
    "delivery.telling.tell_licenses",
]
