from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from demo.mailbox import SentMail, find_mail, sent_mails


@login_not_required
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "demo/mails.html", {"mails": sent_mails()[:200]})


@login_not_required
@require_safe
def mail(request: HttpRequest, pk: str) -> HttpResponse:
    return TemplateResponse(request, "demo/mail.html", {"mail": _mail_or_404(pk)})


@xframe_options_sameorigin
@login_not_required
@require_safe
def mail_html(request: HttpRequest, pk: str) -> HttpResponse:
    """The mail as a mail program draws it: its styles stand inline, and nothing in it may run."""
    response = HttpResponse(_mail_or_404(pk).html)
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return response


def _mail_or_404(pk: str) -> SentMail:
    if found := find_mail(pk):
        return found
    raise Http404
