"""All settings, from the environment. Each name may also be given as NAME_FILE, a path to read it from.

What can be set, with its meaning, stands in `.env.example` and `docs/settings.md`.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from storefront.wiring import CELERY_BEAT_SCHEDULE as CELERY_BEAT_SCHEDULE
from storefront.wiring import ORDER_PARTS as ORDER_PARTS
from storefront.wiring import ORDER_REACTIONS as ORDER_REACTIONS
from storefront.wiring import ORDER_TIMELINE as ORDER_TIMELINE
from storefront.wiring import SALE_CHECKS as SALE_CHECKS
from storefront.wiring import SALE_RESERVATIONS as SALE_RESERVATIONS

BASE_DIR = Path(__file__).resolve().parent.parent


class _Files(FileAwareMapping):
    """The newline that ends a secret's file is no part of the secret."""

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key).strip()


class _Env(environ.Env):
    ENVIRON = _Files()


env = _Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# --- The shop and where it lives -----------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{PORT}").rstrip("/")
SITE_NAME = env.str("SITE_NAME", default="Dukkan")
CURRENCY = env.str("CURRENCY", default="USD").upper()
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
COUNTRY_HEADER = env.str("COUNTRY_HEADER", default="")

_site = urlsplit(SITE_URL)
if _site.scheme not in ("http", "https") or not _site.hostname:
    raise ImproperlyConfigured("SITE_URL must be the shop's address, such as https://shop.example.")
IS_HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = [_site.hostname, "localhost", "127.0.0.1", "[::1]"]


def _demo_secret() -> str:
    """The demo keeps a random key of its own beside its data, so that nobody ever runs on a known one."""
    path = DATA_DIR / "demo-secret-key"
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or (_demo_secret() if DEMO or DEBUG else "")
if len(SECRET_KEY) < 32 or "change" in SECRET_KEY.lower():
    raise ImproperlyConfigured(
        "SECRET_KEY must be a random text of 32 characters or more. Make one with: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )

# --- Applications --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "modeltranslation",
    "django.contrib.admin.apps.SimpleAdminConfig",  # urls.py finds the pages; not every process needs them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "storefront",
    "accounts",
    "catalog",
    "checkout",
    "delivery",
    "invoicing",
    "affiliates",
]
if DEMO:
    INSTALLED_APPS.append("demo")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "storefront.middleware.RefuseNulMiddleware",
    "storefront.middleware.ClientAddressMiddleware",
    "delivery.straight.StraightMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "storefront.middleware.LanguageFromPathMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "affiliates.middleware.ReferralMiddleware",
    "storefront.middleware.PrivateByDefaultMiddleware",
    "storefront.middleware.AskAgainMiddleware",
]
ROOT_URLCONF = "storefront.urls"
WSGI_APPLICATION = "storefront.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "storefront.context.page",
                "checkout.context.cart",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "storefront.templatetags.shop",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database, cache, queue ----------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'shop.sqlite3'}")}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a writer waits for its turn instead of failing. FULL: what was answered is on disk.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728; "
        "PRAGMA journal_size_limit=27103364;",
    }
else:
    DATABASES["default"]["ENGINE"] = "storefront.postgresql"
    # Prepared statements are planned once for each connection; planning is most of what pages cost here.
    DATABASES["default"].setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=5)
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}

