"""Settings: one file, the environment decides.

Without any variable the site runs for development on SQLite. With ``DEBUG`` off it
refuses to start unless ``SECRET_KEY`` and ``ALLOWED_HOSTS`` are given. All variables
are listed in docs/operators.md.
"""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


class Variables(environ.fileaware_mapping.FileAwareMapping):
    """The environment; NAME may stand in the file that NAME_FILE says instead."""

    def __getitem__(self, name):
        # Editors end a file with a line break, which is no part of a secret.
        return super().__getitem__(name).removesuffix("\n")


class Env(environ.FileAwareEnv):
    ENVIRON = Variables()


env = Env()

# What the site writes: database, media, collected static files, mail.
VAR_DIR = env.path("VAR_DIR", default=str(BASE_DIR / "var"))
Path(VAR_DIR).mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=True)

_BUILT_IN_KEY = "for development only, never deployed"
_THIS_MACHINE = re.compile(r"\.?localhost|[\w-]+\.localhost|127(\.\d+){3}|\[::1\]")

if DEBUG:
    SECRET_KEY = env.str("SECRET_KEY", default=_BUILT_IN_KEY)
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
    others = [host for host in ALLOWED_HOSTS if not _THIS_MACHINE.fullmatch(host)]
    if others and SECRET_KEY in ("", _BUILT_IN_KEY):
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS names {others[0]}, which others may reach, but everybody "
            "knows the SECRET_KEY that comes with the software. On a server set "
            "DEBUG=off and a SECRET_KEY; to develop on another machine, a SECRET_KEY."
        )
else:
    SECRET_KEY = env.str("SECRET_KEY")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
    if SECRET_KEY in ("", _BUILT_IN_KEY) or not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "With DEBUG off, SECRET_KEY and ALLOWED_HOSTS must not be empty, and "
            "the key must be your own."
        )

# Former keys, with which old links and sessions stay good.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The address readers use, for links in feeds, sitemaps and e-mails.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
SITE_ID = 1

# Where tasks wait: in the database, or in Redis for workers on several machines.
TASK_QUEUE_URL = env.str("TASK_QUEUE_URL", default="")

# A replica of the database, which takes over reads (ecfr_site/database/replica.py).
REPLICA_URL = env.str("REPLICA_URL", default="")

INSTALLED_APPS = [
    "newsletter",
    "articles",
    "authors",
    "ecfr_site.images",
    "ckeditor",
    "reversion",
    "import_export",
    "anymail",
    "django_tasks",
    "django_tasks_db",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    *(["django_rq"] if TASK_QUEUE_URL else []),
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "django.contrib.redirects",
    "django.contrib.sitemaps",
    "ecfr_site.apps.EditorialAdminConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    # Last: its admin replaces that of simple pages and redirects.
    "ecfr_site.apps.EcfrSiteConfig",
]

MIDDLEWARE = [
    # First: it answers probes, and sees what all others answer.
    "ecfr_site.monitoring.middleware.WatchMiddleware",
    # Around all that readers' pages get, so that they are kept as they are sent.
    "ecfr_site.caching.middleware.PageCacheMiddleware",
    "ecfr_site.security.middleware.BrowserLimitsMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_http_compression.middleware.HttpCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    # Before all that asks the database.
    *(["ecfr_site.database.replica.ReplicaMiddleware"] if REPLICA_URL else []),
    "ecfr_site.security.middleware.DeskAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "articles.middleware.ReplaceDueMiddleware",
    "ecfr_site.redirects.middleware.RedirectMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "ecfr_site.audit.middleware.AuditMiddleware",
    # Last, as it asks: answers a sign-in that was refused for too many failures.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ecfr_site.urls"
WSGI_APPLICATION = "ecfr_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ecfr_site.context_processors.institution",
            ],
        },
    },
]

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/db.sqlite3"),
}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets readers read while the worker writes; IMMEDIATE takes the write lock at
    # the start of a transaction, so that waiting replaces "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
