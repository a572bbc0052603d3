from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from checkout.models import DemoCharge
from checkout.providers import demo
from storefront.jobs import enqueue


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def demo_payment(request: HttpRequest, reference: str) -> HttpResponse:
    """The demo provider's own page, where a card form would be."""
    if not settings.DEMO:
        raise Http404
    charge = get_object_or_404(DemoCharge, reference=reference)
    outcome = request.POST.get("outcome")
    if outcome in ("pay", "decline", "delay"):
        if demo.decide(charge, outcome):
            enqueue("checkout.send_demo_webhook", charge.pk)
        return HttpResponseRedirect(charge.return_url)
    return TemplateResponse(request, "checkout/demo_payment.html", {"charge": charge})
