from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from checkout.admin.base import IsSet, OwnPage, door
from checkout.admin.forms import ResolveForm
from checkout.admin.money import order_link
from checkout.models import Mismatch
from checkout.templatetags.staff import state
from checkout.wording import provider_name
from storefront.templatetags.shop import ltr

PAGE = "admin:checkout_mismatch_change"


def mismatch_page(
    request: HttpRequest, mismatch: Mismatch, form: ResolveForm | None = None
) -> TemplateResponse:
    context = {
        **admin.site.each_context(request),
        "opts": Mismatch._meta,
        "title": mismatch.get_kind_display(),
        "mismatch": mismatch,
        "form": form or ResolveForm(),
        "can_move": request.user.has_perm("checkout.change_mismatch"),
    }
    return TemplateResponse(request, "admin/checkout/mismatch/page.html", context)


@door(PAGE, "checkout.change_mismatch")
def resolution(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    mismatch, form = get_object_or_404(Mismatch, pk=pk), ResolveForm(request.POST)
    if not form.is_valid():
        return mismatch_page(request, mismatch, form)
    if mismatch.resolve(note=form.cleaned_data["note"], by=user):
        messages.success(request, gettext("The difference is settled."))
    else:
        messages.error(request, gettext("This difference was settled already."))
    return redirect(PAGE, pk)


@admin.register(Mismatch)
class MismatchAdmin(OwnPage):
    list_display = ["found_at", "kind", "provider_shown", "reference_shown", "order_shown", "state"]
    list_filter = [("resolved_at", IsSet), "kind", "provider"]
    list_select_related = ["order"]
    search_fields = ["reference", "order__email_folded", "details"]

    def get_urls(self) -> list[URLPattern]:
        door_ = self.admin_site.admin_view(resolution)
        return [
            path("<int:pk>/resolution/", door_, name="checkout_mismatch_resolution"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Mismatch.objects.select_related("order", "resolved_by")
        return mismatch_page(request, get_object_or_404(rows, pk=pk))

    @admin.display(description=_("provider"), ordering="provider")
    def provider_shown(self, mismatch: Mismatch) -> str:
        return provider_name(mismatch.provider) if mismatch.provider else "—"

    @admin.display(description=_("what it is about"))
    def reference_shown(self, mismatch: Mismatch) -> str:
        return ltr(mismatch.reference)

    @admin.display(description=_("order"), ordering="order")
    def order_shown(self, mismatch: Mismatch) -> str:
        return order_link(mismatch.order) if mismatch.order else "—"

    @admin.display(description=_("status"), ordering="resolved_at")
    def state(self, mismatch: Mismatch) -> str:
        if mismatch.resolved_at:
            return state("good", "circle-check", _("Settled"))
        return state("bad", "circle-alert", _("Open"))
