"""The form of the institution, with the settings of the checklist as a table."""

from django import forms
from django.core.exceptions import ValidationError

from articles.checklist.rules import (
    LEVELS,
    LIMITS,
    RULES,
    STANDFIRST_LONGEST,
    STANDFIRST_SHORTEST,
)
from ecfr_site.institution.models import Institution


class InstitutionForm(forms.ModelForm):
    class Meta:
        model = Institution
        fields = ["four_eyes", "embargoed_words"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        chosen = self.instance.checklist
        for rule in RULES:
            levels = LEVELS.items()
            if rule.always:
                levels = [(rule.default, "Always blocks publication")]
            self.fields[name_of(rule)] = forms.ChoiceField(
                label=rule.label,
                choices=list(levels),
                initial=rule.level(chosen),
                disabled=rule.always,
            )
        for limit in LIMITS:
            self.fields[name_of(limit)] = forms.IntegerField(
                label=limit.label,
                min_value=1,
                max_value=9999,
                initial=limit.value(chosen),
            )

    @property
    def rules(self):
        """(what is asked, its field) of each rule, for the table."""
        return [(rule.asks, self[name_of(rule)]) for rule in RULES]

    @property
    def limits(self):
        return [self[name_of(limit)] for limit in LIMITS]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        least = data.get(name_of(STANDFIRST_SHORTEST))
        most = data.get(name_of(STANDFIRST_LONGEST))
        if least and most and least > most:
            self.add_error(
                name_of(STANDFIRST_LONGEST),
                ValidationError("The most cannot be less than the least."),
            )

    def _post_clean(self):
        super()._post_clean()
        # What an older version of the site knew is let go.
        self.instance.checklist = {
            setting.key: self.cleaned_data[name_of(setting)]
            for setting in (*RULES, *LIMITS)
            if name_of(setting) in self.cleaned_data
        }


def name_of(setting):
    """The name of its field, which must not be that of another."""
    return f"checklist_{setting.key}"
