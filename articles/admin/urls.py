from django.urls import path

from articles.admin.views import (
    autosave,
    board,
    comments,
    compare,
    documents,
    doi,
    live_page,
    manuscripts,
    merge,
    move_in,
    move_in_mapping,
    move_in_positions,
    move_in_report,
    notification_preferences,
    output,
    position,
    preview,
    preview_links,
    readers,
    restore,
    working_copy,
)

# (address, view, name): the desk's pages about articles, besides those that Django and
# reversion have.
_PAGES = [
    # All articles
    ("board/", board.board, "board"),
    ("calendar/", board.calendar, "calendar"),
    ("manuscripts/", manuscripts.manuscripts, "manuscripts"),
    ("move-in/", move_in.list_imports, "move_in"),
    ("move-in/<int:pk>/", move_in.show_import, "move_in_import"),
    ("move-in/<int:pk>/map/", move_in_mapping.map_archive, "move_in_map"),
    ("move-in/<int:pk>/terms/", move_in_mapping.map_terms, "move_in_terms"),
    ("move-in/<int:pk>/people/", move_in_mapping.map_people, "move_in_people"),
    ("move-in/<int:pk>/report/", move_in_report.show_report, "move_in_report"),
    (
        "move-in/<int:pk>/report.csv",
        move_in_report.download_report,
        "move_in_report_csv",
    ),
    (
        "move-in/<int:pk>/refused.csv",
        move_in_report.download_refused,
        "move_in_refused",
    ),
    (
        "move-in/<int:pk>/positions/",
        move_in_positions.show_positions,
        "move_in_positions",
    ),
    ("move-in/<int:pk>/undo/", move_in.undo, "move_in_undo"),
    ("notices/", notification_preferences.notification_preferences, "notices"),
    ("output/", output.output, "output"),
    ("output.csv", output.output_csv, "output_csv"),
    ("output.bib", output.output_bibtex, "output_bibtex"),
    ("readers/", readers.readers, "readers"),
    ("readers.csv", readers.readers_csv, "readers_csv"),
    # The form, of a new article or of one that is there
    ("position/", position.position, "position"),
    ("autosave/", autosave.autosave, "autosave"),
    ("<int:pk>/autosave/", autosave.autosave, "autosave"),
    ("throw-away/", autosave.throw_away, "throw_away"),
    ("<int:pk>/throw-away/", autosave.throw_away, "throw_away"),
    ("<int:pk>/take-over/", autosave.take_over, "take_over"),
    ("preview/", preview.preview, "preview"),
    ("<int:pk>/preview/", preview.preview, "preview"),
    # Comments
    ("<int:pk>/comments/", comments.comments, "comments"),
    (
        "<int:pk>/comments/<int:number>/resolve/",
        comments.resolve,
        "comment_resolve",
    ),
    ("<int:pk>/comments/<int:number>/reopen/", comments.reopen, "comment_reopen"),
    # Preview links
    ("<int:pk>/preview-links/", preview_links.preview_links, "preview_links"),
    (
        "<int:pk>/preview-links/<int:link>/",
        preview_links.preview_link,
        "preview_link",
    ),
    (
        "<int:pk>/preview-links/<int:link>/revoke/",
        preview_links.revoke_preview_link,
        "revoke_preview_link",
    ),
    ("<int:pk>/check-doi/", doi.check, "check_doi"),
    # Earlier texts, the changes and the live page
    ("<int:pk>/compare/", compare.compare, "compare"),
    ("<int:pk>/manuscript/", merge.merge, "merge"),
    ("<int:pk>/history/<int:version_id>/restore/", restore.restore, "restore"),
    ("<int:pk>/discard/", working_copy.discard, "discard"),
    ("<int:pk>/withdraw/", live_page.withdraw, "withdraw"),
    ("<int:pk>/documents/", documents.make_documents, "documents"),
    ("<int:pk>/feature/", live_page.feature, "feature"),
]


def build_urls(model_admin):
    """Each view gets `model_admin`, which knows who may do what."""
    return [
        path(
            address,
            model_admin.admin_site.admin_view(view),
            {"model_admin": model_admin},
            name=f"articles_article_{name}",
        )
        for address, view, name in _PAGES
    ]
