"""Which pages each column of an article changes (docs/decisions/0023-page-cache.md)."""

from ecfr_site.caching.seen import Seen

READERS_SEE = Seen(
    tags=(
        "article-{id}",
        # Readers see changes when they replace the article.
        "article-{live_id}",
        "article-{translation_of_id}",
        "series-{series_id}",
    ),
    listed_by=("authors", "kind", "programmes", "series", "topics"),
    # Lists show the title, standfirst and image of an article, its names and dates.
    unlisted=(
        "body",
        "body_html",
        "contents",
        "disclaimer",
        "disclosure",
        "doi",
        "doi_registered",
        "image_alt",
        "image_caption",
        "image_decorative",
        "isbn",
        "key_points",
        "licence",
        "original_date",
        "original_licence",
        "original_outlet",
        "original_url",
        "page_count",
        "reading_time",
        "report_number",
        "seo_description",
        "seo_title",
        "update_note",
        "updated_on",
        "version",
        "version_at",
        "version_note",
        "withdrawal_reason",
    ),
    replaces="live",
    unseen=(
        "approved_at",
        "approved_by",
        "approved_content",
        "assigned_to",
        "body_images",
        # A save that changes nothing else is none to readers.
        "changed",
        "changed_by",
        "check_asked_at",
        "checked_at",
        "created",
        "created_by",
        "doi_answer",
        "doi_checked_at",
        "due",
        "losses",
        "problems",
        "update_kind",
    ),
    # Also working copies, which are published at their minute: until then pages are
    # kept.
    only="{row}.state IN ('published', 'withdrawn')",
)
