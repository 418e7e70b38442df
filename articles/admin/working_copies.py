"""Working copies and the form: begun by the first save, opened in place of the live."""

from django.urls import reverse

from articles.models import LONG_FIELDS, Article


def find_changes(request, object_id, model_admin):
    """The working copy that this user works in instead, if there is one.

    One query, unless the article has been opened.
    """
    article = getattr(request, "opened", None)
    if article is None:
        if not object_id.isdecimal():
            return None
        # Rights alone are asked of them, not what they say.
        articles = Article.objects.without_texts().select_related("working_copy")
        articles = articles.defer(*(f"working_copy__{name}" for name in LONG_FIELDS))
        article = articles.filter(pk=object_id).first()
    if not (article and article.is_changed_aside):
        return None
    changes = getattr(article, "working_copy", None)
    may = changes and model_admin.has_change_permission(request, changes)
    return changes if may else None


def build_form_url(article, request):
    """The address of the article's form, with what this one was asked."""
    query = request.GET.urlencode()
    address = reverse("admin:articles_article_change", args=[article.pk])
    return f"{address}?{query}" if query else address


def get_article_to_check(request, article):
    """The article to check a form against: of a live one its working copy to be."""
    if (
        request.method != "POST"
        or not article.is_changed_aside
        or not article.may_be_changed_by(request.user)
    ):
        return article
    return article.build_working_copy(request.user)


def move_posted_rows(changes, posted):
    """Data posted for the live article's rows, as data for those of its copy."""
    posted = posted.copy()
    numbers = changes.match_rows(changes.live)
    for key in posted:
        name, _, rest = key.partition("-")
        field = rest.rpartition("-")[2]
        if name not in numbers or not posted[key].isdecimal():
            continue
        number = int(posted[key])
        if field == "id" and number in numbers[name]:
            posted[key] = str(numbers[name][number])
        elif field == "article" and number == changes.live_id:
            posted[key] = str(changes.pk)
    return posted


def move_rows(formsets, article):
    """Let forms checked against the live article's rows write to the copy's."""
    numbers = article.match_rows(article.live)
    for rows in formsets:
        for form in rows.forms:
            row = form.instance
            if row.pk:
                row.pk = numbers[rows.get_default_prefix()][row.pk]
            row.article = article
