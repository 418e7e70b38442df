"""The sections of an article's form."""

from articles.admin import planning
from articles.models import Article
from articles.workflow import State

Kind = Article.Kind


def foldable(name, fields, open_for):
    """A section that starts folded, but for these kinds of articles (folding.js)."""
    kinds = [f"open-for-{kind}" for kind in open_for]
    return name, {"classes": ["collapse", *kinds], "fields": fields}


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
    ("Publish", {"fields": ["slug", "published_at", "replaces_at"]}),
    foldable(
        "Dates and disclaimer",
        ["precision", "ends_at", "disclaimer"],
        # An event is over one day, and long pieces name who paid for them.
        open_for=[Kind.EVENT_NOTE, Kind.POLICY_BRIEF, Kind.REPORT],
    ),
    foldable(
        "First published elsewhere",
        [("original_outlet", "original_url"), ("original_date", "original_licence")],
        # The recording is with whoever carries it.
        open_for=[Kind.PODCAST],
    ),
    foldable(
        "Language",
        ["language", "translation_of"],
        # They come in each language of those who sign.
        open_for=[Kind.OPEN_LETTER],
    ),
    foldable(
        "Search engines",
        ["seo_title", "seo_description"],
        # They are found by searching, long after their day.
        open_for=[Kind.EXPLAINER, Kind.POLICY_BRIEF, Kind.REPORT],
    ),
]
PLAN = foldable("Plan", [planning.PLAN], open_for=[Kind.POLICY_BRIEF, Kind.REPORT])


def fieldsets_of(article, user, may_change, kind):
    """The sections for this person; `article` is None for a new one.

    What an article of the kind has no need of starts folded.
    """
    fieldsets = FIELDSETS
    if planning.shows_plan(article, user):
        fieldsets = [*fieldsets, PLAN]
    if not may_change:
        # Who may only read the text sees it as text, to speak of its passages.
        fieldsets = with_fields(fieldsets, {"body": "read_body"})
    if not (article and article.live_id):
        fieldsets = with_fields(fieldsets, {"replaces_at": None})
    if article and article.state == State.WITHDRAWN:
        withdrawal = {"fields": ["withdrawal_reason", "replaced_by"]}
        fieldsets = [*fieldsets, ("Withdrawal", withdrawal)]
    return [unfolded_for(kind, section) for section in fieldsets]


def unfolded_for(kind, section):
    """The section as it starts in the form of an article of this kind."""
    name, options = section
    classes = options.get("classes", [])
    if f"open-for-{kind}" not in classes:
        return section
    return name, {**options, "classes": [*classes, "expanded"]}


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
