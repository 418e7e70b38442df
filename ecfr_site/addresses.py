"""Public addresses that never break: a page that moves leaves a redirect behind."""

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import models, transaction


class PublicPage(models.Model):
    """Something with a page of its own, whose old addresses redirect for ever."""

    SLUG_HELP = (
        "The last part of the page's address. When it changes, "
        "the old address keeps working."
    )

    slug = models.SlugField(max_length=120, unique=True, help_text=SLUG_HELP)

    class Meta:
        abstract = True

    _saved_slug = None

    @transaction.atomic
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        if self._saved_slug and self._saved_slug != self.slug and self.was_public:
            self.keep_address(self._saved_slug)
        self._saved_slug = self.slug

    @classmethod
    def from_db(cls, db, field_names, values):
        page = super().from_db(db, field_names, values)
        # Not self.slug: reading a deferred field would cost a query a row.
        page._saved_slug = page.__dict__.get("slug")
        return page

    @property
    def was_public(self):
        """Whether readers may know the old address; drafts leave no trace."""
        return True

    def keep_address(self, old_slug):
        """Redirect the page's address under `old_slug` to its present one.

        Chains are cut short, so that a reader is redirected once at most.
        """
        new_path = self.get_absolute_url()
        new_slug, self.slug = self.slug, old_slug
        old_path = self.get_absolute_url()
        self.slug = new_slug
        site = Site.objects.get_current()
        redirects = Redirect.objects.filter(site=site)
        redirects.filter(old_path=new_path).delete()
        redirects.filter(new_path=old_path).update(new_path=new_path)
        Redirect.objects.update_or_create(
            site=site, old_path=old_path, defaults={"new_path": new_path}
        )
