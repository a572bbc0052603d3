"""Pages whose address opens to whoever has it."""

from typing import TypeVar

from django.http import HttpResponseBase

Response = TypeVar("Response", bound=HttpResponseBase)


def unlisted(response: Response) -> Response:
    """Let the page's address be told to nobody: neither to search engines, nor to sites it links to."""
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response
