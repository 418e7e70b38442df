"""Rows of the index, made of articles; written in the transaction that saves them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import connections, router

from articles.models.attachment_text import AttachmentText
from articles.search.analysis import GAP, VERSION, Analysed, analyse
from articles.search.texts import extract_texts

if TYPE_CHECKING:
    from articles.models.article import Article
    from articles.models.search_text import SearchText

# PostgreSQL takes a vector of a megabyte, in which a token costs up to twice its bytes.
MOST_BYTES = 400_000
# How PostgreSQL counts places in a text (its documentation, 12.1.1 and 12.11).
_LAST_PLACE, _MOST_PLACES = 16_383, 256
# A word of none, in a vector that lacks later places of some word.
CUT = GAP


def build_rows(
    model: "type[SearchText]", articles: "Iterable[Article]"
) -> "list[SearchText]":
    """The index's rows of articles, unsaved; a query for the text of their files."""
    articles = list(articles)
    files = AttachmentText.objects.texts_of(articles)
    is_postgresql = connections[router.db_for_write(model)].vendor == "postgresql"
    return [
        _build_row(article, files.get(article.pk, ""), model, is_postgresql)
        for article in articles
    ]


def _build_row(
    article: "Article", files: str, model: "type[SearchText]", is_postgresql: bool
) -> "SearchText":
    texts = extract_texts(article)
    language = article.language
    title, standfirst = (
        analyse(text, language) for text in (texts.title, texts.standfirst)
    )
    parts = [analyse(text, language) for text in (texts.body, texts.notes, files)]
    room = MOST_BYTES
    bounded = []
    for part in parts:
        bounded.append(_fill(part.tokens, room))
        room -= sum(len(token.encode()) + 1 for token in bounded[-1])
    body, notes, file_tokens = bounded
    forms = list(dict.fromkeys(form for part in parts for form in part.forms))
    forms = _fill(forms, max(room, MOST_BYTES // 4))
    row = model(
        article_id=article.pk,
        head=f"{_join_head(title)}\n{_join_head(standfirst)}",
        plain=f"{texts.body}\n{texts.notes}".strip(),
        analyser=VERSION,
    )
    head_forms = [*title.forms, *standfirst.forms]
    if is_postgresql:
        head = [(title.tokens, "A"), (standfirst.tokens, "A")]
        row.head_vector = build_vector(head, head_forms)
        rest = [(body, "B"), (notes, "C"), (file_tokens, "D")]
        row.vector = build_vector([*head, *rest], [*head_forms, *forms])
    else:
        row.body, row.notes = " ".join(body), " ".join(notes)
        row.files, row.forms = " ".join(file_tokens), " ".join(forms)
    return row


def build_vector(
    fields: Sequence[tuple[Iterable[str], str]], forms: Iterable[str]
) -> str:
    """PostgreSQL's text of a tsvector: tokens with places and weights, then forms."""
    places: dict[str, list[str]] = defaultdict(list)
    place = 0
    for tokens, weight in fields:
        for token in tokens:
            place += 1
            places[token].append(f"{min(place, _LAST_PLACE)}{weight}")
        # No phrase goes from one field to the next.
        place += 2
    placed = (
        f"{quote(token)}:{','.join(found[:_MOST_PLACES])}"
        for token, found in places.items()
    )
    unplaced = [form for form in forms if form not in places]
    if any(len(found) > _MOST_PLACES for found in places.values()):
        unplaced.append(CUT)
    return " ".join([*placed, *map(quote, unplaced)])


def quote(token: str) -> str:
    escaped = token.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _join_head(part: Analysed) -> str:
    return " ".join([*part.tokens, GAP, *part.forms, GAP])


def _fill(tokens: Iterable[str], room: int) -> list[str]:
    """As many of the tokens as have room, in bytes."""
    kept = []
    for token in tokens:
        room -= len(token.encode()) + 1
        if room < 0:
            break
        kept.append(token)
    return kept
