import uuid
from typing import Self

import idna
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.models.license import License


class ActivationQuerySet(models.QuerySet["Activation"]):
    def in_use(self) -> Self:
        return self.filter(released_at=None)

    def counted(self) -> Self:
        """Those that the limit counts."""
        return self.in_use().filter(is_free=False)


class Activation(models.Model):
    """One site or machine that uses a licence, or did. Written by delivery.activating alone."""

    license = models.ForeignKey(
        License, models.PROTECT, related_name="activations", verbose_name=_("licence")
    )
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    instance = models.CharField(_("site or machine"), max_length=250)
    name = models.CharField(_("name"), max_length=250, blank=True)
    is_free = models.BooleanField(
        _("not counted"), default=False, help_text=_("A local or staging site takes no place.")
    )
    activated_at = models.DateTimeField(_("activated"), default=timezone.now)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    objects = ActivationQuerySet.as_manager()

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["license", "instance"], name="one_activation_an_instance")
        ]

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """The instance as people write it: an international name in its own letters."""
        host, slash, folder = self.instance.partition("/")
        try:
            return idna.decode(host) + slash + folder if "xn--" in host else self.instance
        except idna.IDNAError:
            return self.instance
