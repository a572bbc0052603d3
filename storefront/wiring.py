"""Who is called by whom and when, where imports may not point: names of functions, for the settings."""

from celery.schedules import schedule

# The database is the truth and the broker only makes it fast: these sweeps finish what a lost message left.
CELERY_BEAT_SCHEDULE = {
    "leave-a-sign": {"task": "storefront.leave_sign", "schedule": schedule(30)},
    "send-due-mails": {"task": "storefront.send_due_mails", "schedule": schedule(15)},
    "handle-due-events": {"task": "checkout.handle_due_events", "schedule": schedule(15)},
    "handle-due-webhooks": {"task": "checkout.handle_due_webhooks", "schedule": schedule(15)},
    "execute-due-refunds": {"task": "checkout.execute_due_refunds", "schedule": schedule(60)},
    "sync-due-payments": {"task": "checkout.sync_due_payments", "schedule": schedule(60)},
    "reconcile": {"task": "checkout.reconcile", "schedule": schedule(3600)},
    "print-due-evidence": {"task": "checkout.print_due_evidence", "schedule": schedule(60)},
    "send-due-gifts": {"task": "checkout.send_due_gifts", "schedule": schedule(60)},
    "expire-due-orders": {"task": "checkout.expire_due_orders", "schedule": schedule(300)},
    "note-sales": {"task": "catalog.note_sales", "schedule": schedule(60)},
    "draw-due-covers": {"task": "catalog.draw_due_covers", "schedule": schedule(300)},
    "announce-releases": {"task": "delivery.announce_releases", "schedule": schedule(600)},
    "stamp-due": {"task": "delivery.stamp_due", "schedule": schedule(60)},
    "print-due-documents": {"task": "invoicing.print_due_documents", "schedule": schedule(60)},
    "make-due-exports": {"task": "invoicing.make_due_exports", "schedule": schedule(60)},
    "clear-old-exports": {"task": "invoicing.clear_old_exports", "schedule": schedule(86400)},
    "check-files": {"task": "catalog.check_files", "schedule": schedule(86400)},
    "count-clicks": {"task": "affiliates.count_clicks", "schedule": schedule(60)},
    "forget-visitors": {"task": "affiliates.forget_visitors", "schedule": schedule(86400)},
    "mail-earnings": {"task": "affiliates.mail_earnings", "schedule": schedule(3600)},
    "remind-of-payouts": {"task": "affiliates.remind_of_payouts", "schedule": schedule(21600)},
    "give-credits": {"task": "affiliates.give_credits", "schedule": schedule(3600)},
    "follow-due-batches": {"task": "affiliates.follow_due_batches", "schedule": schedule(60)},
    "print-due-statements": {"task": "affiliates.print_due_statements", "schedule": schedule(60)},
    "look-after-ledger": {"task": "affiliates.look_after_ledger", "schedule": schedule(86400)},
    "clear-old-rows": {"task": "storefront.clear_old_rows", "schedule": schedule(86400)},
}

# What happens when an order changes: event name -> functions called with the OrderEvent, each in a
# transaction of its own, each safe to repeat. See docs/architecture.md.
ORDER_REACTIONS = {
    "order.placed": [],
    "order.paid": [
        "delivery.fulfilment.grant_downloads",
        "delivery.mails.mail_delivery",
        "checkout.gifts.announce_gift",
        "affiliates.referrals.credit_order",
        "invoicing.issuing.keep_books",
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
        "delivery.codes.give_codes_back",
        "affiliates.referrals.follow_money",
        "checkout.mails.mail_refund",
        "invoicing.issuing.keep_books",
    ],
    "order.refund_asked": ["checkout.mails.mail_staff_of_refund_request"],
    "order.refund_declined": ["checkout.mails.mail_refund_declined"],
    "order.refund_failed": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "delivery.mails.mail_delivery",
        "checkout.mails.mail_staff_of_failed_refund",
        "invoicing.issuing.keep_books",
    ],
    "order.disputed": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "checkout.mails.mail_staff_of_dispute",
    ],
    "order.dispute_won": [
        "delivery.access.update_access",
        "affiliates.referrals.follow_money",
        "invoicing.issuing.keep_books",
    ],
    "order.dispute_lost": [
        "delivery.access.update_access",
        "delivery.codes.give_codes_back",
        "affiliates.referrals.follow_money",
        "invoicing.issuing.keep_books",
    ],
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
# What other apps show the buyer on the page of an order: functions called with the request and the Order,
# which give markup.
ORDER_PARTS = ["invoicing.pages.order_part"]
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
    "affiliates.telling.tell_referral",
    "invoicing.telling.tell_documents",
]
