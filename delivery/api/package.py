from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from delivery.errors import DownloadRefused, LinkExpired, LinkNotValid
from delivery.packages import open_package
from delivery.views import _file_response


@login_not_required
@require_safe
def package(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file of an update. It counts against no limit of downloads: a site updates itself many times."""
    try:
        return _file_response(open_package(token))
    except LinkExpired as refusal:
        return HttpResponse(str(refusal), status=410, content_type="text/plain; charset=utf-8")
    except LinkNotValid as refusal:
        return HttpResponse(str(refusal), status=404, content_type="text/plain; charset=utf-8")
    except DownloadRefused as refusal:
        return HttpResponse(str(refusal), status=403, content_type="text/plain; charset=utf-8")
