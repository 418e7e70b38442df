"""Forms to compose, test and send an edition, and to hold a domain."""

import re
from datetime import timedelta

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles.forms.shared import Rows, SharedForm
from articles.models import Article
from ecfr_site.admin_site.wall_clock import WallClockField, check_year
from ecfr_site.mail.addresses import beginning_of, normalise
from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.sanitizer import sanitise
from newsletter.bounces.handler import remove_addresses
from newsletter.models import (
    DomainHold,
    Edition,
    EditionItem,
    Newsletter,
    Segment,
    Suppression,
)

MOST_TESTS = 10
HOLD_HOURS = [(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (48, "2 days")]


class NewEditionForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all())
    # Beside a draft that is there.
    another = forms.BooleanField(required=False)


class EditionForm(SharedForm):
    class Meta:
        model = Edition
        fields = "__all__"
        widgets = {"introduction": RichTextWidget(height=220)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            field = self.fields["segment"]
            field.queryset = Segment.objects.filter(newsletter=self.instance.newsletter)
            field.empty_label = "Everybody subscribed"
            # Without the pencil and the plus: segments have a page of their own.
            field.widget = forms.Select(choices=field.choices)

    @property
    def changed_data(self):
        """Without what only looks changed: the editor breaks lines in its own way."""
        names = [name for name in super().changed_data if name != "opened"]
        if "introduction" in names:
            posted = sanitise(self["introduction"].data or "")
            if posted == sanitise(self["introduction"].initial or ""):
                names.remove("introduction")
        return names


class PieceForm(forms.ModelForm):
    class Meta:
        model = EditionItem
        fields = ["order", "article", "section", "title", "teaser"]
        labels = {"article": "piece"}
        widgets = {"teaser": forms.Textarea({"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Once chosen, a piece is removed rather than exchanged.
        if self.instance.pk and "article" in self.fields:
            article = self.instance.article
            self.fields["article"] = forms.Field(disabled=True, label="piece")
            self.initial["article"] = article
            self.fields["title"].widget.attrs["placeholder"] = article.title
            self.fields["teaser"].widget.attrs["placeholder"] = article.standfirst
        elif "article" in self.fields:
            # A form that comes back names what was chosen: never a draft.
            self.fields["article"].queryset = Article.objects.published()
            self.fields["article"].error_messages["invalid_choice"] = (
                "This piece is not published. Only published pieces can be sent."
            )


class PieceRows(Rows):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        self.names = ["article", "section", "title", "teaser"]


class ColleaguesField(forms.CharField):
    """Accounts of the desk by up to ten of their addresses, on lines or between commas.

    None that is suppressed. Three queries at most.
    """

    def to_python(self, value):
        found = re.split(r"[\s,;]+", super().to_python(value))
        addresses = list(dict.fromkeys(filter(None, found)))
        if len(addresses) > MOST_TESTS:
            raise ValidationError(
                f"You entered {len(addresses)} addresses. A test goes to at most "
                f"{MOST_TESTS}."
            )
        return self._find_colleagues(dict.fromkeys(map(self._normalise, addresses)))

    def _normalise(self, address):
        try:
            return normalise(address)
        except ValidationError as error:
            raise ValidationError(f"“{address}” is not an e-mail address.") from error

    def _find_colleagues(self, addresses):
        accounts = get_user_model().objects.filter(is_active=True, is_staff=True)
        known = {beginning_of(user.email): user for user in accounts}
        for address in addresses:
            if address not in known:
                raise ValidationError(
                    f"“{address}” is not the address of a colleague’s account. Tests "
                    "go to accounts of the desk only."
                )
        for address in Suppression.objects.suppressed(addresses):
            raise ValidationError(f"“{address}” is suppressed: no mail is sent there.")
        return [known[address] for address in addresses]


class TestForm(forms.Form):
    addresses = ColleaguesField(
        error_messages={"required": "Enter an address to send the test to."}
    )


class ScheduleForm(forms.Form):
    """A moment in the institution's time zone."""

    at = WallClockField(
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": "Day"},
            time_attrs={"type": "time", "aria-label": "Hour"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
        error_messages={
            "required": "Enter the date and time to send it.",
            "invalid_date": "Enter the date to send it.",
            "invalid_time": "Enter the time to send it.",
        },
        validators=[check_year],
    )


class DomainHoldForm(forms.Form):
    domain = forms.CharField(
        max_length=255, help_text="The part of addresses after the @, as in orange.fr."
    )
    hours = forms.TypedChoiceField(
        label="For how long", coerce=int, choices=HOLD_HOURS, initial=4
    )
    because = forms.CharField(
        label="Why",
        max_length=200,
        widget=forms.Textarea({"rows": 2, "cols": 60}),
        help_text="Colleagues see it here, on the edition’s page and in the audit log.",
    )

    def clean_domain(self):
        """As deliveries have it."""
        domain = self.cleaned_data["domain"].rpartition("@")[2]
        try:
            return normalise(f"anybody@{domain}").rpartition("@")[2]
        except ValidationError as error:
            raise ValidationError(
                f"“{domain}” is not a domain. Enter one like orange.fr."
            ) from error

    def clean_because(self):
        """Without addresses, which the log could not forget."""
        return remove_addresses(self.cleaned_data["because"])

    def save(self, by):
        """Raises NotAllowed."""
        until = timezone.now() + timedelta(hours=self.cleaned_data["hours"])
        domain, because = self.cleaned_data["domain"], self.cleaned_data["because"]
        DomainHold.objects.hold_by_hand(domain, until, because, by)
