from django import forms

from articles.models import Article


class WithdrawalForm(forms.ModelForm):
    """The reason why an article is taken back, and the page that replaces it."""

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
