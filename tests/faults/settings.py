"""The shop's own settings, for processes that show pages without `collectstatic` having run."""

from storefront.settings import *  # noqa: F403

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
