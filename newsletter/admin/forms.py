"""Forms to compose, test and send an edition."""

import re

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from articles.forms.shared import Rows, SharedForm
from articles.models import Article
from ecfr_site.admin_site.wall_clock import WallClockField
from ecfr_site.mail.addresses import beginning_of, normalise
from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.sanitizer import sanitise
from newsletter.models import (
    Edition,
    EditionItem,
    Newsletter,
    Suppression,
)

MOST_TESTS = 10


class NewEditionForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.all())


class EditionForm(SharedForm):
    class Meta:
        model = Edition
        fields = "__all__"
        widgets = {"introduction": RichTextWidget(height=220)}

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
                f"These are {len(addresses)} addresses. A test goes to at most "
                f"{MOST_TESTS}."
            )
        return self._colleagues(dict.fromkeys(map(self._normalised, addresses)))

    def _normalised(self, address):
        try:
            return normalise(address)
        except ValidationError as error:
            raise ValidationError(f"“{address}” is not an e-mail address.") from error

    def _colleagues(self, addresses):
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
            "required": "Enter the day and the hour at which it is to go out.",
            "invalid_date": "Enter the day at which it is to go out.",
            "invalid_time": "Enter the hour at which it is to go out.",
        },
    )
