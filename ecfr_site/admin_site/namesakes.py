"""Forms that ask before a second person, topic or programme of one name is made."""

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from ecfr_site.redirects.slugs import SlugForm
from ecfr_site.richtext.folding import fold

# The box in the message: ticked, the form goes on.
IS_ANOTHER = "_is_another"


class NamesakeForm(SlugForm):
    """Refuses a name that exists until the editor says that it is another one's.

    However it is written: in capitals, without accents, with other spaces or dashes.
    """

    # What such a row is to an editor; of models whose verbose name is not the word.
    noun = ""

    def clean(self):
        super().clean()
        if "name" in self.changed_data and IS_ANOTHER not in self.data:
            name = self.cleaned_data.get("name")
            if name and (others := self.find_namesakes(name)):
                self.add_error("name", self.describe_namesakes(others))

    def find_namesakes(self, name):
        """The other rows of the name; two queries, the first for all names."""
        rows = type(self.instance)._default_manager.exclude(pk=self.instance.pk)
        folded = fold(name)
        names = rows.order_by().values_list("pk", "name")
        found = [pk for pk, other in names if fold(other) == folded]
        return list(rows.filter(pk__in=found)) if found else []

    def describe_namesakes(self, others):
        meta = self.instance._meta
        links = format_html_join(
            ", ",
            '<a href="{}" target="_blank">{}</a>',
            (
                (
                    reverse(
                        f"admin:{meta.app_label}_{meta.model_name}_change",
                        args=[other.pk],
                    ),
                    other,
                )
                for other in others
            ),
        )
        return format_html(
            "This name exists already: {} (opens in a new tab). "
            '<label><input type="checkbox" name="{}" value="1"> '
            "It is another {}</label>",
            links,
            IS_ANOTHER,
            self.noun or meta.verbose_name,
        )
