from urllib.parse import urlsplit

from django.http import HttpRequest


def is_from_this_shop(request: HttpRequest) -> bool:
    """Whether a form was sent from our own pages, told by the headers that browsers do not let pages forge.

    For forms on pages that everybody shares and that hold no token. Browsers send Sec-Fetch-Site and, with
    each POST, Origin; a request with neither is no browser acting for a signed-in reader.
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.get_host()
    except ValueError:
        return False
