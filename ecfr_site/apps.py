from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate, pre_migrate, pre_save
from django_tasks.signals import task_finished

from ecfr_site import checks  # noqa: F401 what registers itself
from ecfr_site.caching.triggers import unwatch_tables, watch_tables
from ecfr_site.richtext.plain_text import clean_fields
from ecfr_site.richtext.sanitizer import sanitise


class EcfrSiteConfig(AppConfig):
    name = "ecfr_site"
    label = "ecfr_site"
    verbose_name = "Institution"

    def ready(self):
        # As the desk's own pages call them.
        apps.get_app_config("auth").verbose_name = "Accounts"
        apps.get_app_config("flatpages").verbose_name = "Pages"
        page = apps.get_model("flatpages", "FlatPage")._meta
        page.verbose_name, page.verbose_name_plural = "page", "pages"
        post_migrate.connect(set_site_address, sender=self)
        pre_migrate.connect(unwatch_tables, sender=self)
        post_migrate.connect(watch_tables, sender=self)
        pre_save.connect(clean_fields)
        pre_save.connect(sanitise_page, sender="flatpages.FlatPage")
        # They need the models.
        from ecfr_site.audit import receivers
        from ecfr_site.caching.version import publish_version
        from ecfr_site.redirects import table

        pre_save.connect(table.keep_flat_page_path, sender="flatpages.FlatPage")
        pre_save.connect(table.spell_old_path, sender="redirects.Redirect")
        receivers.connect()
        task_finished.connect(publish_version)
        if settings.SENTRY_DSN:
            # Only then need the package be installed.
            from ecfr_site.monitoring import sentry

            sentry.report_to(settings.SENTRY_DSN, settings.RELEASE)


class EditorialAdminConfig(AdminConfig):
    default_site = "ecfr_site.admin_site.site.EditorialSite"


def set_site_address(using, apps=apps, **kwargs):
    """Let feeds, sitemaps and redirects use the address the environment gives."""
    domain = urlsplit(settings.SITE_URL).netloc
    apps.get_model("sites", "Site").objects.using(using).update_or_create(
        pk=settings.SITE_ID, defaults={"domain": domain, "name": domain}
    )


def sanitise_page(instance, **kwargs):
    """Simple pages come from a package, so that their text is no RichTextField."""
    instance.content = sanitise(instance.content)
