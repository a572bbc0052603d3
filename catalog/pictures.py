"""Takes pictures in: decoded, turned, stripped of everything but their pixels, and written anew."""

import hashlib
import io
import os
import secrets
import struct
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from catalog.errors import PictureRefused
from catalog.models import Picture
from catalog.models.picture import WIDTHS
from storefront.money import digits

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]
TALLEST = 2 * WIDTHS[-1]
# What Pillow's decoders raise for bytes that are not what they say.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ENCODINGS = {
    "webp": ("WEBP", {"quality": 80, "method": 4}),
    "jpg": ("JPEG", {"quality": 82, "optimize": True, "progressive": True}),
}


def store_picture(source: File | Image.Image) -> Picture:
    """Keep a picture as WebP and JPEG in three widths, without its metadata.

    The same pixels are one row and one set of files, so repeating it is safe, and it puts back files that
    went missing. Raises PictureRefused, having written nothing, for what is not a picture or is too large.
    """
    image = _normalised(source.copy() if isinstance(source, Image.Image) else _opened(source))
    digest = hashlib.sha256(b"%dx%d " % image.size + image.tobytes()).hexdigest()
    picture = Picture(digest=digest, width=image.width, height=image.height)
    for width in WIDTHS:
        _write(picture, image, width)
    return Picture.objects.get_or_create(
        digest=digest, defaults={"width": image.width, "height": image.height}
    )[0]


def _opened(upload: File) -> Image.Image:
    if not upload.size:
        raise PictureRefused(_("This picture is empty."))
    if upload.size > settings.PICTURE_MAX_BYTES:
        raise PictureRefused(
            _("This picture is larger than %(size)s MB.")
            % {"size": digits(settings.PICTURE_MAX_BYTES // 1_000_000)}
        )
    upload.seek(0)
    try:
        image = Image.open(io.BytesIO(upload.read()), formats=FORMATS)
        if image.width * image.height > settings.PICTURE_MAX_PIXELS:
            raise Image.DecompressionBombError
        image.draft("RGB", (TALLEST, TALLEST))
        image.load()
    except _BOMBS:
        raise PictureRefused(
            _("This picture has more than %(count)s million pixels.")
            % {"count": digits(settings.PICTURE_MAX_PIXELS // 1_000_000)}
        ) from None
    except _DAMAGED as error:
        raise PictureRefused(
            _("This file can't be read as a picture. Use PNG, JPEG, WebP, GIF or AVIF.")
        ) from error
    return image


def _normalised(image: Image.Image) -> Image.Image:
    """Upright sRGB pixels on white, no wider or taller than we show them."""
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("1", "P"):  # palettes can't be made smaller smoothly
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((WIDTHS[-1], TALLEST), Image.Resampling.LANCZOS, reducing_gap=3)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif profile and image.mode in ("RGB", "CMYK"):
        image = _in_srgb(image, profile)
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile says nothing about the pixels


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
        _write_at_once(path, encoded.getvalue())


def _write_at_once(path: Path, content: bytes) -> None:
    """A reader finds the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.write_bytes(content)
    os.replace(part, path)