if REPLICA_URL:
    if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("REPLICA_URL is for PostgreSQL in DATABASE_URL.")
    replica = env.db_url_config(REPLICA_URL)
    # A network that is gone is noticed within seconds, without an answer to wait for.
    limits = {"connect_timeout": 2, "tcp_user_timeout": 2000}
    DATABASES["default"]["OPTIONS"] = limits | DATABASES["default"].get("OPTIONS", {})
    DATABASES["replica"] = replica | {
        "CONN_MAX_AGE": DATABASES["default"]["CONN_MAX_AGE"],
        "OPTIONS": limits | replica.get("OPTIONS", {}),
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["ecfr_site.database.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
# Several sites may share one Redis.
CACHES["default"]["KEY_PREFIX"] = urlsplit(SITE_URL).netloc
IN_PROCESS = CACHES["default"]["BACKEND"].endswith("LocMemCache")
if IN_PROCESS:
    # Each process keeps its own; three rows a page.
    CACHES["default"].setdefault("OPTIONS", {"MAX_ENTRIES": 1500})
else:
    # A cache that does not answer is done without.
    CACHES["default"].setdefault("OPTIONS", {}).update(
        socket_connect_timeout=0.5, socket_timeout=0.5
    )

# Whole pages for readers (ecfr_site/caching/middleware.py)
PAGE_CACHE: bool = env.bool("PAGE_CACHE", default=not DEBUG)
# How old the edition's number may be, in seconds, if nobody tells of a change. Where
# the processes do not share a cache, none could tell the others.
CONTENT_VERSION_MAX_AGE = 0 if IN_PROCESS else 5
# How long browsers, and shared caches in front, keep a page before they ask again.
PAGE_MAX_AGE = env.int("PAGE_MAX_AGE", default=0)
PAGE_SHARED_MAX_AGE = env.int("PAGE_SHARED_MAX_AGE", default=1)

TASK_QUEUE = (
    "ecfr_site.tasks.redis.RedisQueue"
    if TASK_QUEUE_URL
    else "ecfr_site.tasks.database.DatabaseQueue"
)
# A worker on Redis empties them in this order: images, which an editor waits for,
# then mail that a person waits for, editions, and what nobody waits for.
TASK_QUEUES = ["high", "default", "low", "lowest"]
TASKS = {"default": {"BACKEND": TASK_QUEUE, "QUEUES": TASK_QUEUES}}
RQ_QUEUES = {name: {"URL": TASK_QUEUE_URL or "redis://"} for name in TASK_QUEUES}
# The package's own pages let everybody at the desk empty the queues.
RQ_SHOW_ADMIN_LINK = False

# How many days it is kept who did something (docs/privacy.md)
READING_KEPT_DAYS = env.int("READING_KEPT_DAYS", default=395)
LEFT_KEPT_DAYS = env.int("LEFT_KEPT_DAYS", default=730)
PREVIEWS_KEPT_DAYS = env.int("PREVIEWS_KEPT_DAYS", default=365)
SIGN_IN_FAILURES_DAYS = env.int("SIGN_IN_FAILURES_DAYS", default=30)
UNSAVED_TEXT_DAYS = env.int("UNSAVED_TEXT_DAYS", default=180)
if (
    min(
        READING_KEPT_DAYS,
        LEFT_KEPT_DAYS,
        PREVIEWS_KEPT_DAYS,
        SIGN_IN_FAILURES_DAYS,
        UNSAVED_TEXT_DAYS,
    )
    < 1
):
    raise ImproperlyConfigured("What is kept for some days is kept for one at least.")

# Accounts (ecfr_site/accounts/)

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "ecfr_site.accounts.passkeys.PasskeyBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 12},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
# Links to set a password, for invitations too.
PASSWORD_RESET_TIMEOUT = 24 * 3600
# Who must sign in with a second factor: names of groups, or "superusers".
TWO_FACTOR_GROUPS = env.list(
    "TWO_FACTOR_GROUPS",
    default=["Publishers", "Managers", *([] if DEBUG else ["superusers"])],
)

# Guessing: so many failures of one account from one address, so many of an address in
# all, and then a pause.
AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURES", default=5)
SIGN_IN_FAILURES_AN_ADDRESS = env.int("SIGN_IN_FAILURES_AN_ADDRESS", default=50)
SIGN_IN_PAUSE_MINUTES = env.int("SIGN_IN_PAUSE_MINUTES", default=15)
AXES_COOLOFF_TIME = timedelta(minutes=SIGN_IN_PAUSE_MINUTES)
# In this order: ecfr_site/accounts/lockout.py counts them one by one.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], ["ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "ecfr_site.accounts.lockout.LockoutHandler"
AXES_CLIENT_IP_CALLABLE = "ecfr_site.accounts.lockout.guessing_address"
AXES_LOCKOUT_CALLABLE = "ecfr_site.accounts.lockout.locked_out"
# The audit log tells who signed in and who failed to.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Links to set a password that the form sends, by account and by address.
PASSWORD_LINKS_AN_ACCOUNT_AN_HOUR = env.int(
    "PASSWORD_LINKS_AN_ACCOUNT_AN_HOUR", default=3
)
PASSWORD_LINKS_AN_ADDRESS_AN_HOUR = env.int(
    "PASSWORD_LINKS_AN_ADDRESS_AN_HOUR", default=20
)

# Sessions end so long after the last page, and after so long in all.
SESSION_IDLE_HOURS = env.int("SESSION_IDLE_HOURS", default=12)
SESSION_MAX_DAYS = env.int("SESSION_MAX_DAYS", default=14)
SESSION_COOKIE_AGE = SESSION_IDLE_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

LOGIN_URL = "admin:login"

# The desk: the path at which it is, and the networks that it is for; none: everybody.
ADMIN_PATH = env.str("ADMIN_PATH", default="admin").strip("/")
if not re.fullmatch(r"[\w-]+(/[\w-]+)*", ADMIN_PATH, re.ASCII):
    raise ImproperlyConfigured(f"ADMIN_PATH is no path: {ADMIN_PATH!r}.")
ADMIN_ADDRESSES = [ip_network(a) for a in env.list("ADMIN_ADDRESSES", default=[])]
CSRF_FAILURE_VIEW = "ecfr_site.views.csrf_failure"

# Searches by one network address; many readers may share it.
SEARCHES_AN_ADDRESS_A_MINUTE = env.int("SEARCHES_AN_ADDRESS_A_MINUTE", default=120)

# Language and time

LANGUAGE_CODE = "en-gb"
# Languages articles may be written in; the first is the site's own.
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("pl", "Polish"),
]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Brussels")
USE_TZ = True
FORMAT_MODULE_PATH = "ecfr_site.formats"

# Files

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=f"{VAR_DIR}/static")
MEDIA_URL = "media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=f"{VAR_DIR}/media")
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=f"{VAR_DIR}/private")
# Where nginx serves PRIVATE_ROOT internally; empty: the application sends files itself.
PRIVATE_ACCEL = env.str("PRIVATE_ACCEL", default="")


