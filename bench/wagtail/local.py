"""Settings of the site of bench/wagtail/README.md: its mysite/settings/local.py.

What `wagtail start` writes reads them last, in production as in development.
"""

import os

from .base import INSTALLED_APPS, MIDDLEWARE

ALLOWED_HOSTS = ["127.0.0.1"]
# As this site has them: connections persist.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "rival",
        "HOST": "127.0.0.1",
        "USER": "postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS.append("articles")
LANGUAGE_CODE = "en-gb"
SECRET_KEY = "only for this benchmark, of no other use at all"  # noqa: S105
# Images' renditions and the site's root paths are kept in the process, which is
# Django's default and the fastest cache: no query asks for them.

if os.environ.get("COMPRESS") == "on":
    # Where this site has it: after the middleware for security.
    MIDDLEWARE.insert(1, "django_http_compression.middleware.HttpCompressionMiddleware")
