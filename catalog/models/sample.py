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
        self._require_file()
        address = reverse("sample", args=[self.instance.slug])
        return address if self.instance.is_on_sale else f"{address}?preview"


class SampleField(models.FileField):
    attr_class = SampleFile
