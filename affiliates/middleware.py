from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from affiliates.remembering import take_along

Handler = Callable[[HttpRequest], HttpResponseBase]


class ReferralMiddleware:
    """When something was put into the cart, keeps with it by whose link the reader came."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_cart = request.method == "POST" and request.path_info.endswith("/cart/lines/")
        if is_cart and response.status_code == 302:
            take_along(request)
        return response
