from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from affiliates.admin.looks import look
from affiliates.hints import WORDS
from affiliates.models import LedgerEntry, Referral
from affiliates.wording import why
from checkout.admin import ReadOnly
from checkout.admin.base import say
from checkout.admin.money import order_link
from checkout.templatetags.staff import state
from storefront.templatetags.shop import isolate, ltr, money, when


class OddFilter(admin.SimpleListFilter):
    """What staff should look at."""

    title = _("looks odd")
    parameter_name = "odd"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("new", _("Not looked at yet")), ("all", _("All that look odd"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Referral]) -> QuerySet[Referral]:
        odd = ~Q(hints="")
        return {
            "new": queryset.filter(odd, reviewed_at=None),
            "all": queryset.filter(odd),
        }.get(self.value() or "", queryset)


def hints_shown(referral: Referral) -> str:
    words = " · ".join(str(WORDS[name]) for name in referral.hints.split(",") if name in WORDS)
    if not words:
        return "—"
    if referral.reviewed_at:
        return state("", "eye", words)
    return state("wait", "circle-alert", words)


@admin.register(Referral)
class ReferralAdmin(ReadOnly):
    list_display = ["credited_shown", "order_shown", "affiliate_shown", "way", "hints_shown", "status_shown"]
    list_filter = [OddFilter, "status", "refusal", "way", "created_at"]
    list_select_related = ["order", "affiliate"]
    search_fields = ["affiliate__name", "affiliate__code_folded", "sub_id", "order__email_folded"]
    actions = ["mark_reviewed"]
    row_actions = ("mark_reviewed",)
    fields = readonly_fields = (
        *("order_shown", "affiliate_shown", "status_shown", "refusal", "way", "credit", "clicked_at", "path"),
        *("sub_id", "utm", "coupon", "hints_shown", "reviewed_at", "reviewed_by", "created_at", "earned"),
    )

    @admin.display(description=_("credited"), ordering="created_at")
    def credited_shown(self, referral: Referral) -> str:
        return when(referral.created_at, "time")

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, referral: Referral) -> str:
        return order_link(referral.order)

    @admin.display(description=_("affiliate"), ordering="affiliate")
    def affiliate_shown(self, referral: Referral) -> str:
        return isolate(referral.affiliate)

    @admin.display(description=_("what looks odd"))
    def hints_shown(self, referral: Referral) -> str:
        return hints_shown(referral)

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, referral: Referral) -> str:
        shown = look(referral)
        return format_html("{} · {}", shown, referral.get_refusal_display()) if referral.refusal else shown

    @admin.display(description=_("what it earned"))
    def earned(self, referral: Referral) -> str:
        entries = LedgerEntry.objects.filter(line__referral=referral).select_related(
            "line__product", "payout"
        )
        rows = [
            format_html("<li>{} · {}</li>", money(entry.amount, entry.currency), why(entry))
            for entry in entries.order_by("pk")
        ]
        return format_html("<ul>{}</ul>", format_html("{}" * len(rows), *rows)) if rows else "—"

    @admin.action(description=_("Looked at: nothing to worry about"), permissions=["move"])
    def mark_reviewed(self, request: HttpRequest, referrals: QuerySet[Referral]) -> None:
        count = sum(referral.mark_reviewed(by=request.user) for referral in referrals)
        words = ngettext("%(count)s referral is marked.", "%(count)s referrals are marked.", count)
        say(self, request, words, count)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    """Every row of the ledger, which nobody edits."""

    list_display = ["written_shown", "affiliate_shown", "why_shown", "amount_shown", "free_shown"]
    list_filter = ["kind", "currency", "created_at"]
    list_select_related = ["affiliate", "line__product", "payout", "by"]
    search_fields = ["affiliate__name", "affiliate__code_folded", "reason", "cause"]
    ordering = ["-pk"]
    fields = readonly_fields = (
        *("affiliate_shown", "kind", "amount_shown", "why_shown", "order_shown", "refund", "dispute"),
        *("payout", "by_shown", "cause_shown", "created_at", "available_at"),
    )

    @admin.display(description=_("affiliate"), ordering="affiliate")
    def affiliate_shown(self, entry: LedgerEntry) -> str:
        return isolate(entry.affiliate)

    @admin.display(description=_("written"), ordering="created_at")
    def written_shown(self, entry: LedgerEntry) -> str:
        return when(entry.created_at, "time")

    @admin.display(description=_("free"), ordering="available_at")
    def free_shown(self, entry: LedgerEntry) -> str:
        return when(entry.available_at, "time")

    @admin.display(description=_("why"))
    def why_shown(self, entry: LedgerEntry) -> str:
        return why(entry)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, entry: LedgerEntry) -> str:
        return money(entry.amount, entry.currency)

    @admin.display(description=_("order"))
    def order_shown(self, entry: LedgerEntry) -> str:
        return order_link(entry.line.referral.order) if entry.line else "—"

    @admin.display(description=_("by"))
    def by_shown(self, entry: LedgerEntry) -> str:
        return ltr(entry.by) if entry.by else "—"

    @admin.display(description=_("cause"))
    def cause_shown(self, entry: LedgerEntry) -> str:
        return ltr(entry.cause)
