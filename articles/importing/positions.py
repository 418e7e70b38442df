"""Positions that people held, of which bylines print the one of their day."""

from articles.importing.ledger import Context
from articles.importing.records import PersonRecord, PositionRecord
from authors.models import Author, Position, Programme


def save_positions(
    record: PersonRecord, author: Author, context: Context
) -> tuple[int, list[str]]:
    """Add the positions that the author does not have; return how many, and what could
    not be kept.

    One of the same title that began on the same day is left as it is here.
    """
    added, losses = 0, []
    known = {(p.title, p.started) for p in author.positions.all()} if author.pk else ()
    for position in record.positions:
        if (position.title, position.started) in known:
            continue
        programme = Programme.objects.filter(name__iexact=position.programme).first()
        if position.programme and programme is None:
            losses.append(_describe(position))
        if position.directs and programme is None:
            continue
        added += 1
        if not context.is_trial:
            Position.objects.create(
                author=author,
                title=position.title,
                programme=programme,
                directs=position.directs,
                started=position.started,
                ended=position.ended,
            )
    return added, losses


def _describe(position: PositionRecord) -> str:
    lost = "the programme of" if not position.directs else "the whole position"
    return f"{lost} “{position.title}”: there is no programme “{position.programme}”"
