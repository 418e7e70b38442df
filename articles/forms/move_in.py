"""The forms of moving in: the archive, and what becomes of what is in it."""

import zoneinfo
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from articles.forms.files import FilesField, FilesInput
from articles.importing.detection import detect_kind, detect_parts
from articles.importing.mapping import LEFT_OUT, PROGRAMME, REGION, TOPIC, Mapping
from articles.importing.media import NoFile, open_files
from articles.importing.parts import Part, list_folder
from articles.importing.records import NotAnExport
from articles.models import ArchiveImport, Kind

Source = ArchiveImport.Source
BECOMES = [
    (LEFT_OUT, "Left out"),
    (TOPIC, "Topics"),
    (REGION, "Regions"),
    (PROGRAMME, "Programmes"),
]
# Of all that is uploaded, as deploy/nginx/ecfr_site.conf takes it.
MOST_BYTES = 1024**3
MOST_FILES = 100
TOO_LARGE = (
    "Uploads must not exceed 1 GB. Ask the operator to copy the file into the import "
    "folder on the server, then enter its name."
)
NOT_THERE = "The import folder has no file of this name. Check the name."


class ArchiveForm(forms.Form):
    """An upload, or the name of a file below the folder that the operator chose."""

    source = forms.ChoiceField(label="Source", choices=Source.choices)
    file = FilesField(
        most=MOST_FILES,
        label="File",
        required=False,
        widget=FilesInput({"accept": ".xml,.zip,.json,.rss,.atom,.csv,.txt,.tsv"}),
        help_text="If WordPress split the export, choose all its parts, or a ZIP "
        "archive of them, so that links and images between them work.",
    )
    path = forms.CharField(
        label="Or a file on the server",
        required=False,
        max_length=400,
        help_text="Its name in the import folder, such as “old-site.xml”, or the name "
        "of a folder with the parts of one export.",
    )
    images = forms.FileField(
        label="Images",
        required=False,
        widget=forms.FileInput({"accept": ".zip"}),
        help_text="A ZIP archive of the old site’s media folder, such as "
        "“wp-content/uploads”.",
    )
    images_path = forms.CharField(
        label="Or images on the server",
        required=False,
        max_length=400,
        help_text="The name of a folder or a ZIP archive in the import folder.",
    )
    fetches = forms.BooleanField(
        label="Fetch missing images from the old site",
        required=False,
        help_text="The old site must still be online.",
    )
    address = forms.URLField(
        label="Address of the old site",
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="Needed for Ghost and CSV files, which do not name their site. "
        "Only addresses of this site are redirected.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not settings.IMPORT_DIR:
            del self.fields["path"], self.fields["images_path"]

    def clean_file(self):
        files = self.cleaned_data["file"]
        _check_size(files)
        if len(files) == 1:
            self._check_kind(lambda: detect_kind(files[0]))
        elif files:
            # An upload that is closed is gone.
            parts = [Part(file.name, partial(nullcontext, file)) for file in files]
            self._check_kind(lambda: detect_parts(parts))
        return files

    def clean_path(self):
        path = resolve_path(self.cleaned_data["path"])
        if path is None:
            return ""
        if path.is_dir():
            self._check_kind(lambda: detect_parts(list_folder(path)))
        else:
            with path.open("rb") as file:
                self._check_kind(lambda: detect_kind(file))
        return str(path)

    def clean_images(self):
        if images := self.cleaned_data["images"]:
            _check_size([images])
            _check_images("", images)
            images.seek(0)
        return images

    def clean_images_path(self):
        path = resolve_path(self.cleaned_data["images_path"])
        if path:
            _check_images(str(path), None)
        return str(path or "")

    def clean(self):
        cleaned = super().clean()
        if not self.errors and bool(cleaned["file"]) == bool(cleaned.get("path")):
            self.add_error(
                "file", "Choose a file, or enter the name of one on the server."
            )
        if cleaned.get("images") and cleaned.get("images_path"):
            self.add_error(
                "images", "Choose images to upload or on the server, not both."
            )
        return cleaned

    def _check_kind(self, detect):
        """Refuse files that are not of the chosen source."""
        try:
            kind = detect()
        except NotAnExport as error:
            raise ValidationError(str(error)) from error
        chosen = self.cleaned_data.get("source")
        if chosen and kind != chosen:
            raise ValidationError(
                f"This file is {kind.label}, not {Source(chosen).label}. Change the "
                "source or choose another file."
            )


def resolve_path(name: str) -> Path | None:
    """The path of a name below IMPORT_DIR, which the folder may not be left by.

    None for no name. Raises ValidationError.
    """
    if not name:
        return None
    root = Path(settings.IMPORT_DIR).resolve()
    try:
        path = (root / name).resolve()
        is_there = path.is_relative_to(root) and path != root and path.exists()
    except (ValueError, OSError, RuntimeError):
        is_there = False
    if not is_there:
        raise ValidationError(NOT_THERE)
    return path


def _check_size(uploads):
    if sum(upload.size for upload in uploads) > MOST_BYTES:
        raise ValidationError(TOO_LARGE)


def _check_images(path, upload):
    try:
        open_files(path, upload, False)
    except NoFile as error:
        raise ValidationError(str(error)) from error


class MappingForm(forms.Form):
    """A menu for each type, `type_0` and so on, and for each taxonomy."""

    language = forms.ChoiceField(
        label="Default language",
        choices=settings.LANGUAGES,
        help_text="For pieces that do not name their language.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone of the old site",
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        help_text="For times that do not name their zone.",
    )

    def __init__(self, received, data=None):
        self.mapping = Mapping(**received.mapping)
        # By name, as PostgreSQL keeps no order of its own.
        self.types = sorted(received.found.get("types", {}).items())
        self.taxonomies = sorted(received.found.get("taxonomies", {}).items())
        initial = {
            "language": self.mapping.language,
            "time_zone": self.mapping.time_zone,
        }
        super().__init__(data, initial=initial)
        kinds = [(LEFT_OUT, "Left out")]
        kinds += [(kind.slug, kind.name) for kind in Kind.objects.all()]
        self._add_menus("type", self.types, kinds, self.mapping.types)
        self._add_menus("taxonomy", self.taxonomies, BECOMES, self.mapping.taxonomies)

    def _add_menus(self, prefix, found, choices, mapped):
        for place, (name, _) in enumerate(found):
            self.fields[f"{prefix}_{place}"] = forms.ChoiceField(
                label=name,
                choices=choices,
                required=False,
                initial=mapped.get(name, LEFT_OUT),
            )

    @property
    def type_rows(self):
        """(field, {state: number}, number) of each type."""
        return [
            (self[f"type_{place}"], states, sum(states.values()))
            for place, (_, states) in enumerate(self.types)
        ]

    @property
    def taxonomy_rows(self):
        """(field, name, number of terms) of each taxonomy."""
        return [
            (self[f"taxonomy_{place}"], name, len(terms))
            for place, (name, terms) in enumerate(self.taxonomies)
        ]

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        for place, (name, _) in enumerate(self.types):
            self.mapping.types[name] = cleaned[f"type_{place}"]
        for place, (name, _) in enumerate(self.taxonomies):
            self.mapping.taxonomies[name] = cleaned[f"taxonomy_{place}"]
        self.mapping.language = cleaned["language"]
        self.mapping.time_zone = cleaned["time_zone"]
        try:
            self.mapping.check()
        except ValidationError as error:
            self.add_error(None, error.messages)
        return cleaned
