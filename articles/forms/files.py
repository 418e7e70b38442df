from django import forms


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """At most `most` files, each as one is cleaned; an empty list of none."""

    widget = FilesInput

    def __init__(self, *, most, **kwargs):
        self.most = most
        super().__init__(**kwargs)

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) and data else [data]
        if len(files) > self.most:
            raise forms.ValidationError(f"Choose at most {self.most} files at a time.")
        cleaned = [super(FilesField, self).clean(file, initial) for file in files]
        return [file for file in cleaned if file]
