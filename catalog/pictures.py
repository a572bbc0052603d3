"""Takes pictures in: decoded, turned, stripped of everything but their pixels, and written anew."""

import hashlib
import io
from pathlib import Path

from django.conf import settings
from django.core.files import File
from PIL import Image

from catalog.models import Picture
from catalog.models.picture import WIDTHS
from storefront.pictures import open_picture, upright, write_at_once

TALLEST = 2 * WIDTHS[-1]
_ENCODINGS = {
    "webp": ("WEBP", {"quality": 80, "method": 4}),
    "jpg": ("JPEG", {"quality": 82, "optimize": True, "progressive": True}),
}


def store_picture(source: File | Image.Image) -> Picture:
    """Keep a picture as WebP and JPEG in three widths, without its metadata.

    The same pixels are one row and one set of files, so repeating it is safe, and it puts back files that
    went missing. Raises PictureRefused, having written nothing, for what is not a picture or is too large.
    """
    image = _normalised(source.copy() if isinstance(source, Image.Image) else open_picture(source, TALLEST))
    digest = hashlib.sha256(b"%dx%d " % image.size + image.tobytes()).hexdigest()
    picture = Picture(digest=digest, width=image.width, height=image.height)
    for width in WIDTHS:
        _write(picture, image, width)
    return Picture.objects.get_or_create(
        digest=digest, defaults={"width": image.width, "height": image.height}
    )[0]


def _normalised(image: Image.Image) -> Image.Image:
    """Upright sRGB pixels on white, no wider or taller than we show them."""
    image = upright(image, WIDTHS[-1], TALLEST)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _write(picture: Picture, image: Image.Image, width: int) -> None:
    paths = {
        extension: Path(settings.MEDIA_ROOT) / picture.path(width, extension) for extension in _ENCODINGS
    }
    if all(path.is_file() for path in paths.values()):
        return
    if width < image.width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS
        )
    for extension, path in paths.items():
        name, options = _ENCODINGS[extension]
        encoded = io.BytesIO()
        image.save(encoded, name, **options)
        write_at_once(path, encoded.getvalue())
