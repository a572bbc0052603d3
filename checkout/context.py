from typing import Any

from django.http import HttpRequest

from checkout.cart import Cart
from storefront.context import is_personal


def cart(request: HttpRequest) -> dict[str, Any]:
    """How many things are in the reader's cart; nothing on pages that are the same for everybody."""
    return {"cart_count": Cart(request.session).count if is_personal(request) else 0}
