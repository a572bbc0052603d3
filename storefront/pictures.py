"""Uploaded pictures are opened with care, and only their pixels are kept."""

import io
import os
import secrets
import struct
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageFile, ImageOps

from storefront.errors import StorefrontError
from storefront.money import digits

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]
# What Pillow's decoders raise for bytes that are not what they say.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class PictureRefused(StorefrontError):
    """An upload that is no picture, or one that we will not open."""


def open_picture(upload: File, tallest: int) -> Image.Image:
    """An upload as pixels, which need not be larger than `tallest` either way. Raises PictureRefused."""
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
        image.draft("RGB", (tallest, tallest))
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on for its whole process
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


def upright(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture as it is meant to be seen, within a width and a height, in sRGB where it is opaque."""
    profile = image.info.get("icc_profile")
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("1", "P"):  # palettes can't be made smaller smoothly
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
    if not image.has_transparency_data and profile and image.mode in ("RGB", "CMYK"):
        image = _in_srgb(image, profile)
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile says nothing about the pixels


def write_at_once(path: Path, content: bytes) -> None:
    """A reader finds the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.write_bytes(content)
    os.replace(part, path)
