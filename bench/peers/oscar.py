"""django-oscar with its defaults, as quick as its documentation allows: settings, addresses and application.

Used as DJANGO_SETTINGS_MODULE and as the module of the application. BENCH_DATABASE names the database,
BENCH_FOLDER a folder for its search index and pictures. https://django-oscar.readthedocs.io/en/4.2/
"""

import os
from pathlib import Path

from oscar import defaults

vars().update({name: value for name, value in vars(defaults).items() if name.isupper()})

_FOLDER = Path(os.environ["BENCH_FOLDER"])
_HOST, _, _PORT = os.environ["BENCH_DATABASE_AT"].partition(":")
SECRET_KEY = "only-for-measuring-on-this-machine"
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
USE_TZ = True
STATIC_URL, MEDIA_URL = "/static/", "/media/"
MEDIA_ROOT = _FOLDER / "media"
STATIC_ROOT = _FOLDER / "static"
ROOT_URLCONF = "bench.peers.oscar_urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BENCH_DATABASE"],
        "USER": "postgres",
        "HOST": _HOST,
        "PORT": _PORT,
        "CONN_MAX_AGE": None,
    }
}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
AUTHENTICATION_BACKENDS = ["oscar.apps.customer.auth_backends.EmailBackend"]
HAYSTACK_CONNECTIONS = {
    "default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": str(_FOLDER / "index")}
}
OSCAR_ALLOW_ANON_CHECKOUT = True
OSCAR_DEFAULT_CURRENCY = "USD"

INSTALLED_APPS = [
    *(
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    ),
    *("django.contrib.sites", "django.contrib.flatpages"),
    *("oscar.config.Shop", "oscar.apps.analytics.apps.AnalyticsConfig"),
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    *(
        f"oscar.apps.{name}.apps.{name.capitalize()}Config"
        for name in (
            *("checkout", "address", "shipping", "catalogue", "communication", "partner", "basket"),
            *("payment", "offer", "order", "customer", "search", "voucher", "wishlists", "dashboard"),
        )
    ),
    *(
        f"oscar.apps.dashboard.{name}.apps.{name.capitalize()}DashboardConfig"
        for name in (
            *("reports", "users", "orders", "catalogue", "offers", "partners", "pages", "ranges"),
            *("reviews", "vouchers", "communications", "shipping"),
        )
    ),
    *("widget_tweaks", "haystack", "treebeard", "sorl.thumbnail", "django_tables2"),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                *(f"django.template.context_processors.{name}" for name in ("request", "i18n")),
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oscar.apps.search.context_processors.search_form",
                "oscar.apps.checkout.context_processors.checkout",
                "oscar.apps.communication.notifications.context_processors.notifications",
                "oscar.core.context_processors.metadata",
            ]
        },
    }
]
