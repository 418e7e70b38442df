import re
from copy import copy

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify

from articles import workflow
from articles.checklist.rules import WORKING_TITLE
from articles.forms.shared import SharedForm
from articles.models.validation import TAKEN
from articles.workflow import PublicationStatus, State
from articles.workflow.rights import Rights
from ecfr_site.admin_site.known_choices import set_known_choices
from ecfr_site.admin_site.wall_clock import check_year, keep_second_hour
from ecfr_site.redirects.slugs import SlugForm
from ecfr_site.richtext.admin import describe_form_losses, format_losses
from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.sanitizer import sanitise

# Where an article stands that readers see, or have seen until its end.
ONCE_LIVE = (PublicationStatus.LIVE, PublicationStatus.ENDED)
# Steps that nobody takes without knowing what the text lost.
LOSSLESS = (workflow.SUBMIT, workflow.APPROVE, workflow.PUBLISH)
# Sentences about pastes, and their length, that one save takes.
MOST_LOSSES, LONGEST_LOSS = 20, 300
# The name of the buttons that do more than save.
STEP = "_step"
# The name of the field for the note that goes with a step.
STEP_NOTE = "_note"
# When a page comes, changes and goes.
TIMES = ("published_at", "replaces_at", "ends_at")
# As many as a page shows.
MOST_PINNED = 3


