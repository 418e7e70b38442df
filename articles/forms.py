from difflib import SequenceMatcher

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.html import escape, format_html, mark_safe
from django.utils.timezone import localtime

from articles import workflow
from ecfr_site.fields import RichTextWidget
from ecfr_site.html import plain_text, sanitise

# The name of the buttons that do more than save.
STEP = "_step"


class SharedForm(forms.ModelForm):
    """The form of what several people write: it refuses to save over a colleague.

    For models with `changed` and `changed_by`. The admin sets `posted_rows` on the
    class it uses, which yields a name and a formset for each part of the object that
    has rows of its own.
    """

    posted_rows = None
    # What becomes of a colleague's text when it is replaced.
    replaced = ""
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
        self.conflict = self.differences() + self.row_differences()
        self.data = self.data.copy()
        self.data[self.add_prefix("opened")] = saved
        if not self.conflict:
            return
        who = theirs.changed_by or "Somebody"
        when = localtime(theirs.changed).strftime("%H:%M")
        raise ValidationError(
            f"{who} saved this {theirs._meta.verbose_name} at {when} while you were "
            "writing. Nothing was overwritten and your text is in the form. Compare "
            f"the two below; saving again replaces theirs{self.replaced}."
        )

    def differences(self):
        """(label, marked HTML) of each field in which theirs and ours differ."""
        found = []
        for name, field in self.fields.items():
            if name == "opened" or name not in self.cleaned_data:
                continue
            bound = self[name]
            theirs, ours = bound.initial, self.cleaned_data[name]
            if isinstance(field.widget, RichTextWidget):
                # The editor writes the same text in other lines than the site keeps.
                theirs, ours = sanitise(theirs), sanitise(ours)
                changed = theirs != ours
            else:
                changed = field.has_changed(theirs, bound.data)
            if changed:
                found.append((bound.label, marked(as_text(theirs), as_text(ours))))
        return found

    def row_differences(self):
        """The same for people, corrections and files."""
        found = []
        for label, rows in self.posted_rows(self.instance):
            if rows.has_changed():
                # Validation writes what was posted into the rows.
                theirs = rows.saved_text()
                found.append((label, marked(theirs, rows.posted_text())))
        return found


class ArticleForm(SharedForm):
    """The editor's form, which also checks each step; the admin sets `user`."""

    user = None
    replaced = ", which stays in the history"

    @property
    def step(self):
        """The transition whose button was pressed, or None for just saving."""
        name = self.data.get(STEP)
        return next((t for t in workflow.TRANSITIONS if t.name == name), None)

    def clean(self):
        super().clean()
        if self.step and self.step not in self.instance.transitions_for(self.user):
            raise ValidationError(
                f"You cannot do this now: {self.step.label.lower()}. "
                "What you wrote is still here."
            )
        if self.step is workflow.WITHDRAW and not self.cleaned_data.get(
            "withdrawal_reason"
        ):
            self.add_error("withdrawal_reason", "Tell readers why it is withdrawn.")

    def _get_validation_exclusions(self):
        """Rules of the database speak of these too, though no field shows them."""
        return super()._get_validation_exclusions() - {"id", "state"}

    def _post_clean(self):
        super()._post_clean()
        if self.step is workflow.PUBLISH:
            try:
                self.instance.check_complete()
            except ValidationError as error:
                self._update_errors(error)


class Rows(forms.BaseInlineFormSet):
    """Rows of a shared form, which a colleague may change at the same time.

    A row that is gone from the database is saved as a new one; Django would refuse the
    whole form, again and again, for a reason that nobody sees.
    """

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

    def saved_text(self):
        rows = [form.instance for form in self.initial_forms]
        rows.sort(key=lambda row: getattr(row, "order", 0))
        return "; ".join(
            row_text(getattr(row, name) for name in self.names) for row in rows
        )

    def posted_text(self):
        self.full_clean()
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.has_changed() or form.instance.pk
        ]
        rows = [row for row in rows if not row.get("DELETE")]
        rows.sort(key=lambda row: row.get("order") or 0)
        return "; ".join(row_text(map(row.get, self.names)) for row in rows)


class BylineRows(Rows):
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


def row_text(values):
    return ", ".join(text for value in values if (text := as_text(value)))


def as_text(value):
    if value is None:
        return ""
    if isinstance(value, File):
        return value.name or ""
    if isinstance(value, str):
        return plain_text(value) if "<" in value else value
    if hasattr(value, "__iter__"):
        return ", ".join(sorted(str(item) for item in value))
    return str(value)


def marked(before, after):
    """Word by word from `before` to `after`, with <del> and <ins>."""
    old, new = before.split(), after.split()
    parts = []
    for what, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if what == "equal":
            parts.append(escape(_shortened(old[i:j])))
            continue
        if i < j:
            parts.append(format_html("<del>{}</del>", " ".join(old[i:j])))
        if k < m:
            parts.append(format_html("<ins>{}</ins>", " ".join(new[k:m])))
    return mark_safe(" ".join(parts))  # noqa: S308 each part is escaped


def _shortened(words, most=12):
    """What is alike needs only its ends."""
    if len(words) <= 2 * most:
        return " ".join(words)
    return " ".join([*words[:most], "…", *words[-most:]])
