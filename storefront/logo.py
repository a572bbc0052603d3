"""The shop's logo: written anew from the pixels of what was uploaded, with its transparency."""

import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from PIL import Image

from storefront.pictures import open_picture, upright, write_at_once

WIDEST, TALLEST = 640, 160  # twice what pages show, for fine screens


@dataclass(frozen=True)
class Logo:
    """`path` lies below MEDIA_ROOT and is made of the content."""

    path: str
    width: int
    height: int


def store_logo(upload: File) -> Logo:
    """Keep a logo as PNG, without metadata. The same pixels are the same file, so repeating it is safe.

    Raises PictureRefused, having written nothing.
    """
    image = upright(open_picture(upload, 2 * WIDEST), WIDEST, TALLEST)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    content = io.BytesIO()
    bare.save(content, "PNG", optimize=True)
    path = f"logo/{hashlib.sha256(content.getvalue()).hexdigest()[:32]}.png"
    write_at_once(Path(settings.MEDIA_ROOT) / path, content.getvalue())
    return Logo(path, *image.size)


def logo_data(path: str) -> str:
    """A logo as a data: address, for documents that fetch nothing; empty without one, or where it is lost."""
    file = Path(settings.MEDIA_ROOT) / path
    if not path or not file.is_file():
        return ""
    return "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
