"""The shop's own settings with what tests need: a scratch folder, a known secret, mail kept in memory."""

import atexit
import os
import shutil
import tempfile


def _scratch_folder() -> str:
    """A folder that goes with the process that made it; children that only inherit it leave it alone."""
    folder, maker = tempfile.mkdtemp(prefix="dukkan-tests-"), os.getpid()

    def remove() -> None:
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = _scratch_folder()
os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 40)
os.environ["DEMO"] = "1"
os.environ["DEBUG"] = "0"
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in the test's thread

from storefront.catalogues import compile_catalogues  # noqa: E402
from storefront.settings import *  # noqa: E402, F403

compile_catalogues()
if IS_SQLITE:  # noqa: F405
    # A file, as in the shop: SQLite in memory locks otherwise, and knows no WAL.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}  # noqa: F405

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
PORT = 1  # nobody listens there: a test that wants the demo's webhooks sets the port of its live server
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
