"""How providers are talked to: never without an end."""

import time
from typing import Any

import requests

LARGEST_ANSWER = 4_000_000  # bytes


class BoundedSession(requests.Session):
    """Gives up on an answer that is too long or comes too slowly; requests itself only limits each pause."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        gives_up_at = time.monotonic() + sum(kwargs["timeout"])
        response = super().request(*args, **kwargs | {"stream": True})
        body = b""
        while piece := response.raw.read1(LARGEST_ANSWER, decode_content=True):
            body += piece
            if len(body) > LARGEST_ANSWER or time.monotonic() > gives_up_at:
                response.close()
                raise requests.ReadTimeout("The answer did not end.")
        response._content = body
        return response
