"""Pages that somebody may have meant who asked for an address that leads nowhere."""

import re
from urllib.parse import unquote

from articles.search.results import Results, search
from articles.search.spelling import count_words, find_nearest, suggest_query
from articles.search.suggestions import Suggestion, list_suggestions

MOST = 4
# Robots that look for weak programs ask for files; a page's address has words.
_FILE = re.compile(r"\.(?!html?$)\w{1,5}$")
_WORD = re.compile(r"[^\W\d_]{3,}")
_LEAST_WORDS, _MOST_WORDS = 2, 8


def list_meant(path: str) -> list[Suggestion]:
    """Pages found by the words of the last part of a path; at most about ten queries.

    Words that stand nowhere are put right, or left out.
    """
    last = unquote(path).rstrip("/").rpartition("/")[2]
    words = [] if _FILE.search(last) else _WORD.findall(last.removesuffix(".html"))
    if len(words) < _LEAST_WORDS:
        return []
    results = search(" ".join(words[:_MOST_WORDS]))
    if not len(results):
        results = _find_most(results)
    return list_suggestions(results)[:MOST]


def _find_most(results: Results) -> Results:
    words = count_words(results.catalogue, results.query.terms)
    if suggestion := suggest_query(results.catalogue, results.query, words):
        results = search(suggestion)
    if not len(results) and (nearest := find_nearest(words)):
        results = search(nearest.text)
    return results
