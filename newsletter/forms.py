from datetime import timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Topic
from ecfr_site.mail.addresses import check_reachable, normalise
from newsletter.antispam import is_by_hand, is_solved
from newsletter.disposable import is_disposable
from newsletter.languages import active_language, language_choices
from newsletter.models import (
    ConsentRecord,
    Frequency,
    Interest,
    LeavingReason,
    Newsletter,
    Subscriber,
    Wording,
)
from newsletter.models.subscriber import check_pause
from newsletter.time_zones import time_zone_choices
from newsletter.typos import suggest_address

Method = ConsentRecord.Method


class AddressField(forms.CharField):
    """An e-mail address as it was typed, that mail can go to."""

    default_error_messages = {
        "required": _("Enter your e-mail address."),
        "invalid": _(
            "Enter an e-mail address in the correct format, like name@example.org."
        ),
        "max_length": _("The e-mail address is too long."),
    }

    def __init__(self, **kwargs):
        super().__init__(max_length=254, **kwargs)

    def clean(self, value):
        address = super().clean(value)
        try:
            check_reachable(address)
        except ValidationError as error:
            # The library says in English what is wrong with it.
            if error.code == "invalid":
                error = ValidationError(self.error_messages["invalid"], code="invalid")
            raise error from None
        return address


class SignupForm(forms.Form):
    email = AddressField()
    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.offered(),
        error_messages={
            "required": _("Choose at least one newsletter."),
            "invalid_choice": _("This newsletter is no longer available."),
            "invalid_pk_value": _("This newsletter is no longer available."),
        },
    )
    analytics = forms.BooleanField(required=False)
    # The version that the reader saw, which may be older than the current one.
    wording = forms.ModelChoiceField(Wording.objects.all(), required=False)
    # People leave it empty, since they do not see it; robots fill it in.
    website = forms.CharField(required=False)
    stamp = forms.CharField(required=False)
    proof = forms.CharField(required=False)
    # The address that was warned about or asked about already.
    sure = forms.CharField(required=False)

    # In place of one that looks like a slip.
    suggestion = ""

    @property
    def action(self):
        """The page that takes it."""
        return reverse("newsletter")

    def __init__(self, data=None):
        if data and data.get("use"):
            # What was suggested in place of the address.
            data = data.copy()
            data["email"] = data["use"]
        super().__init__(data)

    def clean_email(self):
        address = self.cleaned_data["email"]
        self.is_doubtful = is_disposable(normalise(address))
        if self.data.get("sure") == address:
            return address
        if meant := suggest_address(address):
            self.suggestion = meant
            question = _("Did you mean %(address)s?") % {"address": meant}
            raise ValidationError(question, code="slip")
        if self.is_doubtful:
            raise ValidationError(
                _(
                    "Addresses like this one stop working soon. Enter another one, or "
                    "press “Subscribe” again to use it."
                ),
                code="doubtful",
            )
        return address

    def clean(self):
        if self.errors or self.is_by_robot:
            return
        if not is_by_hand(self.cleaned_data["stamp"]):
            raise ValidationError(
                _(
                    "Press “Subscribe” once more: the form was open for a long time, "
                    "or sent very quickly."
                )
            )
        if settings.SIGNUP_PROOF_OF_WORK and not is_solved(self.cleaned_data["proof"]):
            raise ValidationError(
                _(
                    "Press “Subscribe” once more: your browser did not show that it is "
                    "no robot. This needs JavaScript."
                )
            )

    @property
    def is_by_robot(self):
        return bool(self.cleaned_data.get("website"))

    def save(self, network):
        """The Signup, or None for a robot."""
        if self.is_by_robot:
            return None
        asked = self.cleaned_data
        return Subscriber.objects.sign_up(
            asked["email"],
            list(asked["newsletters"]),
            analytics=asked["analytics"],
            wording=asked["wording"] or Wording.objects.current(active_language()),
            network=network,
        )


