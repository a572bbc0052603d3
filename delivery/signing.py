"""Signs what programs may believe without asking again: Ed25519, as JSON Web Signatures (RFC 7515, RFC 8037).

The algorithm is fixed. Every bit of a signed text counts: the signature covers header and payload as they are
written, and read_signed() takes no spelling but the one that was made.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from time import monotonic
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.errors import SignatureNotValid
from delivery.models import SigningKey

_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]{86}", re.ASCII)
_KEEP_SECONDS = 60  # how long a process goes on with a key that another one has retired
_kept: tuple[float, SigningKey] | None = None


def sign(claims: dict[str, Any]) -> str:
    """The claims as one line of text that anybody can read and nobody can change."""
    key = _current_key()
    header = {"alg": "EdDSA", "typ": "license+jws", "kid": key.kid}
    text = f"{_packed(header)}.{_packed(claims)}"
    return f"{text}.{_base64(key.private.sign(text.encode()))}"


def read_signed(text: str) -> dict[str, Any]:
    """The claims of a text that one of our keys has signed. Raises SignatureNotValid."""
    try:
        if not _FORM.fullmatch(text):
            raise ValueError
        signed, _dot, signature = text.rpartition(".")
        header = json.loads(_bytes(signed.partition(".")[0]))
        if header["alg"] != "EdDSA" or header["typ"] != "license+jws":
            raise ValueError
        key = SigningKey.objects.get(kid=str(header["kid"]))
        key.public.verify(_bytes(signature), signed.encode())
        claims: dict[str, Any] = json.loads(_bytes(signed.partition(".")[2]))
    except (ValueError, KeyError, TypeError, InvalidSignature, SigningKey.DoesNotExist):
        raise SignatureNotValid(_("This is not signed by this shop, or was changed.")) from None
    return claims


def public_keys() -> dict[str, Any]:
    """All keys that ever signed, as a JSON Web Key Set (RFC 7517), the present one first."""
    _current_key()
    return {"keys": [key.jwk for key in SigningKey.objects.order_by("-pk")]}


def rotate_key() -> SigningKey:
    """Sign with a new key from now on; what the old one signed stays good."""
    with transaction.atomic():
        list(SigningKey.objects.select_for_update())  # two rotations at once wait for each other
        SigningKey.objects.filter(is_current=True).update(is_current=None, retired_at=timezone.now())
        key = SigningKey.objects.create()
    forget_key()
    return key


def forget_key() -> None:
    global _kept  # noqa: PLW0603
    _kept = None


def _current_key() -> SigningKey:
    global _kept  # noqa: PLW0603
    if _kept is None or monotonic() - _kept[0] > _KEEP_SECONDS:
        _kept = (monotonic(), _stored_key())
    return _kept[1]


def _stored_key() -> SigningKey:
    """The one that signs; the first one is made when it is first needed, by whoever comes first."""
    try:
        return SigningKey.objects.get(is_current=True)
    except SigningKey.DoesNotExist:
        try:
            with transaction.atomic():
                return SigningKey.objects.create()
        except IntegrityError:
            return SigningKey.objects.get(is_current=True)


def _packed(data: dict[str, Any]) -> str:
    return _base64(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError for any spelling but the one that _base64() makes."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _base64(data) != text:
        raise ValueError
    return data
