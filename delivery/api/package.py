from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from delivery.answering import answer_link
from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid, NotNow
from delivery.packages import open_package


@login_not_required
@require_safe
def package(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file of an update, or one line that says why not, since programs read it."""
    try:
        return answer_link(request, open_package(token))
    except LinkExpired as refusal:
        return HttpResponse(str(refusal), status=410, content_type="text/plain")
    except LinkNotValid as refusal:
        return HttpResponse(str(refusal), status=404, content_type="text/plain")
    except DownloadRefused as refusal:
        return HttpResponse(str(refusal), status=403, content_type="text/plain")
    except NotNow as refusal:
        retry = {"Retry-After": str(refusal.retry_after)}
        return HttpResponse(str(refusal), status=503, content_type="text/plain", headers=retry)
