import base64
import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.files.base import ContentFile
from PIL import Image

from invoicing.models import Document
from invoicing.paper import page_of
from invoicing.printing import pdf_of
from storefront.logo import store_logo
from storefront.models.shop import Calendar, Numerals
from tests.factories import make_shop
from tests.invoicing.sales import SAUDI, sold
from tests.invoicing.test_printing import printed

pytestmark = pytest.mark.django_db


def test_what_the_shop_changes_later_changes_no_document() -> None:
    make_shop(**SAUDI, calendar_ar=Calendar.HIJRI, arabic_numerals=Numerals.ARABIC)
    pdf = printed(sold([(1000, 1500)], language="ar"))
    document = Document.objects.get()
    page = page_of(document)
    assert "هـ" in page
    assert "١١٫٥٠" in page

    make_shop(name_ar="غيره")

    assert page_of(document) == page
    assert pdf_of(document) == pdf


def test_the_logo_of_its_day_stands_on_a_document(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = Image.new("RGB", (320, 80), "#0f5c5c")
    content = io.BytesIO()
    made.save(content, "PNG")
    logo = store_logo(ContentFile(content.getvalue(), "logo.png"))
    make_shop(**SAUDI, logo=logo.path, logo_width=logo.width, logo_height=logo.height)
    pdf = printed(sold([(1000, 1500)]))
    document = Document.objects.get()
    make_shop(**SAUDI)

    data = base64.b64encode((tmp_path / logo.path).read_bytes()).decode()
    assert f'src="data:image/png;base64,{data}"' in page_of(document)
    assert f'src="/media/{logo.path}"' in page_of(document, bar={"state": "ready"})
    assert pdf_of(document) == pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (image,) = opened.pages[0].images.values()
        assert (int(image.Width), int(image.Height)) == (320, 80)
