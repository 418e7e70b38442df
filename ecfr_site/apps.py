from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class EcfrSiteConfig(AppConfig):
    name = "ecfr_site"
    label = "ecfr_site"
    verbose_name = "Institution"

    def ready(self):
        post_migrate.connect(set_site_address, sender=self)


class EditorialAdminConfig(AdminConfig):
    default_site = "ecfr_site.admin_site.EditorialSite"


def set_site_address(using, apps=apps, **kwargs):
    """Let feeds, sitemaps and redirects use the address the environment gives."""
    domain = urlsplit(settings.SITE_URL).netloc
    apps.get_model("sites", "Site").objects.using(using).update_or_create(
        pk=settings.SITE_ID, defaults={"domain": domain, "name": domain}
    )
