"""Forms of what several people write at the same time."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localtime

from articles.forms.marks import format_row, format_value, mark_changes
from articles.staff import get_display_name
from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.sanitizer import sanitise


class SharedForm(forms.ModelForm):
    """The form of what several people write: it refuses to save over a colleague.

    For models with `changed` and `changed_by`. The admin sets `get_posted_rows` on the
    class it uses, which yields a name and a formset for each part of the object that
    has rows of its own.
    """

    get_posted_rows = None
    # What becomes of a colleague's text when it is replaced.
    replaced = ""
    # Fields that no column holds.
    unstored = frozenset({"opened"})
    # When the text that this form was opened with had been saved.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.conflict = []
        if self.instance.pk and "opened" in self.fields:
            self.fields["opened"].initial = self.instance.changed.isoformat()

    def clean(self):
        super().clean()
        self.refuse_stale()

    def refuse_stale(self):
        """Stop a save that would undo what a colleague saved in the meantime.

        The form keeps the editor's text and shows where theirs differs; pressing save
        again, knowing that, replaces it.
        """
        theirs = self.instance
        if not theirs.pk or self.cleaned_data.get("opened") == (
            saved := theirs.changed.isoformat()
        ):
            return
        self.conflict = self.find_differences() + self.find_row_differences()
        self.data = self.data.copy()
        self.data[self.add_prefix("opened")] = saved
        if not self.conflict:
            return
        who = get_display_name(theirs.changed_by) if theirs.changed_by else "Somebody"
        when = localtime(theirs.changed).strftime("%H:%M")
        raise ValidationError(
            f"{who} saved this {theirs._meta.verbose_name} at {when} while you were "
            "writing. Nothing was overwritten and your text is in the form. Compare "
            f"the two below; saving again replaces theirs{self.replaced}."
        )

    def find_differences(self):
        """(label, marked HTML) of each field in which theirs and ours differ."""
        found = []
        for name, field in self.fields.items():
            if name in self.unstored or name not in self.cleaned_data:
                continue
            bound = self[name]
            theirs, ours = bound.initial, self.cleaned_data[name]
            if isinstance(field.widget, RichTextWidget):
                # The editor writes the same text in other lines than the site keeps.
                theirs, ours = sanitise(theirs), sanitise(ours)
                changed = theirs != ours
            else:
                changed = field.has_changed(theirs, bound.data)
            if changed and type(field) is forms.ModelChoiceField:
                # By its name, as ours is; the form knows its number or slug.
                theirs = getattr(self.instance, name, theirs)
            if changed:
                found.append(
                    (
                        bound.label,
                        mark_changes(format_value(theirs), format_value(ours)),
                    )
                )
        return found

    def find_row_differences(self):
        """The same for people, corrections and files."""
        found = []
        for label, rows in self.get_posted_rows(self.instance):
            if rows.has_changed():
                # Validation writes what was posted into the rows.
                theirs = rows.format_saved()
                found.append((label, mark_changes(theirs, rows.format_posted())))
        return found


class Rows(forms.BaseInlineFormSet):
    """Rows of a shared form, which a colleague may change at the same time.

    A row that is gone from the database is saved as a new one; Django would refuse the
    whole form, again and again, for a reason that nobody sees.
    """

    def get_queryset(self):
        """The rows as they were read with the object, if they were."""
        name = self.fk.remote_field.get_accessor_name()
        if name in getattr(self.instance, "_prefetched_objects_cache", {}):
            return getattr(self.instance, name).all()
        return super().get_queryset()

    def add_fields(self, form, index):
        super().add_fields(form, index)
        unread = {"id", "order", "DELETE", self.fk.name}
        self.names = [name for name in form.fields if name not in unread]
        # The row has been found by its number; nothing is left to check.
        form.fields["id"] = forms.IntegerField(
            initial=form.instance.pk, widget=forms.HiddenInput
        )

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        form.fields["id"].required = False
        return form

    @property
    def initial_forms(self):
        return [form for form in super().initial_forms if form.instance.pk]

    @property
    def extra_forms(self):
        gone = [form for form in super().initial_forms if not form.instance.pk]
        return gone + super().extra_forms

    def get_draft_data(self):
        """The rows as they would be saved; those with errors are left out."""
        self.full_clean()
        return [
            form.instance
            for form in self.forms
            if (form.has_changed() or form.instance.pk)
            and not form.errors
            and not form.cleaned_data.get("DELETE")
        ]

    def format_saved(self):
        rows = [form.instance for form in self.initial_forms]
        rows.sort(key=lambda row: getattr(row, "order", 0))
        return "; ".join(
            format_row(getattr(row, name) for name in self.names) for row in rows
        )

    def format_posted(self):
        self.full_clean()
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.has_changed() or form.instance.pk
        ]
        rows = [row for row in rows if not row.get("DELETE")]
        rows.sort(key=lambda row: row.get("order") or 0)
        return "; ".join(format_row(map(row.get, self.names)) for row in rows)
