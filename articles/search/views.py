import time

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles.search.filters import explain_ignored, read_filters
from articles.search.query import LONGEST, clean_query
from articles.search.results import RELEVANCE, Results
from articles.search.results import search as find
from articles.search.showing import show_articles
from articles.search.spelling import count_words, find_nearest, suggest_query
from articles.search.suggestions import list_suggestions
from ecfr_site.caching.store import keep_fragments
from ecfr_site.pagination import paginate
from ecfr_site.security import rate_limits

# Who types asks several times until it is a search.
SUGGESTIONS_A_SEARCH = 5


@require_safe
def search(request):
    """articles/search.html: published articles with every word of `?q=`, filtered.

    `page` of articles, `shown` with the words marked, `results` and `facets`.
    """
    began = time.time()
    text = clean_query(request.GET.get("q", ""))
    if request.GET.get("list"):
        return _suggest(request, text)
    asked = read_filters(request.GET)
    a_minute = settings.SEARCHES_AN_ADDRESS_A_MINUTE
    if (text or asked) and (
        refusal := rate_limits.refusal(request, "search", a_minute)
    ):
        return refusal
    results = find(text, asked, request.GET.get("order", RELEVANCE))
    if not text and not results.filters:
        # Everything is what the list of publications is for.
        results.matching = 0
    page = paginate(request, results)
    # Not sooner: the number of results would be kept for whatever is asked.
    keep_fragments(request, results.catalogue.version, began)
    page.object_list, shown = show_articles(results, page.object_list)
    is_asked = bool(text or results.filters)
    context = {
        "query": text,
        "longest": LONGEST,
        "is_asked": is_asked,
        "results": results,
        "notes": explain_ignored(request.GET, results),
        "page": page,
        "shown": shown,
        "facets": results.list_facets() if shown or results.filters else [],
    }
    if is_asked and not shown:
        context |= _explain(results)
    return render(request, "articles/search.html", context)


def _suggest(request, text):
    """articles/_suggestions.html: the first of what is found, for a list."""
    a_minute = SUGGESTIONS_A_SEARCH * settings.SEARCHES_AN_ADDRESS_A_MINUTE
    if refusal := rate_limits.refusal(request, "suggestions", a_minute):
        return refusal
    context = {"suggestions": list_suggestions(find(text)) if text else []}
    return render(request, "articles/_suggestions.html", context)


def _explain(results: Results) -> dict:
    """Help for a search without results: `words`, each alone, and `suggestion`."""
    words = count_words(results.catalogue, results.query.terms)
    unquoted = results.query.drop_quotation_marks()
    return {
        "unquoted": unquoted,
        "total_unquoted": find(unquoted).count() if unquoted else 0,
        "nearest": find_nearest(words),
        "words": [word for word in words if word.total] if len(words) > 1 else [],
        "suggestion": suggest_query(results.catalogue, results.query, words),
        "without_filters": results.matching.bit_count() if results.filters else 0,
    }
