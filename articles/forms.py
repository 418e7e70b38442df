import re
from copy import copy

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files import File
from django.utils import timezone
from django.utils.html import escape, format_html, mark_safe
from django.utils.text import slugify
from django.utils.timezone import localtime

from articles import workflow
from articles.checklist.rules import WORKING_TITLE
from articles.history.matching import opcodes
from articles.models import Article
from articles.staff import name_of
from articles.workflow import PublicationStatus
from articles.workflow.rights import Rights
from ecfr_site.admin_site.wall_clock import keep_second_hour
from ecfr_site.redirects.slugs import SlugForm
from ecfr_site.richtext.admin import form_losses, losses_sentence
from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.sanitizer import plain_text, sanitise

# Where an article stands that readers see, or have seen until its end.
SEEN = (PublicationStatus.LIVE, PublicationStatus.ENDED)
# Steps that nobody takes without knowing what the text lost.
LOSSLESS = (workflow.SUBMIT, workflow.APPROVE, workflow.PUBLISH)
# The name of the buttons that do more than save.
STEP = "_step"
# The name of the field for the note that goes with a step.
NOTE = "_note"
# When a page comes, changes and goes.
TIMES = ("published_at", "replaces_at", "ends_at")


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
        who = name_of(theirs.changed_by) if theirs.changed_by else "Somebody"
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


class ArticleForm(SlugForm, SharedForm):
    """The editor's form, which also checks each step; the admin sets `user`.

    `stored` is the article as the database has it: what is posted is written into the
    instance itself, which then stands where nobody has put it yet.
    """

    user = None
    named_by = "title"
    replaced = ", which stays in the history"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.stored = copy(self.instance)
        self.rights = Rights(self.stored, self.user)
        if "title" in self.fields:
            self.fields["title"].required = False
        if self.is_scheduled and self.rights.refusal(workflow.PUBLISH):
            for name in set(TIMES) & set(self.fields):
                self.fields[name].disabled = True
        # A form names what its fields may hold: what the desk shows to this person, and
        # what a colleague has stored, but nothing because an address asks for it.
        for name, field in self.fields.items():
            if self.user and getattr(field, "queryset", None) is not None:
                model = field.queryset.model
                if isinstance(self.instance, model):
                    stored = getattr(self.instance, f"{name}_id")
                    seen = model.objects.originals().visible_to(self.user)
                    field.queryset = seen | model.objects.filter(pk=stored)

    @property
    def is_scheduled(self):
        return self.stored.status == PublicationStatus.SCHEDULED

    @property
    def step(self):
        """The step whose button was pressed, or None for just saving."""
        name = self.data.get(STEP)
        return next((t for t in workflow.TRANSITIONS if t.name == name), None)

    @property
    def note(self):
        """For the history, and for who works on."""
        return self.data.get(NOTE, "").strip()

    def clean(self):
        self.fill_in()
        self.keep_second_hour()
        super().clean()
        self.check_new_end()
        self.refuse_losses()
        refusal = self.step and self.rights.refusal(self.step)
        if refusal:
            raise ValidationError(f"{refusal} What you wrote is still here.")
        if self.step is workflow.RETURN and not self.note:
            raise ValidationError(
                "Say in the note what is to be done, then return it to the author."
            )
        if self.stored.status in SEEN and not self.stored.live_id:
            raise ValidationError(
                "Readers see this text: it is changed in a working copy. "
                "What you wrote is still here."
            )

    def refuse_losses(self):
        """Stop a step once when the text cannot be kept as it came.

        The form then holds what can be kept, so that the next press takes the step.
        """
        phrases = form_losses(self) if self.step in LOSSLESS else []
        if not phrases:
            return
        language = (self.cleaned_data.get("language") or self.instance.language)[:2]
        self.data = self.data.copy()
        for name, field in self.fields.items():
            if isinstance(field.widget, RichTextWidget):
                kept = sanitise(self[name].data or "", language)
                self.data[self.add_prefix(name)] = kept
        raise ValidationError(
            f"{losses_sentence(phrases)} Nothing was saved: press the button again to "
            "go on without them."
        )

    def fill_in(self):
        """A draft needs nothing; what it cannot do without gets something for now."""
        data = self.cleaned_data
        if "title" in data and not data["title"]:
            data["title"] = WORKING_TITLE
        named = data.get("title") != WORKING_TITLE and not self.stored.was_public
        if named and is_provisional(data.get("slug", "")):
            data["slug"] = ""
        image = data.get("image")
        undescribed = not (data.get("image_alt") or data.get("image_decorative"))
        if image and "image_alt" in data and undescribed:
            data["image_alt"] = image.alt
        time = "replaces_at" if self.stored.live_id else "published_at"
        if self.step is workflow.PUBLISH and time in data and not data[time]:
            data[time] = timezone.now()
        if self.step is workflow.UNSCHEDULE and time in data:
            data[time] = getattr(self.stored, time)

    def may_name(self, page):
        return self.user is not None and page.may_be_seen_by(self.user)

    def keep_second_hour(self):
        """A stored time within the hour that comes twice stays which it is."""
        for name in set(TIMES) & set(self.cleaned_data):
            self.cleaned_data[name] = keep_second_hour(
                getattr(self.stored, name), self.cleaned_data[name]
            )

    def check_new_end(self):
        end = self.cleaned_data.get("ends_at")
        if end and "ends_at" in self.changed_data and end <= timezone.now():
            self.add_error(
                "ends_at",
                "This lies in the past. Choose a later end; what should go at once is "
                "withdrawn.",
            )

    def _get_validation_exclusions(self):
        """Rules of the database speak of these too, though no field shows them."""
        return super()._get_validation_exclusions() - {"id", "state"}

    def _update_errors(self, errors):
        """What no field of this form shows is said above the form."""
        unseen = set(getattr(errors, "error_dict", ())) - set(self.fields)
        for name in unseen - {NON_FIELD_ERRORS}:
            found = errors.error_dict.pop(name)
            errors.error_dict.setdefault(NON_FIELD_ERRORS, []).extend(found)
        super()._update_errors(errors)

    def _post_clean(self):
        super()._post_clean()
        for check in self.checks_of_step():
            try:
                check()
            except ValidationError as error:
                self._update_errors(error)

    def checks_of_step(self):
        """What the step asks of the text and of what was typed beside it."""
        article = self.instance
        if self.step is workflow.SUBMIT:
            return [lambda: article.check_written(self.typed())]
        if self.step is workflow.PUBLISH:
            return [lambda: article.check_complete(self.typed()), article.check_end]
        return []

    def typed(self):
        """People, topics and files as they stand in the form, by name."""
        rows = [rows for _, rows in self.posted_rows(self.instance)]
        typed = {each.prefix: each.typed() for each in rows}
        if "topics" in self.fields:
            typed["topics"] = self.cleaned_data.get("topics")
        return typed


