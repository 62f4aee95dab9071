"""Settings of Prasan. Every one has a reader; what differs between machines comes from the environment.

docs/operators.md lists the environment variables.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from prasan.fabric import keys, paths, postgres
from prasan.people import providers

BASE_FOLDER = paths.PROJECT
VAR_FOLDER = paths.var_folder()
CITY_FOLDER = Path(os.environ.get("PRASAN_CITY", BASE_FOLDER / "cities" / "bangkok")).absolute()

SECRET_KEY = os.environ.get("PRASAN_SECRET_KEY") or keys.load()["django"]
DEBUG = os.environ.get("PRASAN_DEBUG") == "1"
PUBLIC_URL = os.environ.get("PRASAN_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
BEHIND_TLS = PUBLIC_URL.startswith("https://")
# A demonstration has accounts with a known password and no second factor; anywhere else those can't sign in.
DEMO = os.environ.get("PRASAN_DEMO") == "1"
ALLOWED_HOSTS = os.environ.get("PRASAN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# How many proxies in front of us set X-Forwarded-For; 0 = trust none (callers could forge it).
TRUSTED_PROXIES = int(os.environ.get("PRASAN_TRUSTED_PROXIES", "0"))
# With it, /metrics answers machines other than this one.
METRICS_TOKEN = os.environ.get("PRASAN_METRICS_TOKEN", "")

# Begins the Open Contracting IDs of exports; a city registers its own with the Open Contracting Partnership.
OCID_PREFIX = os.environ.get("PRASAN_OCID_PREFIX", "ocds-000000")

# A style of a tile server for the maps; without it the map shows the city's own outlines.
BASEMAP_STYLE_URL = os.environ.get("PRASAN_BASEMAP_STYLE", "")
BASEMAP_ORIGINS = os.environ.get("PRASAN_BASEMAP_ORIGINS", "").split()

INSTALLED_APPS = [
    "prasan.site.apps.SiteConfig",
    "prasan.reports.apps.ReportsConfig",
    "prasan.portfolio.apps.PortfolioConfig",
    "prasan.committee.apps.CommitteeConfig",
    "prasan.people.apps.PeopleConfig",
    "prasan.city.apps.CityConfig",
    "prasan.fabric.apps.FabricConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "ninja",
]

MIDDLEWARE = [
    "prasan.fabric.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "prasan.fabric.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prasan.fabric.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "prasan.people.actors.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "prasan.fabric.middleware.ProblemMiddleware",
]

ROOT_URLCONF = "prasan.site.urls"
WSGI_APPLICATION = "prasan.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prasan.fabric.context.page",
            ],
        },
    }
]


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL") or postgres.embedded_url()
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "prasan.fabric.database",
        "NAME": parts.pop("dbname", "prasan"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": {**parts, "application_name": os.environ.get("PRASAN_PROCESS", "prasan")},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": os.environ.get("PRASAN_TEST_DATABASE", "test_prasan"), "TEMPLATE": "template0"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "th"
LANGUAGES = [("th", _("Thai")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "prasan_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Bangkok"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_FOLDER / "static"
PHOTOS_BUCKET = os.environ.get("PRASAN_S3_BUCKET", "")


def _photos() -> dict[str, object]:
    """Where photos are kept: a folder, or an S3 bucket (Amazon's or a compatible one at PRASAN_S3_ENDPOINT)."""
    if not PHOTOS_BUCKET:
        return {"BACKEND": "prasan.fabric.files.LocalStorage", "OPTIONS": {"location": VAR_FOLDER / "files"}}
    options = {
        "bucket_name": PHOTOS_BUCKET,
        "endpoint_url": os.environ.get("PRASAN_S3_ENDPOINT") or None,
        "region_name": os.environ.get("PRASAN_S3_REGION") or None,
        "access_key": os.environ.get("PRASAN_S3_KEY") or None,
        "secret_key": os.environ.get("PRASAN_S3_SECRET") or None,
        "addressing_style": os.environ.get("PRASAN_S3_ADDRESSING", "auto"),
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": True,
        "querystring_expire": 300,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


# Served pages name assets by their content's hash, so that browsers keep them for ever; tests need no manifest.
SERVED = os.environ.get("PRASAN_PROCESS") in {"up", "web"}
WHITENOISE_USE_FINDERS = not SERVED
STORAGES = {
    "default": _photos(),
    "photos": _photos(),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if SERVED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Background jobs: every module's jobs.py holds its tasks.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["prasan.people.backends.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username", "name")}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "me"
LOGOUT_REDIRECT_URL = "home"

# Officers' sign-in: django-allauth, with our adapters. docs/people.md says what each choice means.
ACCOUNT_ADAPTER = "prasan.people.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "prasan.people.sign_in_forms.StaffSignInForm",
    "reset_password": "prasan.people.sign_in_forms.ResetPasswordForm",
    "reset_password_from_key": "prasan.people.sign_in_forms.ResetPasswordKeyForm",
    "change_password": "prasan.people.sign_in_forms.ChangePasswordForm",
    "set_password": "prasan.people.sign_in_forms.SetPasswordForm",
    "reauthenticate": "prasan.people.sign_in_forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None  # ours is encrypted; allauth must not search or lower-case it
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_FORMS = {
    "authenticate": "prasan.people.sign_in_forms.ShowCodeForm",
    "reauthenticate": "prasan.people.sign_in_forms.ShowCodeAgainForm",
    "activate_totp": "prasan.people.sign_in_forms.SetUpAppForm",
    "add_webauthn": "prasan.people.sign_in_forms.AddPasskeyForm",
    "edit_webauthn": "prasan.people.sign_in_forms.RenamePasskeyForm",
}
MFA_ADAPTER = "prasan.people.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Prasan"
MFA_TOTP_TOLERANCE = 1  # phones' clocks are up to 30 seconds off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PUBLIC_URL.startswith(("http://localhost", "http://127.0.0.1"))
SOCIALACCOUNT_ADAPTER = "prasan.people.adapters.ProviderAdapter"
PROVIDERS = providers.apps(CITY_FOLDER, os.environ)
SIGN_IN_ORIGINS = providers.origins(PROVIDERS)
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": PROVIDERS}}

# Citizens' sign-in: a link by e-mail, good for 30 minutes and once (django-sesame).
SESAME_MAX_AGE = 30 * 60
SESAME_ONE_TIME = True
SESAME_SIGNATURE_SIZE = 16
SESAME_TOKENS = ["sesame.tokens_v2"]

CACHES = {
    "default": {"BACKEND": "prasan.people.shared_cache.PostgresCache"},  # shared by all web processes
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}},
}
SESSION_SERIALIZER = "prasan.people.sessions.EncryptedSerializer"
SESSION_COOKIE_AGE = 12 * 3600  # a working day; citizens' sessions last longer (people.pages.sign_in)
SESSION_COOKIE_NAME = "prasan_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"  # as Django's other cookies are by default
SECURE_SSL_REDIRECT = BEHIND_TLS and os.environ.get("PRASAN_SSL_REDIRECT", "1") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = ["prasan.reports.uploads.PhotoUploadHandler"]

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("PRASAN_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("PRASAN_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("PRASAN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("PRASAN_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("PRASAN_SMTP_TLS") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("PRASAN_MAIL_FROM", "prasan@localhost")
if not EMAIL_HOST:
    # Without a mail server, letters are files an operator (and the demo) can read.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_FOLDER / "mail"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "prasan.fabric.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PRASAN_LOG", "WARNING")},
}
