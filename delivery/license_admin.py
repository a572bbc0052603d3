"""Licences for staff: plans with their stock of codes, licences with where they are used, signing keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from checkout.admin import ReadOnly, ReadOnlyInline, RowActions
from delivery.activating import release
from delivery.codes import MAX_BYTES, LoadReport, load_codes
from delivery.errors import CodesNotUsable
from delivery.models import Activation, License, LicenseMove, LicensePlan, SigningKey, key_hash
from delivery.signing import rotate_key
from delivery.telling import MOVES
from storefront.money import digits
from storefront.templatetags.shop import icon, isolate, ltr

_STANDINGS = {
    "active": (_("Active"), "good", "circle-check"),
    "suspended": (_("Suspended"), "wait", "clock"),
    "revoked": (_("Revoked"), "bad", "x"),
    "expired": (_("Expired"), "wait", "clock"),
}


class PlanForm(forms.ModelForm):
    codes_file = forms.FileField(
        label=_("Load codes"),
        required=False,
        help_text=_(
            "A CSV file in UTF-8, one code on each row; the column named “code” or “key”, or the first."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        variant = self.fields.get("variant")
        if isinstance(variant, forms.ModelChoiceField) and self.instance.pk:
            variant.queryset = Variant.objects.filter(product=self.instance.product_id)

    def clean_codes_file(self) -> Any:
        upload = self.cleaned_data.get("codes_file")
        if upload and upload.size > MAX_BYTES:
            raise forms.ValidationError(_("This list is too long. Please load it in parts."))
        return upload


@admin.register(LicensePlan)
class LicensePlanAdmin(admin.ModelAdmin):
    form = PlanForm
    list_display = ["__str__", "source", "stock", "limit", "valid_days"]
    list_filter = ["source", "place"]
    list_select_related = ["product", "variant__product"]
    search_fields = ["product__search_text"]
    autocomplete_fields = ["product"]
    fieldsets = [
        (None, {"fields": ["product", "variant", "place", "activation_limit", "valid_days"]}),
        (_("Keys"), {"fields": ["source", "key_pattern", "stock", "codes_file", "low_stock"]}),
        (_("Offline"), {"fields": ["offline_days", "grace_days"]}),
        (_("Moved from another shop"), {"fields": ["former_id"]}),
    ]
    readonly_fields = ["stock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LicensePlan]:
        free = Count("codes", filter=Q(codes__line=None))
        return super().get_queryset(request).annotate(free_codes=free, all_codes=Count("codes"))

    @admin.display(description=_("activations"), ordering="activation_limit")
    def limit(self, plan: LicensePlan) -> str:
        return digits(plan.activation_limit) if plan.activation_limit else gettext("without limit")

    @admin.display(description=_("codes in stock"))
    def stock(self, plan: LicensePlan) -> str:
        if not plan.pk or not plan.gives_codes:
            return "—"
        free, loaded = plan.free_codes, plan.all_codes  # type: ignore[attr-defined]
        words = _("%(free)s of %(all)s") % {"free": digits(free), "all": digits(loaded)}
        look = "good" if free > plan.low_stock else "wait" if free else "bad"
        return format_html('<span class="state {}">{}</span>', look, words)

    def save_model(self, request: HttpRequest, obj: LicensePlan, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        upload = form.cleaned_data.get("codes_file")
        if not upload:
            return
        try:
            self._tell(request, load_codes(obj, upload.read()))
        except CodesNotUsable as refusal:
            self.message_user(request, str(refusal), messages.ERROR)

    def _tell(self, request: HttpRequest, report: LoadReport) -> None:
        taken = ngettext("%(count)s code was taken.", "%(count)s codes were taken.", report.taken)
        self.message_user(request, taken % {"count": digits(report.taken)}, messages.SUCCESS)
        for rows, words in (
            (report.duplicates, _("Known already, not taken again: rows %(rows)s")),
            (report.refused, _("Empty or too long, not taken: rows %(rows)s")),
        ):
            if rows:
                shown = ", ".join(str(row) for row in rows[:50]) + (" …" if len(rows) > 50 else "")
                self.message_user(request, words % {"rows": digits(shown)}, messages.WARNING)


class StandingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, (words, _look, _icon) in _STANDINGS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        return queryset.standing(self.value()) if self.value() else queryset  # type: ignore[attr-defined]


class ActivationInline(ReadOnlyInline):
    model = Activation
    fields = ["place", "activated_at", "released_at"]
    readonly_fields = ["place"]

    @admin.display(description=_("site or machine"))
    def place(self, activation: Activation) -> str:
        """The name as it is compared, and how the program called itself where that tells more."""
        notes = [activation.name] if activation.name not in ("", activation.shown) else []
        notes += [gettext("takes no place")] if activation.is_free else []
        more = format_html_join("", "<br><small>{}</small>", [(isolate(note),) for note in notes])
        return format_html("{}{}", isolate(activation.shown), more)


class MoveInline(ReadOnlyInline):
    model = LicenseMove
    fields = ["created_at", "said", "data"]
    readonly_fields = ["created_at", "said"]

    @admin.display(description=_("event"))
    def said(self, move: LicenseMove) -> str:
        return str(MOVES.get(move.name, move.name))


@admin.register(License)
class LicenseAdmin(RowActions):
    """Staff changes how many and until when; everything else by the actions, which keep the history."""

    list_display = ["key_and_order", "standing_shown", "in_use", "expires_at", "checked_at"]
    list_filter = [StandingFilter, "plan__source", "issued_at"]
    list_select_related = ["line__order"]
    search_fields = ["line__order__email_folded", "activations__instance"]
    search_help_text = _("The whole key, an order number, an e-mail address or a site")
    show_full_result_count = False
    inlines = [ActivationInline, MoveInline]
    actions = ["suspend", "resume", "revoke", "free_places"]
    fields = [
        *("key_shown", "standing_shown", "variant", "order_shown", "plan", "upgraded_by"),
        *("activation_limit", "expires_at", "issued_at", "checked_at"),
    ]
    editable = ("activation_limit", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.fields or () if name not in self.editable]

    def get_queryset(self, request: HttpRequest) -> QuerySet[License]:
        in_use = Count("activations", filter=Q(activations__released_at=None, activations__is_free=False))
        return super().get_queryset(request).annotate(used_count=in_use)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[License], search_term: str
    ) -> tuple[QuerySet[License], bool]:
        number = search_term.strip().upper().removeprefix("D-")
        if number.isdecimal() and 10_000 < int(number) < 10**15:
            order_id = int(number) - 10_000
            return queryset.filter(Q(line__order=order_id) | Q(upgraded_by__order=order_id)), False
        by_key = queryset.filter(key_hash=key_hash(search_term))
        if search_term.strip() and by_key.exists():
            return by_key, False
        return super().get_search_results(request, queryset, search_term.casefold())

    def row_actions_of(self, object_id: str) -> tuple[str, ...]:
        """To revoke for ever takes the list: two clicks more."""
        if not object_id.isdecimal():
            return ()
        statuses = License.objects.filter(pk=object_id).values_list("status", flat=True)
        fitting = {"active": ("suspend", "free_places"), "suspended": ("resume", "free_places")}
        return fitting.get(str(statuses.first()), ("free_places",))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: License | None = None) -> bool:
        return False

    @admin.display(description=_("key"))
    def key_shown(self, license_: License) -> str:
        return ltr(license_.key)

    @admin.display(description=_("licence"), ordering="pk")
    def key_and_order(self, license_: License) -> str:
        row = "{}<br><small>{} · {}</small>"
        return format_html(row, ltr(license_.key), ltr(license_.line.order.number), license_.line)

    @admin.display(description=_("order"))
    def order_shown(self, license_: License) -> str:
        order = license_.line.order
        page = reverse("admin:checkout_order_change", args=[order.pk])
        return format_html('<a href="{}">{}</a>', page, ltr(order.number))

    @admin.display(description=_("state"))
    def standing_shown(self, license_: License) -> str:
        """With who stopped it: staff or the money."""
        words, look, sign = _STANDINGS[license_.standing]
        shown = format_html('<span class="state {}">{} {}</span>', look, icon(sign), words)
        why = license_.get_withdrawn_display() if license_.withdrawn else ""
        return format_html("{} <small>{}</small>", shown, why) if why else shown

    @admin.display(description=_("in use"))
    def in_use(self, license_: License) -> str:
        used = digits(license_.used_count)  # type: ignore[attr-defined]
        return f"{used} / {digits(license_.activation_limit)}" if license_.activation_limit else used

    def save_model(self, request: HttpRequest, obj: License, form: Any, change: bool) -> None:  # noqa: FBT001
        if "activation_limit" in form.changed_data:
            obj.set_limit(form.cleaned_data["activation_limit"])
        if "expires_at" in form.changed_data:
            obj.set_expiry(form.cleaned_data["expires_at"])

    @admin.action(description=_("Suspend"), permissions=["change"])
    def suspend(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        self._say(request, sum(license_.suspend(f"by {request.user}") for license_ in licenses))

    @admin.action(description=_("Let go on"), permissions=["change"])
    def resume(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        self._say(request, sum(license_.resume() for license_ in licenses))

    @admin.action(description=_("Revoke for ever"), permissions=["change"])
    def revoke(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        self._say(request, sum(license_.revoke(f"by {request.user}") for license_ in licenses))

    @admin.action(description=_("Free all places"), permissions=["change"])
    def free_places(self, request: HttpRequest, licenses: QuerySet[License]) -> None:
        uses = Activation.objects.in_use().filter(license__in=[license_.pk for license_ in licenses])
        count = sum(release(uid) for uid in uses.values_list("uid", flat=True))
        words = ngettext("%(count)s place is free again.", "%(count)s places are free again.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)

    def _say(self, request: HttpRequest, count: int) -> None:
        words = ngettext("%(count)s licence was changed.", "%(count)s licences were changed.", count)
        self.message_user(request, words % {"count": digits(count)}, messages.SUCCESS)


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnly):
    """Which keys licence files are signed with. The secret half is shown to nobody."""

    list_display = ["kid", "public_half", "created_at", "retired_at"]
    fields = ["kid", "public_half", "created_at", "retired_at"]
    actions = ["rotate"]

    @admin.display(description=_("public key"))
    def public_half(self, key: SigningKey) -> str:
        return ltr(key.jwk["x"])

    @admin.action(description=_("Sign with a new key from now on"), permissions=["move"])
    def rotate(self, request: HttpRequest, _keys: QuerySet[SigningKey]) -> None:
        rotate_key()
        words = _("Licence files are signed with a new key. What the old one signed stays good.")
        self.message_user(request, words, messages.SUCCESS)
