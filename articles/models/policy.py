from django.db import models

from ecfr_site.database.singleton import SingletonModel


class EditorialPolicy(SingletonModel):
    """Requirements for publication: one row, edited in the admin.

    Every article is checked again after it changed.
    """

    four_eyes = models.BooleanField(
        "two-person rule",
        default=False,
        help_text="Nobody can approve or publish their own work alone: "
        "a second person must approve it first.",
    )
    # rule → level, limit → number: articles/checklist/rules.py
    checklist = models.JSONField(default=dict, editable=False)
    embargoed_words = models.TextField(
        "words under embargo",
        blank=True,
        help_text="Names and titles that must not be published yet, one per line. "
        "Only whole words match; capital letters make no difference.",
    )
    changed = models.DateTimeField(auto_now=True)

    readers_see = None

    class Meta(SingletonModel.Meta):
        verbose_name = "editorial policy"
        verbose_name_plural = "editorial policy"

    def __str__(self):
        return "Editorial policy"
