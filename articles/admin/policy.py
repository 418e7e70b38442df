from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from articles.checklist.limits import LIMITS, STANDFIRST_LONGEST, STANDFIRST_SHORTEST
from articles.checklist.rules import LEVELS, RULES
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
            self.fields[get_field_name(rule)] = forms.ChoiceField(
                label=rule.label,
                choices=list(levels),
                initial=rule.get_level(chosen),
                disabled=rule.always,
            )
        for limit in LIMITS:
            self.fields[get_field_name(limit)] = forms.IntegerField(
                label=limit.label,
                min_value=1,
                max_value=9999,
                initial=limit.get_value(chosen),
            )

    @property
    def rules(self):
        """(what the rule asks, its field) of each rule, for the table."""
        return [(rule.asks, self[get_field_name(rule)]) for rule in RULES]

    @property
    def limits(self):
        return [self[get_field_name(limit)] for limit in LIMITS]

    def clean(self):
        super().clean()
        data = self.cleaned_data
        least = data.get(get_field_name(STANDFIRST_SHORTEST))
        most = data.get(get_field_name(STANDFIRST_LONGEST))
        if least and most and least > most:
            self.add_error(
                get_field_name(STANDFIRST_LONGEST),
                ValidationError("The maximum cannot be less than the minimum."),
            )

    def _post_clean(self):
        super()._post_clean()
        # Settings of rules that there are no more are dropped.
        self.instance.checklist = {
            setting.key: self.cleaned_data[get_field_name(setting)]
            for setting in (*RULES, *LIMITS)
            if get_field_name(setting) in self.cleaned_data
        }


def get_field_name(setting):
    """The name of its field, which must not be that of another."""
    return f"checklist_{setting.key}"


@admin.register(EditorialPolicy)
class EditorialPolicyAdmin(SingletonAdminMixin, FormRecoveryMixin, admin.ModelAdmin):
    form = EditorialPolicyForm
    # The template adds the checklist.
    fields = ["four_eyes", "embargoed_words"]