class FollowForm(SignupForm):
    """A request for alerts on one topic, programme or person."""

    newsletters = None  # type: ignore[assignment] # Django: no such field.
    frequency = forms.ChoiceField(
        choices=Frequency.choices,
        initial=Frequency.DAILY,
        error_messages={
            "required": _("Choose how often."),
            "invalid_choice": _("Choose how often."),
        },
    )

    def __init__(self, data=None, *, followed, action):
        self.followed, self._action = followed, action
        super().__init__(data)

    @property
    def action(self):
        return self._action

    def save(self, network):
        if self.is_by_robot:
            return None
        asked = self.cleaned_data
        return Subscriber.objects.sign_up(
            asked["email"],
            analytics=asked["analytics"],
            wording=asked["wording"] or Wording.objects.current(active_language()),
            network=network,
            language=active_language(),
            follow={
                **Interest.field_for(self.followed),
                "frequency": asked["frequency"],
            },
        )


class AlertsForm(forms.Form):
    """A subscriber's alerts: how often each comes, and which one ends."""

    # The number of an interest, or “all”.
    end = forms.CharField(required=False)

    def __init__(self, data=None, *, subscriber):
        self.subscriber = subscriber
        self.interests = list(subscriber.interests.with_followed())
        super().__init__(data)
        for interest in self.interests:
            self.fields[f"frequency-{interest.pk}"] = forms.ChoiceField(
                choices=Frequency.choices, initial=interest.frequency, required=False
            )

    def rows(self):
        """Pairs of an interest and the field of its frequency."""
        return [(i, self[f"frequency-{i.pk}"]) for i in self.interests]

    @transaction.atomic
    def save(self):
        wanted = self.cleaned_data
        if end := wanted["end"]:
            numbers = None if end == "all" else [i.pk for i in self.interests]
            if numbers:
                numbers = [number for number in numbers if str(number) == end]
            self.subscriber.unfollow(numbers, method=Method.PREFERENCES)
            return
        given = {
            "method": Method.PREFERENCES,
            "wording": Wording.objects.current(active_language()),
        }
        for interest in self.interests:
            frequency = wanted[f"frequency-{interest.pk}"]
            if frequency and frequency != interest.frequency:
                self.subscriber.follow(interest.followed, frequency, **given)


class ConfirmForm(forms.Form):
    """The page of confirmation: what it showed, and what was chosen on it."""

    wording = forms.ModelChoiceField(Wording.objects.all(), required=False)
    more = forms.ModelMultipleChoiceField(Newsletter.objects.none(), required=False)
    analytics = forms.BooleanField(required=False)
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.in_tree_order(), required=False
    )
    # The page had boxes for topics: without, a bare POST leaves them as they are.
    asks_topics = forms.BooleanField(required=False)

    def __init__(self, data=None, *, signup):
        self.signup = signup
        topics = [topic.pk for topic in signup.subscriber.topics.all()]
        super().__init__(data, initial={"topics": topics})
        self.fields["more"].queryset = Newsletter.objects.beyond(signup)

    def save(self):
        """Confirm; what is wrong about the rest of the form keeps nobody from it.

        A tick counts only together with the words that stood beside it.
        """
        self.full_clean()
        chosen = self.cleaned_data
        wording = chosen.get("wording")
        self.signup.confirm(
            wording,
            chosen.get("topics") if chosen.get("asks_topics") else None,
            more=list(chosen.get("more") or ()) if wording else [],
            analytics=bool(wording and chosen.get("analytics")),
        )


class LeavingReasonForm(forms.ModelForm):
    class Meta:
        model = LeavingReason
        fields = ["reason", "text"]
        error_messages = {
            "text": {
                "max_length": _(
                    "The text is too long. It can have up to 500 characters."
                )
            }
        }

    def clean(self):
        said = super().clean()
        if not self.errors and not said["reason"] and not said["text"].strip():
            raise ValidationError(_("Choose a reason, or write one."))
        return said

    def save(self, delivery):
        """Note it for who has left, in place of what the person said before."""
        LeavingReason.objects.update_or_create(
            self.cleaned_data,
            subscriber=delivery.subscriber,
            newsletter=delivery.edition.newsletter,
        )


