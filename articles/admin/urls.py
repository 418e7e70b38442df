from django.urls import path

from articles.admin.views import (
    autosave,
    board,
    comments,
    compare,
    live_page,
    notices,
    position,
    preview,
    preview_links,
    restore,
    working_copy,
)


def article_urls(model_admin):
    """The desk's pages about articles, besides those that Django and reversion have.

    Each view gets `model_admin`, which knows who may do what.
    """

    def page(address, view, name):
        return path(
            address,
            model_admin.admin_site.admin_view(view),
            {"model_admin": model_admin},
            name=f"articles_article_{name}",
        )

    return [
        # All articles
        page("board/", board.board, "board"),
        page("calendar/", board.calendar, "calendar"),
        page("notices/", notices.notices, "notices"),
        # The form, of a new article or of one that is there
        page("position/", position.position, "position"),
        page("autosave/", autosave.autosave, "autosave"),
        page("<int:pk>/autosave/", autosave.autosave, "autosave"),
        page("throw-away/", autosave.throw_away, "throw_away"),
        page("<int:pk>/throw-away/", autosave.throw_away, "throw_away"),
        page("<int:pk>/take-over/", autosave.take_over, "take_over"),
        page("preview/", preview.preview, "preview"),
        page("<int:pk>/preview/", preview.preview, "preview"),
        # Comments
        page("<int:pk>/comments/", comments.comments, "comments"),
        page(
            "<int:pk>/comments/<int:number>/resolve/",
            comments.resolve,
            "comment_resolve",
        ),
        page(
            "<int:pk>/comments/<int:number>/reopen/", comments.reopen, "comment_reopen"
        ),
        # Preview links
        page("<int:pk>/preview-links/", preview_links.preview_links, "preview_links"),
        page(
            "<int:pk>/preview-links/<int:link>/",
            preview_links.preview_link,
            "preview_link",
        ),
        page(
            "<int:pk>/preview-links/<int:link>/revoke/",
            preview_links.revoke_preview_link,
            "revoke_preview_link",
        ),
        # Earlier texts, the changes and the live page
        page("<int:pk>/compare/", compare.compare, "compare"),
        page("<int:pk>/history/<int:version_id>/restore/", restore.restore, "restore"),
        page("<int:pk>/discard/", working_copy.discard, "discard"),
        page("<int:pk>/withdraw/", live_page.withdraw, "withdraw"),
        page("<int:pk>/feature/", live_page.feature, "feature"),
    ]
