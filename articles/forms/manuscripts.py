from django import forms
from django.conf import settings

from articles.forms.files import FilesField, FilesInput
from articles.importing.packages import MOST_BYTES

MOST_FILES = 20
ACCEPTED = ".docx,.odt,.md,.markdown,.zip"


def _refuse_too_large(files):
    if too_large := [file.name for file in files if file.size > MOST_BYTES]:
        raise forms.ValidationError(
            f"A manuscript must not exceed 50 MB. Too large: {', '.join(too_large)}."
        )


class _ChangesField(forms.ChoiceField):
    """The fate of tracked changes."""

    def __init__(self):
        super().__init__(
            label="Tracked changes",
            choices=[("accept", "Accept them"), ("reject", "Reject them")],
            initial="accept",
            widget=forms.RadioSelect,
            help_text="Comments are never imported.",
        )


class ManuscriptsForm(forms.Form):
    manuscripts = FilesField(
        most=MOST_FILES,
        label="Manuscripts",
        help_text="One or more files from Word (.docx), LibreOffice (.odt) or Markdown "
        "(.md). Download Google Docs as one of these or as a web page (.zip). Each "
        "file becomes a draft.",
        widget=FilesInput(attrs={"accept": ACCEPTED}),
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    changes = _ChangesField()

    def clean_manuscripts(self):
        files = self.cleaned_data["manuscripts"]
        _refuse_too_large(files)
        return files


class ManuscriptForm(forms.Form):
    manuscript = forms.FileField(
        label="Manuscript",
        help_text="A file from Word (.docx), LibreOffice (.odt) or Markdown (.md), or "
        "a web page from Google Docs (.zip). You can review its changes before "
        "anything is saved.",
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    changes = _ChangesField()

    def clean_manuscript(self):
        file = self.cleaned_data["manuscript"]
        _refuse_too_large([file])
        return file


class MergeForm(forms.Form):
    """The parts of a manuscript that replace those of the draft."""

    parts = forms.MultipleChoiceField(
        label="Parts to replace",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one part, or keep the draft as it is."
        },
    )
    upload = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, differing, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parts"].choices = [(part.name, part.label) for part in differing]
        # Headline and standfirst are often the desk's own.
        self.fields["parts"].initial = ["body"]
