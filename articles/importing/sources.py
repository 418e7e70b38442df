"""The readers of archives, by the sources that they are of.

A reader takes a binary file and a Site to fill in, and yields records. It raises
NotAnExport for a file of another kind.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from articles.importing import article_rows, feeds, ghost, person_rows, wxr
from articles.importing.records import Record, Site
from articles.models import ArchiveImport

Source = ArchiveImport.Source

Reader = Callable[[BinaryIO, Site], Iterator[Record]]

READERS: dict[str, Reader] = {
    Source.WORDPRESS: wxr.read_export,
    Source.GHOST: ghost.read_export,
    Source.FEED: feeds.read_feed,
    Source.CSV: article_rows.read_articles,
    Source.PEOPLE: person_rows.read_people,
}
