from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from articles.models import Topic
from ecfr_site.mail.addresses import check_reachable, normalise
from newsletter.antispam import is_by_hand, is_solved
from newsletter.disposable import is_disposable
from newsletter.models import ConsentRecord, Newsletter, Subscriber, Wording
from newsletter.models.subscriber import check_pause

Method = ConsentRecord.Method


class AddressField(forms.CharField):
    """An e-mail address as it was typed, that mail can go to."""

    default_error_messages = {"required": "Enter your e-mail address."}

    def __init__(self, **kwargs):
        super().__init__(max_length=254, **kwargs)

    def clean(self, value):
        address = super().clean(value)
        check_reachable(address)
        return address


class SignupForm(forms.Form):
    email = AddressField()
    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.offered(),
        error_messages={
            "required": "Choose at least one newsletter.",
            "invalid_choice": "This newsletter is not offered any more.",
            "invalid_pk_value": "This newsletter is not offered any more.",
        },
    )
    analytics = forms.BooleanField(required=False)
    # The version that the reader saw, which may be older than the current one.
    wording = forms.ModelChoiceField(Wording.objects.all(), required=False)
    # People leave it empty, since they do not see it; robots fill it in.
    website = forms.CharField(required=False)
    stamp = forms.CharField(required=False)
    proof = forms.CharField(required=False)
    # The address that was warned about already.
    sure = forms.CharField(required=False)

    def clean_email(self):
        address = self.cleaned_data["email"]
        self.is_doubtful = is_disposable(normalise(address))
        if self.is_doubtful and self.data.get("sure") != address:
            raise ValidationError(
                "Mail to this address may soon be lost. Take another one, or press "
                "“Subscribe” again to keep it.",
                code="doubtful",
            )
        return address

    def clean(self):
        if self.errors or self.is_by_robot:
            return
        if not is_by_hand(self.cleaned_data["stamp"]):
            raise ValidationError(
                "Please press “Subscribe” once more: the form was open for very long, "
                "or sent very fast.",
            )
        if settings.SIGNUP_PROOF_OF_WORK and not is_solved(self.cleaned_data["proof"]):
            raise ValidationError(
                "Please press “Subscribe” once more: your browser’s check did not "
                "arrive. It needs JavaScript."
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
            wording=asked["wording"] or Wording.objects.current(),
            network=network,
        )


class LinkForm(forms.Form):
    """A request for a new link by mail."""

    email = AddressField()

    def save(self, network):
        return Subscriber.objects.ask_for_link(self.cleaned_data["email"], network)


@cache
def time_zones():
    """Choices by part of the world."""
    areas = {}
    for zone in sorted(available_timezones()):
        area, slash, place = zone.partition("/")
        if slash and area not in ("Etc", "SystemV", "US", "posix", "right"):
            areas.setdefault(area, []).append((zone, place.replace("_", " ")))
    own = settings.TIME_ZONE.replace("_", " ")
    return [("", f"Ours ({own})"), ("UTC", "UTC"), *areas.items()]


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
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(choices=time_zones, required=False)
    analytics = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")], required=False
    )

    def __init__(self, data=None, *, subscriber):
        self.subscriber = subscriber
        subscribed = subscriber.subscriptions.confirmed().values("newsletter")
        self.subscribed = list(Newsletter.objects.filter(pk__in=subscribed))
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
        # One that has ended is shown to those who have it, so that they can leave it.
        self.fields["newsletters"].queryset = (
            Newsletter.objects.offered() | Newsletter.objects.filter(pk__in=subscribed)
        )

    @transaction.atomic
    def save(self):
        wanted = self.cleaned_data
        subscriber, now = self.subscriber, set(wanted["newsletters"])
        given = {"method": Method.PREFERENCES, "wording": Wording.objects.current()}
        for newsletter in set(self.subscribed) - now:
            subscriber.unsubscribe(newsletter, method=Method.PREFERENCES)
        for newsletter in now - set(self.subscribed):
            subscriber.subscribe(newsletter, **given)
        if wanted["analytics"]:
            subscriber.set_analytics(wanted["analytics"] == "yes", **given)
        subscriber.prefer(wanted["topics"], wanted["language"], wanted["time_zone"])


class PauseForm(forms.Form):
    """Until a day, or for so many weeks from today."""

    until = forms.DateField(required=False, validators=[check_pause])
    weeks = forms.IntegerField(required=False, min_value=1, max_value=52)

    def clean(self):
        asked = self.cleaned_data
        if asked.get("weeks"):
            asked["until"] = timezone.localdate() + timedelta(weeks=asked["weeks"])
        elif not self.errors and not asked["until"]:
            self.add_error("until", "Choose a day.")

    def save(self, subscriber):
        subscriber.pause(self.cleaned_data["until"])


class AddressForm(forms.Form):
    new_email = AddressField(error_messages={"required": "Enter the new address."})

    def save(self, subscriber, network):
        return subscriber.ask_for_address(self.cleaned_data["new_email"], network)