def storage(url, folder, bucket):
    """The backend for files on this machine or, with an address, in a bucket.

    Its options in django-storages are the query: s3://bucket/folder?region_name=…
    """
    if not url:
        return {"BACKEND": folder}
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured(f"s3://bucket/folder?option=value, not {url}.")
    options = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
    return {"BACKEND": bucket, "OPTIONS": options | dict(parse_qsl(parts.query))}


STORAGES = {
    "default": storage(
        env.str("MEDIA_STORAGE_URL", default=""),
        folder="django.core.files.storage.FileSystemStorage",
        bucket="ecfr_site.storage.s3.PublicObjects",
    ),
    # What only some may have: articles/downloads.py asks who wants it.
    "private": storage(
        env.str("PRIVATE_STORAGE_URL", default=""),
        folder="ecfr_site.storage.private.PrivateStorage",
        bucket="ecfr_site.storage.s3.PrivateObjects",
    ),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if PRIVATE_ACCEL and "OPTIONS" in STORAGES["private"]:
    raise ImproperlyConfigured("PRIVATE_ACCEL is for files of this machine only.")
# Serve media from the application: right for `make run`; a web server or an object
# store does it in production.
SERVE_MEDIA = env.bool("SERVE_MEDIA", default=DEBUG)
IMAGE_MAX_BYTES = env.int("IMAGE_MAX_BYTES", default=20 * 1024 * 1024)
IMAGE_MAX_PIXELS = env.int("IMAGE_MAX_PIXELS", default=50_000_000)
# A long report with its tables is about 2 MB of HTML; images are not posted inline.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Mail

# By SMTP, printed, as files in a folder, or by a mail service that anymail knows.
environ.Env.EMAIL_SCHEMES["outbox"] = "ecfr_site.mail.outbox.EmailBackend"
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
OUTBOX_DIR = env.path("OUTBOX_DIR", default=f"{VAR_DIR}/outbox")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
if EMAIL_SERVICE := env.str("EMAIL_SERVICE", default=""):
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_SERVICE}.EmailBackend"
# Whatever code sends mail, it comes to the gate first, and to this one behind it.
MAIL_BACKEND, EMAIL_BACKEND = EMAIL_BACKEND, "ecfr_site.mail.backends.HoldableBackend"
ANYMAIL = env.json("ANYMAIL", default={})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="office@localhost")