class LinkForm(forms.Form):
    """A request for a new link by mail."""

    email = AddressField()

    def save(self, network):
        return Subscriber.objects.request_link(self.cleaned_data["email"], network)


class PreferencesForm(forms.Form):
    """A subscriber's newsletters, topics and consent to analytics."""

    ANSWERS = {
        Subscriber.Analytics.GRANTED: "yes",
        Subscriber.Analytics.DENIED: "no",
    }

    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.none(), required=False
    )
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.in_tree_order(), required=False
    )
    language = forms.ChoiceField()
    time_zone = forms.ChoiceField(required=False)
    analytics = forms.ChoiceField(
        choices=[("yes", _("Yes")), ("no", _("No"))], required=False
    )
    # The version that stood on the page.
    wording = forms.ModelChoiceField(Wording.objects.all(), required=False)

    def __init__(self, data=None, *, subscriber):
        self.subscriber = subscriber
        subscribed = subscriber.subscriptions.confirmed().values("newsletter")
        # Press lists have buttons of their own: PressListForm.
        subscribed_to = Newsletter.objects.filter(
            pk__in=subscribed, is_press_list=False
        )
        self.subscribed = list(subscribed_to)
        super().__init__(
            data,
            initial={
                "newsletters": [newsletter.pk for newsletter in self.subscribed],
                "topics": [topic.pk for topic in subscriber.topics.all()],
                "language": subscriber.language,
                "time_zone": subscriber.time_zone,
                "analytics": self.ANSWERS.get(subscriber.analytics),
            },
        )
        self.fields["language"].choices = language_choices(subscriber.language)
        self.fields["time_zone"].choices = time_zone_choices(subscriber.time_zone)
        # One that has ended is shown to those who have it, so that they can leave it.
        self.fields["newsletters"].queryset = (
            Newsletter.objects.offered() | subscribed_to
        )

    @transaction.atomic
    def save(self):
        wanted = self.cleaned_data
        subscriber, now = self.subscriber, set(wanted["newsletters"])
        wording = wanted["wording"] or Wording.objects.current(active_language())
        given = {"method": Method.PREFERENCES, "wording": wording}
        for newsletter in set(self.subscribed) - now:
            subscriber.unsubscribe(newsletter, method=Method.PREFERENCES)
        for newsletter in now - set(self.subscribed):
            subscriber.subscribe(newsletter, **given, welcome=True)
        if wanted["analytics"]:
            subscriber.set_analytics(wanted["analytics"] == "yes", **given)
        subscriber.set_preferences(
            wanted["topics"], wanted["language"], wanted["time_zone"]
        )


class PressListForm(forms.Form):
    """To leave a press list, or to come back to one that the person left."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.none())

    def __init__(self, data=None, *, subscriber):
        self.subscriber = subscriber
        super().__init__(data)
        lists = Newsletter.objects.press_lists_of(subscriber)
        self.fields["newsletter"].queryset = lists

    def save(self):
        newsletter, given = self.cleaned_data["newsletter"], Method.PREFERENCES
        if newsletter.is_member:
            self.subscriber.unsubscribe(newsletter, method=given)
        else:
            self.subscriber.subscribe(newsletter, method=given)


class PauseForm(forms.Form):
    """Until a day, or for so many weeks from today."""

    until = forms.DateField(required=False, validators=[check_pause])
    weeks = forms.IntegerField(required=False, min_value=1, max_value=52)

    def clean(self):
        asked = self.cleaned_data
        if asked.get("weeks"):
            asked["until"] = timezone.localdate() + timedelta(weeks=asked["weeks"])
        elif not self.errors and not asked["until"]:
            self.add_error("until", _("Choose a day."))

    def save(self, subscriber):
        subscriber.pause(self.cleaned_data["until"])


class AddressForm(forms.Form):
    new_email = AddressField(error_messages={"required": _("Enter the new address.")})

    def save(self, subscriber, network):
        return subscriber.request_address(self.cleaned_data["new_email"], network)
