"""Public addresses that never break: a page that moves leaves a redirect behind."""

from django.db import models, transaction

from ecfr_site.redirects.table import record_old_path


class PublicPage(models.Model):
    """Something with a page of its own, whose old addresses redirect for ever."""

    SLUG_HELP = (
        "The last part of the page's address. When it changes, "
        "the old address keeps working."
    )

    slug = models.SlugField(max_length=120, unique=True, help_text=SLUG_HELP)

    class Meta:
        abstract = True

    # What the page's address is made of.
    ADDRESS_FIELDS = ("slug",)
    _saved_address = None

    @transaction.atomic
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        saved, present = self._saved_address, self._address()
        if saved and saved != present and self.was_public:
            self.keep_address(saved)
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
        """Whether readers may know the old address; drafts leave no trace."""
        return True

    def own_paths(self):
        """The addresses that change with the page's: its own, and that of its feed."""
        feed = getattr(self, "get_feed_url", None)
        return [self.get_absolute_url(), *([feed()] if feed else [])]

    def keep_address(self, old):
        """Redirect the addresses under the `old` values of ADDRESS_FIELDS."""
        new_paths, present = self.own_paths(), self._address()
        self._set_address(old)
        old_paths = self.own_paths()
        self._set_address(present)
        for old_path, new_path in zip(old_paths, new_paths, strict=True):
            record_old_path(old_path, new_path)

    def _address(self):
        return tuple(getattr(self, name) for name in self.ADDRESS_FIELDS)

    def _set_address(self, values):
        for name, value in zip(self.ADDRESS_FIELDS, values, strict=True):
            setattr(self, name, value)
