"""The least that a page can cost: Django with one view, no middleware and no database."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=[], ROOT_URLCONF=__name__, USE_I18N=False)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"Hello")


urlpatterns = [path("", hello)]
application = get_wsgi_application()
