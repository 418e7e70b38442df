"""The sections of an article's form."""

from articles.admin import planning
from articles.models import Kind
from articles.workflow import State

Template = Kind.Template


def build_foldable(name, fields, open_for):
    """A section that starts folded, but for kinds of these templates (folding.js)."""
    templates = [f"open-for-{template}" for template in open_for]
    return name, {"classes": ["collapse", *templates], "fields": fields}


FIELDSETS = [
    (
        "Write",
        {
            "fields": [
                *("opened", "pasted", "title", "standfirst", "body", "losses_seen"),
                "kind",
            ]
        },
    ),
    (
        "Image",
        {
            "fields": [
                "image",
                "lead_thumbnail",
                "image_alt",
                "image_decorative",
                "image_caption",
            ]
        },
    ),
    ("Classify", {"fields": ["programmes", "topics"]}),
    (
        "Publish",
        {
            "fields": [
                "slug",
                "published_at",
                "replaces_at",
                "update_kind",
                "version_note",
            ]
        },
    ),
    build_foldable("Related work", ["pinned"], open_for=[]),
    build_foldable("Key points", ["key_points"], open_for=[Template.REPORT]),
    build_foldable(
        "Series and numbers",
        [
            ("series", "series_number"),
            ("report_number", "page_count"),
            ("doi", "doi_registered"),
            "isbn",
        ],
        open_for=[Template.REPORT],
    ),
    build_foldable(
        "Funding and licence",
        ["funders", "disclosure", "licence"],
        open_for=[Template.REPORT],
    ),
    build_foldable(
        "Dates and disclaimer",
        ["precision", "ends_at", "disclaimer", ("updated_on", "update_note")],
        # An event is over one day, and long pieces name who paid for them.
        open_for=[Template.EVENT, Template.REPORT],
    ),
    build_foldable(
        "First published elsewhere",
        [("original_outlet", "original_url"), ("original_date", "original_licence")],
        # The recording is with whoever carries it.
        open_for=[Template.PODCAST],
    ),
    build_foldable(
        "Language",
        ["language", "translation_of"],
        # They come in each language of those who sign.
        open_for=[Template.LETTER],
    ),
    build_foldable(
        "Search engines",
        ["seo_title", "seo_description"],
        # They are found by searching, long after their day.
        open_for=[Template.TEXT, Template.REPORT],
    ),
]
PLAN = build_foldable("Assignment", [planning.PLAN], open_for=[Template.REPORT])


def build_fieldsets(article, user, may_change, template):
    """The sections for this person; `article` is None for a new one.

    What an article of a kind with this template has no need of starts folded.
    """
    fieldsets = FIELDSETS
    if planning.shows_plan(article, user):
        fieldsets = [*fieldsets, PLAN]
    if not may_change:
        # Who may only read the text sees it as text, to speak of its passages.
        fieldsets = replace_fields(
            fieldsets, {"body": "read_body", "key_points": "read_key_points"}
        )
    if not (may_change and article and article.losses):
        fieldsets = replace_fields(fieldsets, {"losses_seen": None})
    if not (article and article.live_id):
        fieldsets = replace_fields(fieldsets, {"replaces_at": None})
    if not (article and (article.live_id or article.is_changed_aside)):
        unknown = {"update_kind": None, "version_note": None}
        fieldsets = replace_fields(fieldsets, unknown)
    if article and article.state == State.WITHDRAWN:
        withdrawal = {"fields": ["withdrawal_reason", "replaced_by"]}
        fieldsets = [*fieldsets, ("Withdrawal", withdrawal)]
    return [unfold_for(template, section) for section in fieldsets]


def unfold_for(template, section):
    """The section as it starts in the form of an article with this template."""
    name, options = section
    classes = options.get("classes", [])
    if f"open-for-{template}" not in classes:
        return section
    return name, {**options, "classes": [*classes, "expanded"]}


def replace_fields(fieldsets, others):
    """The fieldsets with other names of fields; without those whose other is None."""
    return [
        (
            title,
            {
                **options,
                "fields": [
                    name for f in options["fields"] if (name := others.get(f, f))
                ],
            },
        )
        for title, options in fieldsets
    ]
