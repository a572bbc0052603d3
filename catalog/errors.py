from storefront.errors import StorefrontError


class PictureRefused(StorefrontError):
    """An upload that is no picture, or one that we will not open."""


class FileRefused(StorefrontError):
    """An upload that can't be a product's file."""
