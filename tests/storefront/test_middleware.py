from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from storefront.middleware import RefuseNulMiddleware


@pytest.mark.parametrize(
    ("path", "cookie", "status"),
    [
        ("/", "", 200),
        ("/products/?q=a%20b&q=%2500", 'a=1; b="\\101"; c=\\', 200),
        ("/products/?q=a%00b", "", 400),
        ("/products/?q=a&q=%00", "", 400),
        ("/products/%00/", "", 400),
        ("/", "session=a\0b", 400),
        ("/", 'session="a\\000b"', 400),
    ],
)
def test_a_nul_is_refused_wherever_it_hides(path: str, cookie: str, status: int) -> None:
    headers: dict[str, Any] = {"HTTP_COOKIE": cookie} if cookie else {}
    request = RequestFactory().get(path, **headers)

    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert RefuseNulMiddleware(view)(request).status_code == status
