"""Django's settings for the portal: no database, no cookies, no inline scripts.

Two environment variables decide everything: COMITY_PUBLIC, the public folder to show, and COMITY_SITE_URL, the address
people use. An https address turns on HSTS and the redirect to https; without one the site answers on loopback only.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

HERE = Path(__file__).parent

PUBLIC = Path(os.environ.get("COMITY_PUBLIC", "public")).absolute()
SITE_URL = os.environ.get("COMITY_SITE_URL", "").rstrip("/")
BUILT = HERE / "static" / "built"


def CLOCK() -> datetime:
    """The present moment; the only clock that the pages read."""
    return datetime.now(UTC)


_address = urlsplit(SITE_URL)
_is_https = _address.scheme == "https"

DEBUG = False
# Nothing is signed: there are no sessions, cookies or forms that write. Django demands a key all the same.
SECRET_KEY = os.environ.get("COMITY_SECRET_KEY") or secrets.token_urlsafe(48)
ALLOWED_HOSTS = [host for host in (_address.hostname, "localhost", "127.0.0.1", "[::1]") if host]
ALLOWED_HOSTS += [host for host in os.environ.get("COMITY_ALSO_HOSTS", "").split(",") if host]

INSTALLED_APPS = ["comity.site.portal"]
DATABASES: dict[str, object] = {}
ROOT_URLCONF = "comity.site.urls"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "comity.site.middleware.permissions_policy",
    "comity.site.middleware.language_from_path",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "comity.site.middleware.plain_refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "comity.site.portal.context.every_page",
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
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = _is_https
SECURE_HSTS_SECONDS = 63072000 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
SECURE_HSTS_PRELOAD = _is_https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True

# Addresses and user agents of visitors are nobody's business: only errors are logged, without the request.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
    },
}