# Newsletter

# Whether what a subscriber opens and clicks is noted only after a clear yes.
ANALYTICS_NEEDS_CONSENT = env.bool("ANALYTICS_NEEDS_CONSENT", default=True)
# Never changed once addresses were erased: it is what recognises them.
SUPPRESSION_KEY = env.str("SUPPRESSION_KEY", default=SECRET_KEY)
if SECRET_KEY_FALLBACKS and SUPPRESSION_KEY == SECRET_KEY:
    raise ImproperlyConfigured(
        "With a new SECRET_KEY, SUPPRESSION_KEY must be given and stay what it was: "
        "the first SECRET_KEY, if there was none. Otherwise erased addresses are "
        "not recognised."
    )
# A second person approves what goes to more people than this.
NEWSLETTER_APPROVAL_OVER = env.int("NEWSLETTER_APPROVAL_OVER", default=500)
# How many workers send an edition at once, and with how many connections each.
NEWSLETTER_WORKERS = env.int("NEWSLETTER_WORKERS", default=1)
NEWSLETTER_CONNECTIONS = env.int("NEWSLETTER_CONNECTIONS", default=4)
# The most messages a second, in all and by recipient domain; 0 means no limit.
NEWSLETTER_RATE = env.float("NEWSLETTER_RATE", default=0)
NEWSLETTER_DOMAIN_RATES = env.dict(
    "NEWSLETTER_DOMAIN_RATES", cast={"value": float}, default={}
)
# The name of the key that messages are signed with, to look it up before sending.
DKIM_SELECTOR = env.str("DKIM_SELECTOR", default="")
# Whether checking an edition's links may reach into private networks; tests do.
LINKS_MAY_BE_PRIVATE = False
# Returned messages go here, with a token after a plus sign: "bounces@example.org".
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
# The mailbox that `read_bounces` empties: "imaps://user:password@host/INBOX".
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", default="")
BOUNCE_THRESHOLD = env.float("BOUNCE_THRESHOLD", default=3)
# Confirmation mails that the signup form may cause.
SIGNUPS_AN_ADDRESS_A_DAY = env.int("SIGNUPS_AN_ADDRESS_A_DAY", default=3)
SIGNUPS_A_NETWORK_AN_HOUR = env.int("SIGNUPS_A_NETWORK_AN_HOUR", default=20)
SIGNUPS_AN_HOUR = env.int("SIGNUPS_AN_HOUR", default=1000)
# A proof of work before the form is accepted; it needs JavaScript.
SIGNUP_PROOF_OF_WORK = env.bool("SIGNUP_PROOF_OF_WORK", default=False)

