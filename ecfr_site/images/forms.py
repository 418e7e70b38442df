from copy import copy
from pathlib import PurePath

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from ecfr_site.images.intake import process_upload
from ecfr_site.images.models import Image


class ImageFileInput(forms.ClearableFileInput):
    """A file input that shows the image and lets its focal point be set on it."""

    template_name = "images/image_input.html"
    image = None

    class Media:
        js = ["ecfr_site/images/picture.js"]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "image": self.image,
            "max_bytes": settings.IMAGE_MAX_BYTES,
            "max_size": filesizeformat(settings.IMAGE_MAX_BYTES),
        }
        return context


class ImageFileField(forms.FileField):
    """An upload that becomes the image to keep, or an error in an editor's words."""

    widget = ImageFileInput(attrs={"accept": "image/*"})

    def to_python(self, data):
        file = super().to_python(data)
        return file and process_upload(file)


class ImageForm(forms.ModelForm):
    file = ImageFileField(
        label="Image",
        help_text="JPEG, PNG, WebP, AVIF or GIF. Location and camera data are removed "
        "from the file.",
    )

    class Meta:
        model = Image
        fields = ["file", "focal_x", "focal_y", "title"]
        fields += ["alt", "caption", "credit", "licence"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "title" in self.fields:
            self.fields["title"].required = False
        if not self.instance.pk or "file" not in self.fields:
            return
        field = self.fields["file"]
        # As it is stored, whatever the form makes of the instance.
        field.widget.image = copy(self.instance)
        if self.instance.showing_articles.exists():
            field.disabled = True
            field.help_text = (
                "An article shows this image in its text: to replace it, put "
                "another image in the text there."
            )

    def clean_title(self):
        """The file's name for want of a title: an error would lose the upload."""
        file = self.cleaned_data.get("file")
        stem = PurePath(file.name).stem if file else self.instance.title
        return self.cleaned_data["title"] or stem.replace("-", " ").capitalize()
