"""The forms of an import: the file, how it is written, and what its columns are."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from ecfr_site.richtext.plain_text import clean_line
from newsletter.import_export import steps
from newsletter.import_export.columns import FIELDS, SEVERAL
from newsletter.models import Newsletter, SubscriberImport
from newsletter.time_zones import time_zone_choices

MOST_BYTES = 20 * 1024 * 1024
TOO_LONG = (
    "Files must not exceed 20 MB. Compress the file as a .zip and upload that, or ask "
    "an operator to import it with “manage.py import_subscribers”."
)
DAY_ORDERS = [
    ("", "as the file shows"),
    ("True", "day first: 31/12/2025"),
    ("False", "month first: 12/31/2025"),
]
Choice = SubscriberImport.WithoutEvidence


class FileForm(forms.Form):
    file = forms.FileField(
        label="File",
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.zip"}),
        error_messages={"required": "Choose a file."},
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(TOO_LONG)
        return file


class FormatForm(forms.ModelForm):
    class Meta:
        model = SubscriberImport
        fields = ["delimiter", "encoding", "header"]
        labels = {"delimiter": "Separator"}


class MatchForm(forms.ModelForm):
    """A menu for each column, `column_0` and so on, and what holds for all rows."""

    time_zone = forms.ChoiceField(required=False, label="Time zone")
    day_first = forms.TypedChoiceField(
        choices=DAY_ORDERS,
        required=False,
        empty_value=None,
        coerce=lambda value: value == "True",
        label="Dates with slashes",
    )

    class Meta:
        model = SubscriberImport
        fields = [
            "newsletters",
            "without_evidence",
            "statement",
            "time_zone",
            "day_first",
            "welcome",
        ]
        widgets = {
            "newsletters": forms.CheckboxSelectMultiple,
            "without_evidence": forms.RadioSelect,
            "statement": forms.TextInput({"class": "vTextField"}),
        }
        labels = {
            "newsletters": "Subscribe them to",
            "without_evidence": "Rows without evidence of consent",
            "statement": "Where and when they agreed",
            "welcome": "Send new subscribers the welcome mail",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["newsletters"].queryset = Newsletter.objects.active()
        self.fields["newsletters"].required = False
        zones = time_zone_choices(self.instance.time_zone)[1:]
        here = ("", f"this site ({timezone.get_default_timezone_name()})")
        self.fields["time_zone"].choices = [here, *zones]
        for place, name in enumerate(self.instance.column_names):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=list(FIELDS.items()),
                required=False,
                label=clean_line(name),
                initial=self.instance.mapping[place],
            )

    @property
    def column_fields(self):
        return [self[f"column_{n}"] for n in range(len(self.instance.column_names))]

    def clean(self):
        cleaned = super().clean()
        places = range(len(self.instance.column_names))
        mapping = [cleaned.get(f"column_{place}", "") for place in places]
        self._check_mapping(mapping)
        if not cleaned.get("newsletters") and "newsletters" not in mapping:
            self.add_error("newsletters", "Choose at least one newsletter.")
        attested = cleaned.get("without_evidence") == Choice.ATTEST
        if attested and not cleaned.get("statement", "").strip():
            self.add_error(
                "statement",
                "Enter where and when they agreed. It is kept as evidence.",
            )
        if not self.errors:
            self._survey(mapping)
        return cleaned

    def _check_mapping(self, mapping):
        if "email" not in mapping:
            self.add_error(
                None, "Choose the column that contains the e-mail addresses."
            )
        for name, label in FIELDS.items():
            if name not in SEVERAL and mapping.count(name) > 1:
                self.add_error(None, f"Only one column can be “{label}”.")

    def _survey(self, mapping):
        self.instance.mapping = mapping
        self.instance.rows, orders = steps.survey_rows(self.instance)
        if self.cleaned_data["day_first"] is None and orders:
            if len(orders) > 1:
                self.add_error(
                    "day_first",
                    "Dates such as 05/01/2025 can be read in two ways. Choose one.",
                )
            else:
                [self.cleaned_data["day_first"]] = orders