# Security

# Off only where there is no TLS at all, as on a developer's own machine.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
# A one-click unsubscribe is answered where it arrives, never redirected (RFC 8058).
SECURE_REDIRECT_EXEMPT = [r"^newsletter/unsubscribe/"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
if HTTPS:
    # Browsers take these from this very host alone, by TLS: no neighbour sets them.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
# What the site does not use is off in browsers.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "accelerometer": [],
    "camera": [],
    "display-capture": [],
    "geolocation": [],
    "gyroscope": [],
    "magnetometer": [],
    "microphone": [],
    "midi": [],
    "payment": [],
    "usb": [],
}
X_FRAME_OPTIONS = "DENY"
# Style sheets and scripts are for this site's pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Where browsers report what a policy stopped, in the old way and in the new one.
CSP_REPORT_PATH = "/csp-report/"
CSP_REPORTS = {"report-uri": [CSP_REPORT_PATH], "report-to": ["csp"]}
CSP_REPORTS_AN_HOUR = env.int("CSP_REPORTS_AN_HOUR", default=200)
# Readers: nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        # Nothing connects; tools that audit a page read robots.txt from within it.
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        **CSP_REPORTS,
    }
}
# Editors: as narrow as CKEditor 4 works with (docs/decisions/0002-ckeditor.md).
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "frame-src": [SELF],
    "frame-ancestors": [SELF],
    "object-src": [NONE],
    "base-uri": [SELF],
    "form-action": [SELF],
    **CSP_REPORTS,
}
# CKEditor 4 is past its end of life; why that is safe: docs/decisions/0002-ckeditor.md
SILENCED_SYSTEM_CHECKS = ["ckeditor.W001"]

# The editor (ecfr_site/richtext/fields.py is the only place that knows it)

CKEDITOR_BASEPATH = f"/{STATIC_URL}ckeditor/ckeditor/"

# Backups (ecfr_site/backups/)

BACKUP_DIR = env.str("BACKUP_DIR", default=f"{VAR_DIR}/backups")
# The public key of age (age1…) that `backup --encrypt` encrypts for.
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")

# Watching (ecfr_site/monitoring/)

# Which machines see the checks of /readyz and /metrics: addresses or networks.
WATCH_ADDRESSES = [ip_network(a) for a in env.list("WATCH_ADDRESSES", default=[])]
# Or who sends this as `Authorization: Bearer …`.
WATCH_TOKEN = env.str("WATCH_TOKEN", default="")
# The tag or commit that runs.
RELEASE = env.str("RELEASE", default="unknown")
# The least free disk to be ready with, and how long a task may wait without a warning.
DISK_FREE_MB = env.int("DISK_FREE_MB", default=200)
QUEUE_SECONDS = env.int("QUEUE_SECONDS", default=600)
# Queries that take longer are logged; 0: none.
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=500)
SENTRY_DSN = env.str("SENTRY_DSN", default="")

LOG_FORMAT = env.str("LOG_FORMAT", default="text" if DEBUG else "json")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is text or json, not {LOG_FORMAT}.")

# The level stands on the handler, since the task worker sets its loggers' own.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"work": {"()": "ecfr_site.monitoring.logging.WorkFilter"}},
    "formatters": {
        "text": {
            "()": "ecfr_site.monitoring.logging.Scrubbed",
            "format": "%(asctime)s %(levelname)s %(name)s: "
            "%(message)s [%(request_id)s]",
        },
        "json": {"()": "ecfr_site.monitoring.logging.JsonLines"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "level": env.str("LOG_LEVEL", default="INFO"),
            "filters": ["work"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Who fails to sign in, not who succeeds.
        "axes": {"level": "WARNING"},
        # Without handlers of their own, which know no request id.
        "django": {"level": "INFO"},
        "gunicorn.error": {"level": "INFO", "propagate": True},
    },
}
