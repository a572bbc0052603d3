"""Licences of a Dukkan shop for programs in Python 3.9 and newer. Needs the package `cryptography`.

    license = License("https://shop.example", key, machine, keys=KEYS, path=Path("license.txt"))
    license.activate()          # once, where the buyer types the key; raises Refused or Unreachable
    license.refresh()           # now and then, such as once a day; never raises where the shop is away
    license.state()             # "good", "grace", "over" or "none", from the file alone

KEYS is what https://shop.example/.well-known/jwks.json gives; put it into your program, so that nobody
between the two can put another in its place. This file may be copied and changed by anybody for anything.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_DAY = 86400


class Refused(Exception):
    """The shop said no. `code` is a word such as limit_reached, expired, not_found."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message or code)
        self.code = code


class Unreachable(Exception):
    """No answer, or none that the shop has signed."""


class NotGenuine(Exception):
    """Not signed by one of the keys, changed, or made for something else."""


def read(text: str, keys: dict[str, Any]) -> dict[str, Any]:
    """What a signed text says. Raises NotGenuine. The algorithm is fixed, whatever the text says of it."""
    try:
        if not _FORM.fullmatch(text):
            raise ValueError("no such form")
        head, body, signature = text.split(".")
        header = json.loads(_bytes(head))
        if header["alg"] != "EdDSA" or header["typ"] != "license+jws":
            raise ValueError("another kind of text")
        jwk = next(jwk for jwk in keys["keys"] if jwk["kid"] == header["kid"] and jwk["crv"] == "Ed25519")
        public = Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
        public.verify(_bytes(signature), f"{head}.{body}".encode())
        claims = json.loads(_bytes(body))
    except (ValueError, KeyError, TypeError, StopIteration, InvalidSignature) as error:
        raise NotGenuine(str(error)) from None
    if not isinstance(claims, dict):
        raise NotGenuine("no claims")
    return claims


class License:
    def __init__(
        self, shop: str, key: str, instance: str, *, keys: dict[str, Any], path: Path, product: str = ""
    ) -> None:
        self.shop, self.key, self.instance = shop.rstrip("/"), key, instance
        self.keys, self.path, self.product = keys, path, product

    def activate(self) -> dict[str, Any]:
        """Take a place for this instance and keep the licence file. Raises Refused or Unreachable."""
        claims = self._ask("activate")
        if not claims.get("activated"):
            raise Refused(claims.get("code", ""), claims.get("message", ""))
        return claims

    def refresh(self) -> str:
        """Ask for a fresh file. Where the shop says no, the file goes; where it is away, the file stays."""
        try:
            claims = self._ask("validate")
        except Unreachable:
            return self.state()
        if not claims.get("valid") and claims.get("code") != "too_many_guesses":
            self.path.unlink(missing_ok=True)
        return self.state()

    def deactivate(self) -> None:
        """Free the place. Raises Refused or Unreachable."""
        claims = self._ask("deactivate")
        if not claims.get("deactivated") and claims.get("code") != "not_activated":
            raise Refused(claims.get("code", ""), claims.get("message", ""))
        self.path.unlink(missing_ok=True)

    def state(self, now: float | None = None) -> str:
        """From the file alone: good; grace (the shop should be asked, and it still works); over; or none."""
        now = time.time() if now is None else now
        try:
            claims = read(self.path.read_text().removesuffix("\n"), self.keys)
        except (OSError, UnicodeDecodeError, NotGenuine):
            return "none"
        if not self._is_mine(claims) or not (claims.get("valid") or claims.get("activated")):
            return "none"
        if now < claims["iat"] - _DAY:  # the clock was turned back
            return "none"
        return "good" if now <= claims["exp"] else "grace" if now <= claims["grace"] else "over"

    def _is_mine(self, claims: dict[str, Any]) -> bool:
        license_ = claims.get("license") or {}
        return (
            claims.get("iss") == self.shop
            and claims.get("asked") == self.instance
            and _plain(str(license_.get("key", ""))) == _plain(self.key)
            and all(isinstance(claims.get(name), int) for name in ("iat", "exp", "grace"))
        )

    def _ask(self, deed: str) -> dict[str, Any]:
        nonce = secrets.token_urlsafe(16)
        body = {"key": self.key, "instance": self.instance, "product": self.product, "nonce": nonce}
        request = urllib.request.Request(
            f"{self.shop}/api/v1/licenses/{deed}/",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            try:
                with urllib.request.urlopen(request, timeout=15) as answer:
                    data = json.load(answer)
            except urllib.error.HTTPError as error:
                data = json.load(error)
            signed = data["signed"]
            claims = read(signed, self.keys)
        except (OSError, ValueError, KeyError, TypeError, NotGenuine) as error:
            raise Unreachable(str(error)) from None
        if claims.get("nonce") != nonce or claims.get("iss") != self.shop:
            raise Unreachable("an answer to another question")
        if "exp" in claims and self._is_mine(claims):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(signed + "\n")
        return claims


def _bytes(text: str) -> bytes:
    """Raises ValueError for any spelling but the one that the shop makes."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("another spelling")
    return data


def _plain(key: str) -> str:
    """As the shop compares keys: without regard to case, spaces, dashes, and whose digits they are."""
    key = "".join(str(int(char)) if char.isdecimal() else char for char in key)
    return re.sub(r"[^0-9a-z]", "", key.lower())
