"""The sections of an article's form."""

from articles.admin import planning
from articles.workflow import State

FIELDSETS = [
    (
        "Write",
        {"fields": ["opened", "title", "standfirst", "body", "kind"]},
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
                "precision",
                "replaces_at",
                "ends_at",
                "disclaimer",
            ]
        },
    ),
    (
        "First published elsewhere",
        {
            "classes": ["collapse"],
            "fields": [
                ("original_outlet", "original_url"),
                ("original_date", "original_licence"),
            ],
        },
    ),
    (
        "Language",
        {"classes": ["collapse"], "fields": ["language", "translation_of"]},
    ),
    (
        "Search engines",
        {"classes": ["collapse"], "fields": ["seo_title", "seo_description"]},
    ),
]


def fieldsets_of(article, user, may_change):
    """The sections for this person; `article` is None for a new one."""
    fieldsets = FIELDSETS
    if planning.shows_plan(article, user):
        fieldsets = [*fieldsets, ("Plan", {"fields": [planning.PLAN]})]
    if not may_change:
        # Who may only read the text sees it as text, to speak of its passages.
        fieldsets = with_fields(fieldsets, {"body": "read_body"})
    if not (article and article.live_id):
        fieldsets = with_fields(fieldsets, {"replaces_at": None})
    if article and article.state == State.WITHDRAWN:
        withdrawal = {"fields": ["withdrawal_reason", "replaced_by"]}
        return [*fieldsets, ("Withdrawal", withdrawal)]
    return fieldsets


def with_fields(fieldsets, others):
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
