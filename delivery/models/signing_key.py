import secrets
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


def new_key_id() -> str:
    return secrets.token_hex(8)


def new_secret() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


class SigningKey(models.Model):
    """An Ed25519 key that licence files are signed with. Retired ones stay: what they signed is still out."""

    kid = models.CharField(_("key id"), max_length=32, unique=True, default=new_key_id, editable=False)
    secret = models.BinaryField(default=new_secret, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)
    # True for the one that signs, null for the others: a unique column knows one true value.
    is_current = models.BooleanField(null=True, default=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_current=True, retired_at=None) | Q(is_current=None, retired_at__isnull=False),
                name="signing_key_signs_or_is_retired",
            )
        ]

    def __str__(self) -> str:
        return self.kid

    @cached_property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes(self.secret))

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def jwk(self) -> dict[str, str]:
        """The public half as RFC 8037 writes it."""
        x = urlsafe_b64encode(self.public.public_bytes_raw()).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}
