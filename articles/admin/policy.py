from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from articles.checklist.rules import (
    LEVELS,
    LIMITS,
    RULES,
    STANDFIRST_LONGEST,
    STANDFIRST_SHORTEST,
)
from articles.models import EditorialPolicy
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.singleton import SingletonAdminMixin


class EditorialPolicyForm(forms.ModelForm):
    """With a field for each setting of the checklist."""

    class Meta:
        model = EditorialPolicy
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
        """(what the rule asks, its field) of each rule, for the table."""
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
        # Settings of rules that there are no more are dropped.
        self.instance.checklist = {
            setting.key: self.cleaned_data[name_of(setting)]
            for setting in (*RULES, *LIMITS)
            if name_of(setting) in self.cleaned_data
        }


def name_of(setting):
    """The name of its field, which must not be that of another."""
    return f"checklist_{setting.key}"


@admin.register(EditorialPolicy)
class EditorialPolicyAdmin(SingletonAdminMixin, FormRecoveryMixin, admin.ModelAdmin):
    form = EditorialPolicyForm
    # The template adds the checklist.
    fields = ["four_eyes", "embargoed_words"]
