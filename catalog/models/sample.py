import secrets
from pathlib import PurePosixPath
from typing import Any

from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse


def sample_name(product: Any, uploaded: str) -> str:
    return f"samples/{secrets.token_hex(16)}{PurePosixPath(uploaded).suffix[:10].lower()}"


class SampleFile(FieldFile):
    @property
    def url(self) -> str:
        """Of the view that sends it so that it can do no harm: the files themselves are not served."""
        product: Any = self.instance
        address = reverse("sample", args=[product.slug])
        return address if product.is_on_sale else f"{address}?preview"


class SampleField(models.FileField):
    attr_class = SampleFile
