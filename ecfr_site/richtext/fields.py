"""The one seam to the rich text editor.

Nothing else knows that the editor is CKEditor: models use `RichTextField`, forms use
`RichTextWidget`. docs/decisions/0002-ckeditor.md says what keeps it harmless.
"""

from typing import Any

from ckeditor.widgets import CKEditorWidget
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.forms import Field, Media
from django.templatetags.static import static
from django.urls import reverse

from ecfr_site.richtext.blocks import BOUNDARIES, FOOTNOTE
from ecfr_site.richtext.sanitizer import ALLOWED, sanitise

# What the editor keeps is what `sanitise` keeps: nothing vanishes on saving. The class
# on figures is how the editor knows its own; it takes it off again.
_CLASSES = {"figure": "(image)"}
_CONTENT = [
    f"{tag}[{','.join(sorted(attributes | {'lang'}))}]{_CLASSES.get(tag, '')}"
    for tag, attributes in ALLOWED.items()
    if tag != "span"
]
_CONTENT += [f"span[lang,dir](!{FOOTNOTE})", "span[!lang,dir]"]
# The places that links of a paste lead to; the server puts an anchor of its own there.
_CONTENT += [f"{tag}[id]" for tag in sorted({*BOUNDARIES, "sup"} & {*ALLOWED})]
_CONTENT += ["a[name]", "q[lang]", "pre", "strike", "del", "semantics", "mfenced[*]"]
# About 150,000 words, a long book.
MAX_LENGTH = 1_000_000
_PLUGIN = "ecfr_site/editor/{}/plugin.js"
_OUR_PLUGINS = [
    "footnote",
    "picture",
    "heads",
    "reviews",
    "notes",
    "formulas",
    "manuscript",
]
_TOOLBAR = [
    ["Format"],
    ["Bold", "Italic", "Superscript", "Subscript"],
    ["Link", "Unlink"],
    ["BulletedList", "NumberedList", "Outdent", "Indent", "Blockquote"],
    ["Footnote", "Image", "Table", "HorizontalRule", "SpecialChar"],
    ["PasteText", "RemoveFormat", "Find"],
    ["Undo", "Redo", "Maximize"],
]
# What the build brings and an essay must not have, or what calls other servers.
_REMOVED_PLUGINS = (
    "iframe,flash,forms,image,smiley,templates,div,pagebreak,sourcearea,save,newpage,"
    "preview,print,exportpdf,about,scayt,wsc,font,colorbutton,colordialog,stylescombo,"
    "bidi,justify,language,copyformatting,showblocks,liststyle,indentblock,"
    "dialogadvtab,editorplaceholder,pastefromgdocs"
)
_CONFIG = {
    "toolbar": _TOOLBAR,
    "format_tags": "p;h2;h3",
    "allowedContent": ";".join(_CONTENT),
    "removePlugins": _REMOVED_PLUGINS,
    "extraPlugins": ",".join(["image2", *_OUR_PLUGINS]),
    "removeDialogTabs": "link:advanced;link:target;link:upload",
    "linkShowAdvancedTab": False,
    "linkShowTargetTab": False,
    "linkDefaultProtocol": "https://",
    # Typographic quotes and dashes are characters, not entities.
    "entities": False,
    "basicEntities": True,
    "disableNativeSpellChecker": False,
    "clipboard_handleImages": False,
    # The list of what the editor keeps is the one filter of what is pasted.
    "pasteFilter": None,
    "image2_disableResizer": True,
    "filebrowserUploadMethod": "xhr",
    "defaultLanguage": "en-gb",
    "bodyClass": "prose",
    "width": "100%",
    "versionCheck": False,
}


# django-ckeditor has no types.
class RichTextWidget(CKEditorWidget):  # type: ignore[misc]
    """The editor as a form widget, for any form's CharField."""

    def __init__(self, attrs: dict[str, Any] | None = None, height: int = 520) -> None:
        super().__init__(attrs=attrs)
        self.config = _CONFIG | {"height": height}

    @property
    def media(self) -> Media:
        media: Media = super().media
        return media + Media(css={"all": ["ecfr_site/editor/frame.css"]})

    def get_context(
        self, name: str, value: str | None, attrs: dict[str, Any] | None
    ) -> dict[str, Any]:
        upload = reverse("image_upload")
        self.config |= {
            "contentsCss": [
                static("ecfr_site/admin/colours.css"),
                static("ecfr_site/editor/content.css"),
            ],
            "uploadUrl": upload,
            "filebrowserImageUploadUrl": upload,
        }
        # Folder and file apart, as the editor asks; the file's name may carry a hash.
        addresses = {name: static(_PLUGIN.format(name)) for name in _OUR_PLUGINS}
        self.external_plugin_resources = [
            (name, f"{folder}/", file)
            for name, address in addresses.items()
            for folder, _, file in [address.rpartition("/")]
        ]
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context


def _get_language(instance: models.Model | None) -> str:
    """The language of the object's texts, if it has one."""
    return (getattr(instance, "language", "") or "en")[:2]


# Django's fields are generic in their stubs alone.
class RichTextField(models.TextField):  # type: ignore[type-arg]
    """HTML written in the editor, sanitised on its way in whatever its source.

    From a form, by `save`, `bulk_create`, `bulk_update` and `update`. Expressions that
    the database computes pass as they are.
    """

    def clean(self, value: str | None, model_instance: models.Model | None) -> Any:
        value = sanitise(value or "", _get_language(model_instance))
        if len(value) > MAX_LENGTH:
            raise ValidationError(
                f"This text has {len(value):,} characters, formatting included. "
                f"At most {MAX_LENGTH:,} can be saved: divide it into several.",
                code="max_length",
            )
        return super().clean(value, model_instance)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = sanitise(value, _get_language(model_instance))
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if isinstance(value, str):
            value = sanitise(value)
        return super().get_db_prep_save(value, connection)

    def formfield(self, **kwargs: Any) -> Field | None:
        # The admin passes its textarea for every TextField, which this is.
        if kwargs.get("widget") in (None, AdminTextareaWidget):
            kwargs["widget"] = RichTextWidget
        return super().formfield(**kwargs)