REDIS_URL = env.str("REDIS_URL", default="")
# Rate limits count in the cache, for all processes together; sessions live in the database, so a wiped
# Redis signs nobody out.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "storefront_cache"}
}
# Pages speak to readers with a session only; a message therefore begins one.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str | int] = (
    # One quick try: whoever buys does not wait for a Redis that is away, the sweeps know what is due.
    {"visibility_timeout": 600, "socket_timeout": 5, "socket_connect_timeout": 2, "max_retries": 0}
    if REDIS_URL
    else {
        "data_folder_in": str(DATA_DIR / "queue"),
        "data_folder_out": str(DATA_DIR / "queue"),
        "control_folder": str(DATA_DIR / "queue-control"),
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# --- Languages, time, numbers --------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية"), ("fa", "فارسی")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["storefront.formats"]
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_FALLBACK_LANGUAGES = {"default": ("en", "ar", "fa")}
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# --- Files ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
PRIVATE_ROOT = DATA_DIR / "private"
# nginx sends private files itself when this names its internal location, such as "/private/".
X_ACCEL_LOCATION = env.str("X_ACCEL_LOCATION", default="")
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
S3_REGION = env.str("S3_REGION", default="us-east-1")
S3_ACCESS_KEY_ID = env.str("S3_ACCESS_KEY_ID", default="")
S3_SECRET_ACCESS_KEY = env.str("S3_SECRET_ACCESS_KEY", default="")
_PRIVATE_FOLDER = {
    "BACKEND": "catalog.folder.PrivateFolder",
    "OPTIONS": {"location": str(PRIVATE_ROOT), "base_url": None},
}
_PRIVATE_BUCKET = {
    "BACKEND": "catalog.storage.S3Storage",
    "OPTIONS": {
        "bucket": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL,
        "region": S3_REGION,
        "access_key_id": S3_ACCESS_KEY_ID,
        "secret_access_key": S3_SECRET_ACCESS_KEY,
    },
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": _PRIVATE_BUCKET if S3_BUCKET else _PRIVATE_FOLDER,
    "staticfiles": {"BACKEND": "storefront.staticfiles.ManifestStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750  # the web server in front reads as a member of our group
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "catalog.uploads.PatientUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
PICTURE_MAX_PIXELS = 40_000_000
PICTURE_MAX_BYTES = 20_000_000

# --- Accounts ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "library"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# Without a password here, allauth lets nobody sign in by one.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {"request_login_code": "accounts.forms.RequestCodeForm"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
MFA_TOTP_ISSUER = SITE_NAME
USERSESSIONS_TRACK_ACTIVITY = False

# --- Payments ------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com").rstrip("/")
PAYPAL_CLIENT_ID = env.str("PAYPAL_CLIENT_ID", default="")
PAYPAL_CLIENT_SECRET = env.str("PAYPAL_CLIENT_SECRET", default="")
PAYPAL_WEBHOOK_ID = env.str("PAYPAL_WEBHOOK_ID", default="")
PAYPAL_MERCHANT_ID = env.str("PAYPAL_MERCHANT_ID", default="")
PAYPAL_API_BASE = env.str("PAYPAL_API_BASE", default="https://api-m.paypal.com").rstrip("/")
ORDER_EXPIRES_AFTER_HOURS = 24
DOWNLOAD_LINK_HOURS = env.int("DOWNLOAD_LINK_HOURS", default=24)
DOWNLOAD_LIMIT = env.int("DOWNLOAD_LIMIT", default=0)
DOWNLOAD_DAYS = env.int("DOWNLOAD_DAYS", default=0)
DOWNLOADS_AT_ONCE = env.int("DOWNLOADS_AT_ONCE", default=20)
REFUND_WINDOW_DAYS = env.int("REFUND_WINDOW_DAYS", default=30)
REFUNDS_AUTO_APPROVE = env.bool("REFUNDS_AUTO_APPROVE", default=False)

# --- Security ------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_SAMESITE = "Lax"  # the buyer comes back from the provider by a link of another site
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "storefront.views.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# Providers the buyer is sent to: Chromium applies form-action to the redirect that follows a form.
_CHECKOUT_HOSTS = [
    *("https://checkout.stripe.com", STRIPE_API_BASE),
    *("https://www.paypal.com", "https://www.sandbox.paypal.com", PAYPAL_API_BASE),
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF, *_CHECKOUT_HOSTS],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Mail ----------------------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
elif DEMO:  # nothing leaves the demo: its mails are files, shown at /demo/mails/
    EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", DATA_DIR / "mail"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"shop@{_site.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = [("Staff", address) for address in env.list("STAFF_EMAILS", default=[])]

# --- Logs ----------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "weasyprint": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
        "paypalrestsdk": {"level": "INFO"},  # below that it tells secrets and buyers' data
    },
}
