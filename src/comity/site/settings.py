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
from comity.site.parts import ANSWERS, CODES, COMMUNITY, PORTAL, apps_of, read_parts, rooms_of, stores_of
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
# The origin that serves the files of training packages and nothing else; it may not be this site's.
CONTENT_URL = os.environ.get("COMITY_CONTENT_URL", "").rstrip("/")


def CLOCK() -> datetime:
    """The present moment; the only clock that the pages read."""
    return datetime.now(UTC)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


_address = urlsplit(SITE_URL)
_is_https = _address.scheme == "https"

DEBUG = False
# Signs the sessions of people with an account, and nothing else. A new one each start signs everybody out.
SECRET_KEY = os.environ.get("COMITY_SECRET_KEY") or secrets.token_urlsafe(48)
ALLOWED_HOSTS = [
    host for host in (_address.hostname, urlsplit(CONTENT_URL).hostname, "localhost", "127.0.0.1", "[::1]") if host
]
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
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SESSION_COOKIE_SAMESITE = "Lax"  # "Strict" would lose the session on the way back from a sign-on or a link in a mail
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds that a link for a new password holds, an invitation's too

# Signing in is django-allauth's; what it asks of us is in community.adapters.
ACCOUNT_ADAPTER = "comity.site.community.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; a check wants it said
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address comes from whoever made the account
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _is_https else "http"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _is_https else 0  # the https address is a proxy's, in front of this
MFA_ADAPTER = "comity.site.community.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1  # half a minute either way, for clocks that differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _is_https  # on this machine only
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {"authenticate_webauthn": "comity.site.community.signing_in_forms.PasskeyForm"}
SOCIALACCOUNT_ADAPTER = "comity.site.community.adapters.SignOnAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
_sign_on_server = os.environ.get("COMITY_OIDC_SERVER", "").rstrip("/")
_sign_on_secret = KEYS / "oidc.secret"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": os.environ.get("COMITY_OIDC_TITLE", ""),
                "client_id": os.environ.get("COMITY_OIDC_CLIENT", ""),
                "secret": _sign_on_secret.read_text(encoding="utf-8").strip() if _sign_on_secret.is_file() else "",
                "settings": {"server_url": _sign_on_server},
            }
        ]
        if _sign_on_server
        else [],
    }
}
if set(PARTS) - {PORTAL}:
    # Attempts to sign in are counted where all processes see them.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "community_attempt",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
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
    *(["comity.site.training.content.only_content_there"] if COMMUNITY in PARTS else []),
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "comity.site.middleware.permissions_policy",
    "comity.site.middleware.language_from_path",
    "django.middleware.common.CommonMiddleware",
    *(
        [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ]
        if set(PARTS) - {PORTAL}
        else []
    ),
    "django.middleware.csrf.CsrfViewMiddleware",
    "comity.site.middleware.referrer_within_the_site",
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
                *(["comity.site.surveys.context.survey_pages"] if {CODES, ANSWERS} & set(PARTS) else []),
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
    "form-action": [CSP.SELF, *filter(None, (ANSWERS_URL, CODES_URL, _origin(_sign_on_server)))],
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
