from django.db import models


class InstitutionManager(models.Manager):
    def current(self):
        """The institution whose site this is; unsaved defaults before anyone set it."""
        return self.first() or Institution()


class Institution(models.Model):
    """What the site says of its owner. There is one row, edited in the admin."""

    name = models.CharField(
        max_length=200, default="Meridian Council on European Affairs"
    )
    short_name = models.CharField(max_length=60, default="Meridian Council")
    strapline = models.CharField(
        max_length=200,
        blank=True,
        help_text="One sentence, for the home page and search engines.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Stands under every publication that has no disclaimer of its own.",
    )
    email = models.EmailField("e-mail address", blank=True)
    postal_address = models.TextField(blank=True)

    objects = InstitutionManager()

    class Meta:
        verbose_name = "institution"
        verbose_name_plural = "institution"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_institution")
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)
