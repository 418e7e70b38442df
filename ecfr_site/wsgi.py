import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecfr_site.settings")

django = get_wsgi_application()

# It needs the settings.
from ecfr_site.caching.wsgi import PageCacheWSGI  # noqa: E402

application = PageCacheWSGI(django)
