from articles.forms.shared import Rows
from ecfr_site.admin_site.known_choices import set_known_choices


class BylineRows(Rows):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        set_known_choices(form)

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
