from django.contrib.admin.widgets import AutocompleteSelect

from articles.forms.shared import Rows


class AuthorSelect(AutocompleteSelect):
    """Knows the author of its row: Django would ask the database row by row."""

    author = None

    def optgroups(self, name, value, attr=None):
        if self.author is None or value != [str(self.author.pk)]:
            return super().optgroups(name, value, attr)
        option = self.create_option(name, self.author.pk, self.author, True, 0)
        return [(None, [option], 0)]


class BylineRows(Rows):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        if form.instance.author_id and "author" in form.fields:
            form.fields["author"].widget.widget.author = form.instance.author

    def clean(self):
        """A row that a colleague added for the same person is taken over."""
        super().clean()
        shown = {form.instance.pk for form in self.initial_forms}
        unseen = {
            row.author_id: row.pk for row in self.get_queryset() if row.pk not in shown
        }
        for form in self.forms:
            author = form.cleaned_data.get("author")
            if not author or author.pk not in unseen:
                continue
            if form.instance.pk:
                form.add_error("author", "A colleague has just added this author.")
            else:
                form.instance.pk = unseen[author.pk]
                form.instance._state.adding = False

    def save_existing_objects(self, commit=True):
        # Two who change places would for a moment both be the same person.
        moved = [
            form.instance.pk
            for form in self.initial_forms
            if {"author", "DELETE"} & set(form.changed_data)
        ]
        self.model.objects.filter(pk__in=moved).delete()
        return super().save_existing_objects(commit)
