import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecfr_site.settings")

django = get_wsgi_application()

# They need the settings.
from django.conf import settings  # noqa: E402

from ecfr_site.caching.wsgi import PageCacheWSGI  # noqa: E402
from ecfr_site.checks import refuse_faulty_settings  # noqa: E402
from ecfr_site.statistics.wsgi import ReaderCountWSGI  # noqa: E402

refuse_faulty_settings()
pages = PageCacheWSGI(django)
application = ReaderCountWSGI(pages) if settings.READER_STATISTICS == "on" else pages
