"""Settings: one file, the environment decides.

Without any variable the site runs for development on SQLite. With ``DEBUG`` off it
refuses to start unless ``SECRET_KEY`` and ``ALLOWED_HOSTS`` are given. All variables
are listed in docs/operators.md.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from ecfr_site.environment import Env, refuse_without_settings

BASE_DIR = Path(__file__).resolve().parent.parent


env = Env()

DEBUG = env.bool("DEBUG", default=True)
refuse_without_settings(env, DEBUG)

# What the site writes: database, media, collected static files, mail.
VAR_DIR = env.path("VAR_DIR", default=str(BASE_DIR / "var"))
try:
    Path(VAR_DIR).mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"VAR_DIR is a folder that the site may write into: {error}"
    ) from None

_BUILT_IN_KEY = "for development only, never deployed"
_THIS_MACHINE = re.compile(r"\.?localhost|[\w-]+\.localhost|127(\.\d+){3}|\[::1\]")

if DEBUG:
    SECRET_KEY = env.str("SECRET_KEY", default=_BUILT_IN_KEY)
    ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
    others = [host for host in ALLOWED_HOSTS if not _THIS_MACHINE.fullmatch(host)]
    if others and SECRET_KEY in ("", _BUILT_IN_KEY):
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS names {others[0]}, which others may reach, but everybody "
            "knows the SECRET_KEY that comes with the software. On a server set "
            "DEBUG=off and a SECRET_KEY; to develop on another machine, a SECRET_KEY."
        )
else:
    SECRET_KEY = env.str("SECRET_KEY")
    ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
    if SECRET_KEY in ("", _BUILT_IN_KEY) or not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "With DEBUG off, SECRET_KEY and ALLOWED_HOSTS must not be empty, and "
            "the key must be your own."
        )

# Former keys, with which old links and sessions stay good.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The address readers use, for links in feeds, sitemaps and e-mails.
SITE_URL = env.origin("SITE_URL", default="http://127.0.0.1:8000")
SITE_ID = 1

# Where tasks wait: in the database, or in Redis for workers on several machines.
TASK_QUEUE_URL = env.redis("TASK_QUEUE_URL")

# A replica of the database, which takes over reads (ecfr_site/database/replica.py).
REPLICA_URL = env.server("REPLICA_URL", "postgres", "postgresql")

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
    "default": env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/db.sqlite3"),
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

CACHES = {"default": env.cache("CACHE_URL")}
# Several sites may share one Redis.
CACHES["default"]["KEY_PREFIX"] = urlsplit(SITE_URL).netloc
IN_PROCESS = CACHES["default"]["BACKEND"].endswith("LocMemCache")
if IN_PROCESS:
    # Each process keeps its own; three rows a page.
    CACHES["default"].setdefault("OPTIONS", {"MAX_ENTRIES": 1500})
else:
    if CACHES["default"]["BACKEND"].endswith(".redis.RedisCache"):
        CACHES["default"]["BACKEND"] = "ecfr_site.caching.redis.SharedCache"
    # A cache that does not answer is done without.
    CACHES["default"].setdefault("OPTIONS", {}).update(
        socket_connect_timeout=0.5, socket_timeout=0.5
    )

# Whole pages for readers (ecfr_site/caching/middleware.py)
PAGE_CACHE: bool = env.bool("PAGE_CACHE", default=not DEBUG)
if PAGE_CACHE and IN_PROCESS:
    # Shared by the processes of this machine (ecfr_site/caching/disk.py): some 25 KB a
    # page, in three encodings.
    CACHES["pages"] = {
        "BACKEND": "ecfr_site.caching.disk.PageFiles",
        "LOCATION": f"{VAR_DIR}/pages",
        "KEY_PREFIX": CACHES["default"]["KEY_PREFIX"],
        "TIMEOUT": 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
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
# In seconds: longer than a mail server may think about a message.
RQ_QUEUES = {
    name: {"URL": TASK_QUEUE_URL or "redis://", "DEFAULT_TIMEOUT": 900}
    for name in TASK_QUEUES
}
# The package's own pages let everybody at the desk empty the queues.
RQ_SHOW_ADMIN_LINK = False

# How many days it is kept who did something (docs/privacy.md)
READING_KEPT_DAYS = env.int("READING_KEPT_DAYS", default=395, least=1)
LEFT_KEPT_DAYS = env.int("LEFT_KEPT_DAYS", default=730, least=1)
PREVIEWS_KEPT_DAYS = env.int("PREVIEWS_KEPT_DAYS", default=365, least=1)
SIGN_IN_FAILURES_DAYS = env.int("SIGN_IN_FAILURES_DAYS", default=30, least=1)
UNSAVED_TEXT_DAYS = env.int("UNSAVED_TEXT_DAYS", default=180, least=1)
WEBHOOKS_KEPT_DAYS = env.int("WEBHOOKS_KEPT_DAYS", default=30, least=1)

# Who counts readers' requests (ecfr_site/statistics/): the application itself, or what
# is in front of it and writes a log that `count_readers` reads.
READER_STATISTICS = env.matching(
    "READER_STATISTICS", "on|log|off", "on, log or off", default="on"
)

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
AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURES", default=5, least=1)
SIGN_IN_FAILURES_AN_ADDRESS = env.int(
    "SIGN_IN_FAILURES_AN_ADDRESS", default=50, least=1
)
SIGN_IN_PAUSE_MINUTES = env.int("SIGN_IN_PAUSE_MINUTES", default=15, least=1)
AXES_COOLOFF_TIME = timedelta(minutes=SIGN_IN_PAUSE_MINUTES)
# In this order: ecfr_site/accounts/lockout.py counts them one by one.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], ["ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "ecfr_site.accounts.lockout.LockoutHandler"
AXES_CLIENT_IP_CALLABLE = "ecfr_site.accounts.lockout.get_guessing_address"
AXES_LOCKOUT_CALLABLE = "ecfr_site.accounts.lockout.show_lockout"
# The audit log tells who signed in and who failed to.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Links to set a password that the form sends, by account and by address.
PASSWORD_LINKS_AN_ACCOUNT_AN_HOUR = env.int(
    "PASSWORD_LINKS_AN_ACCOUNT_AN_HOUR", default=3, least=1
)
PASSWORD_LINKS_AN_ADDRESS_AN_HOUR = env.int(
    "PASSWORD_LINKS_AN_ADDRESS_AN_HOUR", default=20, least=1
)

# Sessions end so long after the last page, and after so long in all.
SESSION_IDLE_HOURS = env.int("SESSION_IDLE_HOURS", default=12, least=1)
SESSION_MAX_DAYS = env.int("SESSION_MAX_DAYS", default=14, least=1)
SESSION_COOKIE_AGE = SESSION_IDLE_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

LOGIN_URL = "admin:login"

# The desk: the path at which it is, and the networks that it is for; none: everybody.
ADMIN_PATH = env.str("ADMIN_PATH", default="admin").strip("/")
if not re.fullmatch(r"[\w-]+(/[\w-]+)*", ADMIN_PATH, re.ASCII):
    raise ImproperlyConfigured(f"ADMIN_PATH is no path: {ADMIN_PATH!r}.")
ADMIN_ADDRESSES = env.networks("ADMIN_ADDRESSES")
CSRF_FAILURE_VIEW = "ecfr_site.views.csrf_failure"

# Searches by one network address; many readers may share it.
SEARCHES_AN_ADDRESS_A_MINUTE = env.int(
    "SEARCHES_AN_ADDRESS_A_MINUTE", default=120, least=1
)
# The same of requests to the API that the page cache does not answer.
API_REQUESTS_AN_ADDRESS_A_MINUTE = env.int(
    "API_REQUESTS_AN_ADDRESS_A_MINUTE", default=300, least=1
)

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
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"TIME_ZONE is a name as Europe/Brussels, not {TIME_ZONE!r}."
    )
USE_TZ = True
FORMAT_MODULE_PATH = "ecfr_site.formats"

# Whether publications are made into PDF and EPUB (articles/documents/).
DOCUMENTS: bool = env.bool("DOCUMENTS", default=True)

# Telling others what is new (articles/announcements.py)


def web_addresses(name, urls):
    """The addresses, if they are of the web."""
    for url in urls:
        if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
            raise ImproperlyConfigured(f"{name} is no address of the web: {url!r}.")
    return urls


# Hubs that readers of feeds subscribe at (W3C WebSub).
WEBSUB_HUBS = web_addresses("WEBSUB_HUBS", env.list("WEBSUB_HUBS", default=[]))
# Further lines of robots.txt, or in a file that ROBOTS_TXT_FILE names.
ROBOTS_TXT = env.str("ROBOTS_TXT", default="", multiline=True).strip()
# Where search engines are told of changes (indexnow.org); without a key none are.
INDEXNOW_KEY = env.str("INDEXNOW_KEY", default="")
if INDEXNOW_KEY and not re.fullmatch("[A-Za-z0-9-]{8,128}", INDEXNOW_KEY):
    raise ImproperlyConfigured(
        "INDEXNOW_KEY has 8 to 128 letters, digits and hyphens, and nothing else: "
        f"not {INDEXNOW_KEY!r}."
    )
[INDEXNOW_URL] = web_addresses(
    "INDEXNOW_URL",
    [env.str("INDEXNOW_URL", default="https://api.indexnow.org/indexnow")],
)

# Files

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=f"{VAR_DIR}/static")
MEDIA_URL = "media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=f"{VAR_DIR}/media")
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=f"{VAR_DIR}/private")
# Where nginx serves PRIVATE_ROOT internally; empty: the application sends files itself.
PRIVATE_ACCEL = env.matching("PRIVATE_ACCEL", r"/([\w-]+/)+", "as /protected/")


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
IMAGE_MAX_BYTES = env.int("IMAGE_MAX_BYTES", default=20 * 1024 * 1024, least=1)
IMAGE_MAX_PIXELS = env.int("IMAGE_MAX_PIXELS", default=50_000_000, least=1)
# A long report with its tables is about 2 MB of HTML; images are not posted inline.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Mail

# By SMTP, printed, as files in a folder, or by a mail service that anymail knows.
environ.Env.EMAIL_SCHEMES["outbox"] = "ecfr_site.mail.outbox.EmailBackend"
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
OUTBOX_DIR = env.path("OUTBOX_DIR", default=f"{VAR_DIR}/outbox")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30, least=1)
if EMAIL_SERVICE := env.mail_service("EMAIL_SERVICE"):
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_SERVICE}.EmailBackend"
# Whatever code sends mail, it comes to the gate first, and to this one behind it.
MAIL_BACKEND, EMAIL_BACKEND = EMAIL_BACKEND, "ecfr_site.mail.backends.HoldableBackend"
ANYMAIL = env.json("ANYMAIL")
DEFAULT_FROM_EMAIL = env.mailbox("DEFAULT_FROM_EMAIL", default="office@localhost")

# Newsletter

# Whether what a subscriber opens and clicks is noted only after a clear yes.
ANALYTICS_NEEDS_CONSENT = env.bool("ANALYTICS_NEEDS_CONSENT", default=True)
# Never changed once addresses were erased: it is what recognises them.
SUPPRESSION_KEY = env.str("SUPPRESSION_KEY", default=SECRET_KEY)
if not SUPPRESSION_KEY:
    raise ImproperlyConfigured("SUPPRESSION_KEY must not be empty.")
if SECRET_KEY_FALLBACKS and SUPPRESSION_KEY == SECRET_KEY:
    raise ImproperlyConfigured(
        "With a new SECRET_KEY, SUPPRESSION_KEY must be given and stay what it was: "
        "the first SECRET_KEY, if there was none. Otherwise erased addresses are "
        "not recognised."
    )
# A second person approves what goes to more people than this.
NEWSLETTER_APPROVAL_OVER = env.int("NEWSLETTER_APPROVAL_OVER", default=500)
# How many workers send an edition at once, and with how many connections each.
NEWSLETTER_WORKERS = env.int("NEWSLETTER_WORKERS", default=1, least=1)
NEWSLETTER_CONNECTIONS = env.int("NEWSLETTER_CONNECTIONS", default=4, least=1)
# The most messages a second, in all and by recipient domain; 0 means no limit.
NEWSLETTER_RATE = env.float("NEWSLETTER_RATE", default=0)
NEWSLETTER_DOMAIN_RATES = env.rates("NEWSLETTER_DOMAIN_RATES")
# The name of the key that messages are signed with, to look it up before sending.
DKIM_SELECTOR = env.matching("DKIM_SELECTOR", r"[\w.-]+", "the name of a key, as news")
# Whether checking links, and webhooks, may reach into private networks; tests do.
LINKS_MAY_BE_PRIVATE = False
# Returned messages go here, with a token after a plus sign: "bounces@example.org".
BOUNCE_ADDRESS = env.mailbox("BOUNCE_ADDRESS")
# The mailbox that `read_bounces` empties: "imaps://user:password@host/INBOX".
BOUNCE_MAILBOX = env.server("BOUNCE_MAILBOX", "imaps", "imap")
BOUNCE_THRESHOLD = env.float("BOUNCE_THRESHOLD", default=3, least=0.5)
# Confirmation mails that the signup form may cause.
SIGNUPS_AN_ADDRESS_A_DAY = env.int("SIGNUPS_AN_ADDRESS_A_DAY", default=3, least=1)
SIGNUPS_A_NETWORK_AN_HOUR = env.int("SIGNUPS_A_NETWORK_AN_HOUR", default=20, least=1)
SIGNUPS_AN_HOUR = env.int("SIGNUPS_AN_HOUR", default=1000, least=1)
# Other sites whose scripts may sign people up, as "https://partner.example".
SIGNUP_ORIGINS = env.origins("SIGNUP_ORIGINS")
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
# For how long browsers use nothing but TLS: short at first, since it cannot be taken
# back; for all names below this one, and in browsers' own lists, only when asked.
HSTS_DAYS = env.int("HSTS_DAYS", default=1)
SECURE_HSTS_SECONDS = HSTS_DAYS * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
if SECURE_HSTS_PRELOAD and not (SECURE_HSTS_INCLUDE_SUBDOMAINS and HSTS_DAYS >= 365):
    raise ImproperlyConfigured(
        "HSTS_PRELOAD is for sites with HSTS_SUBDOMAINS=on and HSTS_DAYS=365 or more."
    )
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
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# /.well-known/security.txt (RFC 9116), if there is a contact.
SECURITY_CONTACT = env.list("SECURITY_CONTACT", default=[])
if bad := [c for c in SECURITY_CONTACT if not re.match("(mailto|tel):|https://", c)]:
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT names {bad[0]!r}: begin with mailto:, https:// or tel:."
    )
SECURITY_EXPIRES = None
if _expires := env.str("SECURITY_EXPIRES", default=""):
    try:
        SECURITY_EXPIRES = datetime.fromisoformat(_expires).astimezone(UTC)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"SECURITY_EXPIRES is no date like 2027-06-30: {_expires!r}."
        ) from error
SECURITY_FIELDS = [
    ("Encryption", env.str("SECURITY_ENCRYPTION", default="")),
    ("Acknowledgments", env.str("SECURITY_ACKNOWLEDGMENTS", default="")),
    ("Preferred-Languages", env.str("SECURITY_LANGUAGES", default="en")),
    ("Policy", env.str("SECURITY_POLICY", default="")),
    ("Hiring", env.str("SECURITY_HIRING", default="")),
]

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
# HSTS is raised by the operator, step by step (docs/operators.md).
SILENCED_SYSTEM_CHECKS = ["ckeditor.W001", "security.W005", "security.W021"]

# The editor (ecfr_site/richtext/fields.py is the only place that knows it)

CKEDITOR_BASEPATH = f"/{STATIC_URL}ckeditor/ckeditor/"

# Moving in: the folder of archives that the desk may read (articles/importing/)

IMPORT_DIR = env.str("IMPORT_DIR", default="")

# Backups (ecfr_site/backups/)

BACKUP_DIR = env.matching(
    "BACKUP_DIR",
    r"s3://[^/?].*|(?!s3:).+",
    "/a/folder or s3://bucket/folder",
    default=f"{VAR_DIR}/backups",
)
# The public key of age (age1…) that `backup --encrypt` encrypts for.
BACKUP_RECIPIENT = env.age_key("BACKUP_RECIPIENT")
# How old the latest verified one may be without a warning; 0: none is expected.
BACKUP_HOURS = env.int("BACKUP_HOURS", default=0 if DEBUG else 26)

# Watching (ecfr_site/monitoring/)

# Which machines see the checks of /readyz and /metrics: addresses or networks.
WATCH_ADDRESSES = env.networks("WATCH_ADDRESSES")
# Or who sends this as `Authorization: Bearer …`.
WATCH_TOKEN = env.str("WATCH_TOKEN", default="")
if WATCH_TOKEN and len(WATCH_TOKEN) < 32:
    raise ImproperlyConfigured("WATCH_TOKEN has 32 random characters or more.")
# Who is mailed when something is not well (`check_health --mail`).
OPERATOR_EMAIL = env.mailbox("OPERATOR_EMAIL")
# The tag or commit that runs.
RELEASE = env.str("RELEASE", default="unknown")
# The least free disk to be ready with, and how long a task may wait without a warning.
DISK_FREE_MB = env.int("DISK_FREE_MB", default=200)
QUEUE_SECONDS = env.int("QUEUE_SECONDS", default=600, least=1)
# Queries that take longer are logged; 0: none.
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=500)
SENTRY_DSN = env.server("SENTRY_DSN", "https", "http")

LOG_LEVEL = env.matching(
    "LOG_LEVEL",
    "DEBUG|INFO|WARNING|ERROR|CRITICAL",
    "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    default="INFO",
)
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
            "level": LOG_LEVEL,
            "filters": ["work"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Nothing is made of a line that is not written; of errors Sentry may know more.
        "ecfr_site.access": {"level": LOG_LEVEL},
        # Who fails to sign in, not who succeeds.
        "axes": {"level": "WARNING"},
        # Without handlers of their own, which know no request id.
        "django": {"level": "INFO"},
        "gunicorn.error": {"level": "INFO", "propagate": True},
    },
}

# Pages that were made with other settings are not served. The folder says nothing of
# them, and several hosts may each have their own.
ENVIRONMENT_DIGEST = env.digest(leave_out={"VAR_DIR"})
# Variables that are near a setting's name and are none (ecfr_site/checks.py).
MISSPELT_NAMES = list(env.find_slips())