class ArticleForm(SlugForm, SharedForm):
    """The editor's form, which also checks each step; the admin sets `user`.

    `stored` is the article as the database has it: what is posted is written into the
    instance itself, which then stands where nobody has put it yet.
    """

    user = None
    named_by = "title"
    unstored = frozenset({"opened", "pasted", "losses_seen"})
    replaced = ", which stays in the history"
    # What the editor said of pastes since the form was opened, a sentence a line.
    pasted = forms.CharField(required=False, widget=forms.HiddenInput)
    losses_seen = forms.BooleanField(
        required=False,
        label="Nothing is missing",
        help_text="You have checked the text for what was left out of it: the "
        "checklist says what it was, and no longer will.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.stored = copy(self.instance)
        self.rights = Rights(self.stored, self.user)
        if "title" in self.fields:
            self.fields["title"].required = False
        if self.is_scheduled and self.rights.get_refusal(workflow.PUBLISH):
            for name in set(TIMES) & set(self.fields):
                self.fields[name].disabled = True
        # A form names what its fields may hold: what the desk shows to this person, and
        # what a colleague has stored, but nothing because an address asks for it.
        for name, field in self.fields.items():
            if self.user and getattr(field, "queryset", None) is not None:
                model = field.queryset.model
                if isinstance(self.instance, model):
                    stored = self.find_stored(name)
                    seen = model.objects.originals().visible_to(self.user)
                    field.queryset = seen | model.objects.filter(pk__in=stored)
        set_known_choices(self)

    def find_stored(self, name):
        """The numbers of the articles that a field of the instance names."""
        if name == "pinned":
            pinned = self.instance.pinned.all() if self.instance.pk else ()
            return [article.pk for article in pinned]
        return [getattr(self.instance, f"{name}_id")]

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
        return self.data.get(STEP_NOTE, "").strip()

    def clean(self):
        self.fill_in()
        self.keep_second_hour()
        super().clean()
        self.check_years()
        self.check_new_end()
        self.refuse_losses()
        refusal = self.step and self.rights.get_refusal(self.step)
        if refusal:
            raise ValidationError(f"{refusal} What you wrote is still here.")
        if self.step is workflow.RETURN and not self.note:
            raise ValidationError(
                "Say in the note what the author should do, then return the article."
            )
        if self.stored.status in ONCE_LIVE and not self.stored.live_id:
            raise ValidationError(
                "This text is live: change it in a working copy. "
                "What you wrote is still here."
            )

    def list_unseen_losses(self):
        """Losses of the text that nobody has looked for yet, in sentences."""
        known = [] if self.cleaned_data.get("losses_seen") else self.stored.losses
        known = known.splitlines() if known else []
        said = self.cleaned_data.get("pasted", "").splitlines()
        if phrases := describe_form_losses(self):
            said.append(format_losses(phrases))
        lines = (line.strip()[:LONGEST_LOSS] for line in [*known, *said])
        return list(dict.fromkeys(filter(None, lines)))[-MOST_LOSSES:]

    def refuse_losses(self):
        """Stop a step once when the text cannot be kept as it came.

        The form then holds what can be kept, so that the next press takes the step.
        """
        phrases = describe_form_losses(self) if self.step in LOSSLESS else []
        if not phrases:
            return
        language = (self.cleaned_data.get("language") or self.instance.language)[:2]
        self.data = self.data.copy()
        for name, field in self.fields.items():
            if isinstance(field.widget, RichTextWidget):
                kept = sanitise(self[name].data or "", language)
                self.data[self.add_prefix(name)] = kept
        raise ValidationError(
            f"{format_losses(phrases)} Nothing was saved: press the button again to "
            "go on without them."
        )

    def take_step(self):
        """After everything is saved: the step whose button was pressed, if any.

        Returns the article that the step was made to, or that readers then see.
        """
        article = self.instance
        if self.step:
            step = getattr(article, self.step.name)
            return step(by=self.user, note=self.note) or article
        if not article.void_sign_off(by=self.user) and self.is_scheduled:
            article.state = State.PUBLISHED
            article.save()
        return article

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

    def clean_pinned(self):
        pinned = self.cleaned_data["pinned"]
        if len(pinned) > MOST_PINNED:
            raise ValidationError(f"Choose up to {MOST_PINNED} pieces.")
        if self.stored.pk and self.stored.original in pinned:
            raise ValidationError("Choose other pieces than this one.")
        return pinned

    def may_name(self, page):
        return self.user is not None and page.may_be_seen_by(self.user)

    def keep_second_hour(self):
        """A stored time within the hour that comes twice stays which it is."""
        for name in set(TIMES) & set(self.cleaned_data):
            self.cleaned_data[name] = keep_second_hour(
                getattr(self.stored, name), self.cleaned_data[name]
            )

    def check_years(self):
        """Refuse a year that was mistyped; what was stored before stays."""
        for name in {"published_at", "replaces_at"} & set(self.changed_data):
            try:
                check_year(self.cleaned_data.get(name))
            except ValidationError as error:
                self.add_error(name, error)

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
        """Show errors of fields that the form does not have above the form."""
        found = getattr(errors, "error_dict", {})
        for error in (each for listed in found.values() for each in listed):
            if error.code == TAKEN:
                self._link_holder(error)
        unseen = set(found) - set(self.fields)
        for name in unseen - {NON_FIELD_ERRORS}:
            found = errors.error_dict.pop(name)
            errors.error_dict.setdefault(NON_FIELD_ERRORS, []).extend(found)
        super()._update_errors(errors)

    def _link_holder(self, error):
        """Lead to the article that has what was typed, if the user may see it."""
        holder = error.params["holder"]
        if self.user and holder.may_be_seen_by(self.user):
            page = reverse("admin:articles_article_change", args=[holder.pk])
            link = format_html('<a href="{}">{}</a>', page, holder)
            error.message = format_html(
                "Another publication has this {}: {}.", error.params["label"], link
            )
            error.params = None

    def _post_clean(self):
        super()._post_clean()
        for check in self.list_checks():
            try:
                check()
            except ValidationError as error:
                self._update_errors(error)

    def list_checks(self):
        """The checks of text, people and files that the step needs."""
        article = self.instance
        if self.step is workflow.SUBMIT:
            return [lambda: article.check_written(self.get_draft_data())]
        if self.step is workflow.PUBLISH:
            return [
                lambda: article.check_complete(self.get_draft_data()),
                article.check_end,
            ]
        return []

    def get_draft_data(self):
        """People, topics and files as they stand in the form, by name."""
        rows = [rows for _, rows in self.get_posted_rows(self.instance)]
        draft_data = {each.prefix: each.get_draft_data() for each in rows}
        if "topics" in self.fields:
            draft_data["topics"] = self.cleaned_data.get("topics")
        return draft_data


def is_provisional(slug):
    """Return whether it was made from the working title."""
    return re.fullmatch(rf"{slugify(WORKING_TITLE)}(-\d+)?", slug) is not None
