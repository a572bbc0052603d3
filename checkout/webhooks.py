from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from checkout import inbox
from checkout.errors import ProviderNotOffered, ProviderUnavailable
from checkout.providers import get_provider
from checkout.providers.transport import patience


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep what a provider tells us and answer at once; nobody waits for what follows from it."""
    try:
        with patience():
            inbox.receive(get_provider(provider), request)
    except ProviderNotOffered as refusal:
        raise Http404 from refusal
    except ProviderUnavailable:
        # Nobody could say whether the message is genuine: the provider sends it again.
        return HttpResponse(status=503, headers={"Retry-After": "60"})
    return HttpResponse(status=200)
