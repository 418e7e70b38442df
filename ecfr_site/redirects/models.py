"""Public addresses that never break: a page that moves leaves a redirect behind."""

from copy import copy
from itertools import chain, count

from django.db import models, transaction
from django.urls import resolve
from django.utils.text import slugify

from ecfr_site.redirects.slug_text import make_slug
from ecfr_site.redirects.table import own_redirects, record_old_path

# The longest address that is made of a name; numbers may follow.
LONGEST = 100


class SlugRedirectMixin(models.Model):
    """Something with a page of its own, whose old addresses redirect for ever."""

    SLUG_HELP = (
        "The last part of the page’s address. When it changes, "
        "the old address keeps working."
    )

    slug = models.SlugField(max_length=120, unique=True, help_text=SLUG_HELP)

    class Meta:
        abstract = True

    # What the page's address is made of.
    ADDRESS_FIELDS: tuple[str, ...] = ("slug",)
    _saved_address = None

    @transaction.atomic
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        saved, present = self._saved_address, self._address()
        if saved and saved != present and self.was_public:
            self.redirect_old_paths(saved)
        self._saved_address = present

    @classmethod
    def from_db(cls, db, field_names, values):
        page = super().from_db(db, field_names, values)
        # Reading a deferred field would cost a query a row.
        if page.__dict__.keys() >= {*cls.ADDRESS_FIELDS}:
            page._saved_address = page._address()
        return page

    @property
    def was_public(self):
        """Return whether readers may know the old address; drafts leave no trace."""
        return True

    def list_feeds(self):
        """[(media type, path)] of its feeds, for what has any."""
        return []

    def own_paths(self):
        """The addresses that change with the page's: its own, and its feeds'."""
        return [self.get_absolute_url(), *(path for _, path in self.list_feeds())]

    def redirect_old_paths(self, old):
        """Redirect the addresses under the `old` values of ADDRESS_FIELDS."""
        for paths in zip(self._paths_under(old), self.own_paths(), strict=True):
            record_old_path(*paths)

    def namesakes(self):
        """The rows that may not have the same slug."""
        return type(self).objects.exclude(pk=self.pk)

    @property
    def unnamed_slug(self):
        """The slug where the name has no letters that an address can have."""
        return slugify(self._meta.verbose_name)

    def path_at(self, slug):
        """The page's address under another slug."""
        page = copy(self)
        page.slug = slug
        return page.get_absolute_url()

    def find_free_slug(self, name):
        """A slug made of the name that no page has or had; two queries."""
        longest = min(LONGEST, self._meta.get_field("slug").max_length - 6)
        stem = make_slug(name)
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

    def get_slug_refusal(self, slug, may_name):
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
        if not self._saved_address:
            return own_redirects()
        return own_redirects().exclude(
            new_path=self._paths_under(self._saved_address)[0]
        )

    def _address(self):
        return tuple(getattr(self, name) for name in self.ADDRESS_FIELDS)

    def _paths_under(self, address):
        """The addresses under other values of ADDRESS_FIELDS."""
        page = copy(self)
        for name, value in zip(self.ADDRESS_FIELDS, address, strict=True):
            setattr(page, name, value)
        return page.own_paths()