def is_provisional(slug):
    """Return whether it was made from the working title."""
    return re.fullmatch(rf"{slugify(WORKING_TITLE)}(-\d+)?", slug) is not None


class WithdrawalForm(forms.ModelForm):
    """Why an article is taken back, and where its readers are sent."""

    note = forms.CharField(
        label="Note for the history",
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    class Meta:
        model = Article
        fields = ["withdrawal_reason", "replaced_by"]
        labels = {"withdrawal_reason": "Reason"}
        widgets = {"withdrawal_reason": forms.Textarea({"rows": 4})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["withdrawal_reason"].required = True
        self.fields["withdrawal_reason"].error_messages["required"] = (
            "Tell readers why it is withdrawn."
        )
        self.fields["replaced_by"].queryset = Article.objects.published().exclude(
            pk=self.instance.pk
        )

    def _post_clean(self):
        """The text itself is not asked again."""
        self.instance.withdrawal_reason = self.cleaned_data.get("withdrawal_reason", "")
        self.instance.replaced_by = self.cleaned_data.get("replaced_by")


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

    def typed(self):
        """The rows as they would be saved; those with errors are left out."""
        self.full_clean()
        return [
            form.instance
            for form in self.forms
            if (form.has_changed() or form.instance.pk)
            and not form.errors
            and not form.cleaned_data.get("DELETE")
        ]

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
    for what, i, j, k, m in opcodes(old, new):
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
