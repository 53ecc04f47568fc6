"""Django's settings: no inline scripts, no cookies but for people who sign in, and a database only where a part needs one.

Environment variables decide everything. COMITY_PUBLIC is the public folder to show, COMITY_SITE_URL the address people
use: an https address turns on HSTS and the redirect to https; without one the site answers on loopback only.
COMITY_PARTS says what is served (`parts`; the portal unless said otherwise), COMITY_INSTANCE whose keys and databases.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from comity.site.databases import DATABASE_SETTINGS, SITE, database_from_url
from comity.site.parts import PORTAL, apps_of, read_parts, rooms_of, stores_of
from comity.site.surveys.stores import INVITATIONS, RESPONSES

HERE = Path(__file__).parent

PUBLIC = Path(os.environ.get("COMITY_PUBLIC", "public")).absolute()
SITE_URL = os.environ.get("COMITY_SITE_URL", "").rstrip("/")
BUILT = HERE / "static" / "built"
POPULATION = os.environ.get("COMITY_POPULATION", "")  # a description of who lives here, for the toolkit's reach record

PARTS = read_parts(os.environ.get("COMITY_PARTS", PORTAL))
INSTANCE = Path(os.environ.get("COMITY_INSTANCE", ".")).absolute()
KEYS = INSTANCE / "keys"
TIME_ZONE_OF_AGENCY = os.environ.get("COMITY_TIME_ZONE", "UTC")
# Where the other organisation's page is, when the code page and the answer page are not served together.
CODES_URL = os.environ.get("COMITY_CODES_URL", "").rstrip("/")
ANSWERS_URL = os.environ.get("COMITY_ANSWERS_URL", "").rstrip("/")


def CLOCK() -> datetime:
    """The present moment; the only clock that the pages read."""
    return datetime.now(UTC)


_address = urlsplit(SITE_URL)
_is_https = _address.scheme == "https"

DEBUG = False
# Signs the sessions of people with an account, and nothing else. A new one each start signs everybody out.
SECRET_KEY = os.environ.get("COMITY_SECRET_KEY") or secrets.token_urlsafe(48)
ALLOWED_HOSTS = [host for host in (_address.hostname, "localhost", "127.0.0.1", "[::1]") if host]
ALLOWED_HOSTS += [host for host in os.environ.get("COMITY_ALSO_HOSTS", "").split(",") if host]

INSTALLED_APPS = apps_of(PARTS)
ROOMS = rooms_of(PARTS)
_files = {SITE: "site", INVITATIONS: "invitations", RESPONSES: "responses"}
DATABASES = {
    store: database_from_url(os.environ.get(DATABASE_SETTINGS[store]) or f"sqlite:{_files[store]}.sqlite3", INSTANCE)
    for store in stores_of(PARTS)
}
DATABASE_ROUTERS = ["comity.site.databases.StoreRouter"]
AUTH_USER_MODEL = "community.Account"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "community:office"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Mail waits in the outbox until `comity work` sends it, and stays there while no server is named.
MAIL_FROM = os.environ.get("COMITY_MAIL_SENDER", "")
_mail_password = KEYS / "mail.password"
_mail_security = os.environ.get("COMITY_MAIL_SECURITY") or "starttls"
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": os.environ.get("COMITY_MAIL_HOST", ""),
            "port": int(os.environ.get("COMITY_MAIL_PORT") or (465 if _mail_security == "tls" else 587)),
            "username": os.environ.get("COMITY_MAIL_USER", ""),
            "password": _mail_password.read_text(encoding="utf-8").strip() if _mail_password.is_file() else "",
            "use_tls": _mail_security == "starttls",
            "use_ssl": _mail_security == "tls",
            "timeout": 30,
        },
    }
}
ROOT_URLCONF = "comity.site.urls"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    *(["comity.site.operations.numbers.measure"] if (KEYS / "metrics.token").is_file() else []),
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "comity.site.middleware.permissions_policy",
    "comity.site.middleware.language_from_path",
    "django.middleware.common.CommonMiddleware",
    *(
        [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ]
        if set(PARTS) - {PORTAL}
        else []
    ),
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "comity.site.middleware.plain_refusals",
    *(["comity.site.guard.guard", "comity.site.stores.portal_without_databases"] if set(PARTS) - {PORTAL} else []),
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                *(["comity.site.portal.context.every_page"] if PORTAL in PARTS else []),
                *(["comity.site.community.context.office_pages"] if set(PARTS) - {PORTAL} else []),
            ],
            "builtins": ["django.templatetags.i18n", "comity.site.portal.templatetags.portal"],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "worker-src": [CSP.SELF, "blob:"],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF, *filter(None, (ANSWERS_URL, CODES_URL))],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
# Other sites learn nothing. With "no-referrer" browsers would send forms with the origin "null", which is refused.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = _is_https
SECURE_HSTS_SECONDS = 63072000 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
SECURE_HSTS_PRELOAD = _is_https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_SECURE = _is_https

# Addresses and user agents of visitors are nobody's business, and an exception's text may hold what somebody wrote: an
# error is logged by its kind and the lines of ours it came through, without the request.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"bare": {"()": "comity.site.quiet_logs.BareFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "bare"}},
    "root": {"handlers": ["stderr"], "level": "ERROR"},
    "loggers": {
        "django.security": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
