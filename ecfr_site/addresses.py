"""Public addresses that never break: a page that moves leaves a redirect behind."""

from itertools import chain, count

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import models, transaction
from django.urls import resolve
from django.utils.text import slugify

# The longest address that is made of a name; numbers may follow.
LONGEST = 100


class Addressed:
    """A model with a slug, which chooses one that is free."""

    _saved_slug = None

    def namesakes(self):
        """The rows that may not have the same slug."""
        return type(self).objects.exclude(pk=self.pk)

    @property
    def unnamed_slug(self):
        """The slug where the name has no letters that an address can have."""
        return slugify(self._meta.verbose_name)

    def path_at(self, slug):
        """The page's address under another slug."""
        present, self.slug = self.slug, slug
        try:
            return self.get_absolute_url()
        finally:
            self.slug = present

    def free_slug(self, name):
        """A slug made of the name that no page has or had; two queries."""
        longest = min(LONGEST, self._meta.get_field("slug").max_length - 6)
        stem = slugify(name)
        if len(stem) > longest:
            stem = stem[: longest + 1].rpartition("-")[0] or stem[:longest]
        stem = stem.strip("-_") or self.unnamed_slug
        same = self.namesakes().filter(slug__startswith=stem)
        taken = set(same.values_list("slug", flat=True))
        left = self._redirects().filter(old_path__startswith=self.path_at(stem)[:-1])
        left = set(left.values_list("old_path", flat=True))
        slugs = chain([stem], (f"{stem}-{number}" for number in count(2)))
        return next(
            slug
            for slug in slugs
            if slug not in taken
            and self.path_at(slug) not in left
            and not self._is_reserved(slug)
        )

    def slug_refusal(self, slug, may_name):
        """The reason against this slug, as a sentence; empty if it is free.

        `may_name` says whether the page that has it may be named.
        """
        if other := self.namesakes().filter(slug=slug).first():
            kind = self._meta.verbose_name
            article = "an" if kind[0] in "aeiou" else "a"
            said = f"There is {article} {kind} with this address."
            if may_name(other):
                return f"{said} It is “{other}”: choose another address."
            return f"{said} Choose another address."
        path = self.path_at(slug)
        if self._is_reserved(slug):
            return f"The site has a page of its own at {path}. Choose another address."
        if left := self._redirects().filter(old_path=path).first():
            there = left.new_path or "a page that is gone"
            return (
                f"{path} is an old address, which leads to {there}. "
                "Choose another address."
            )
        return ""

    def _is_reserved(self, slug):
        return resolve(self.path_at(slug)).kwargs.get("slug") != slug

    def _redirects(self):
        """Old addresses, but for those of this very page."""
        redirects = Redirect.objects.filter(site=Site.objects.get_current())
        if self._saved_slug:
            redirects = redirects.exclude(new_path=self.path_at(self._saved_slug))
        return redirects


class PublicPage(Addressed, models.Model):
    """Something with a page of its own, whose old addresses redirect for ever."""

    SLUG_HELP = (
        "The last part of the page's address. When it changes, "
        "the old address keeps working."
    )

    slug = models.SlugField(max_length=120, unique=True, help_text=SLUG_HELP)

    class Meta:
        abstract = True

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
        old_path = self.path_at(old_slug)
        site = Site.objects.get_current()
        redirects = Redirect.objects.filter(site=site)
        redirects.filter(old_path=new_path).delete()
        redirects.filter(new_path=old_path).update(new_path=new_path)
        Redirect.objects.update_or_create(
            site=site, old_path=old_path, defaults={"new_path": new_path}
        )
