from datetime import date

from django import forms

from authors.models import Position


class ProposedPositionForm(forms.ModelForm):
    """A position as an archive's texts have it, to be corrected and taken.

    `programmes` are choices, which many forms of a page share.
    """

    programme = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    class Meta:
        model = Position
        fields = ["title", "directs", "started", "ended"]
        labels = {"started": "From", "ended": "To"}
        help_texts = dict.fromkeys(["title", "directs", "started", "ended"], "")
        widgets = {
            "started": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            "ended": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, proposal, author, programmes, data=None):
        super().__init__(
            data,
            instance=Position(author_id=author),
            initial={
                "title": proposal["title"],
                "programme": proposal["programme"],
                "directs": proposal["directs"],
                "started": _guess_start(proposal),
                # What a description says is so still, as far as is known.
                "ended": None if proposal["described"] else proposal["last"] or None,
            },
            auto_id=f"id_{author}_{proposal['id']}_%s",
        )
        self.proposal = proposal
        self.fields["programme"].choices = [("", "None"), *programmes]

    def clean(self):
        cleaned = super().clean()
        self.instance.programme_id = cleaned.get("programme")
        if cleaned.get("directs") and not self.instance.programme_id:
            self.add_error("directs", "A directorship needs its programme.")
        return cleaned


def _guess_start(proposal):
    if proposal["since"]:
        return date(proposal["since"], 1, 1)
    return proposal["first"] or None
