"""Everything the institution made, in formats that need none of this software."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import escape

from articles.exporting import wxr
from articles.models import (
    Article,
    Attachment,
    Byline,
    Correction,
    EditorialPolicy,
    Funder,
    Kind,
    Series,
    Topic,
)
from authors.models import Author, AuthorLink, Position, Programme
from ecfr_site.audit import log
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import unfinished_folder
from ecfr_site.backups.location import get_upload_folders
from ecfr_site.csv_format import pieces
from ecfr_site.images.models import Image
from ecfr_site.institution.models import Institution
from ecfr_site.redirects.slug_text import make_slug
from ecfr_site.statistics.models import PageCount, ReferrerCount
from newsletter.import_export.resources import SubscriberResource
from newsletter.models import (
    ConsentRecord,
    Edition,
    EditionItem,
    Interest,
    LeavingReason,
    Newsletter,
    Segment,
    Subscriber,
    Suppression,
    WelcomeMail,
    Wording,
)

_AT_ONCE = 100


@dataclass(frozen=True)
class Table:
    """A model as a file of JSON, one object a line.

    made: fields that the software makes from others, which are left out.
    """

    name: str
    model: type
    about: str
    made: tuple = ()

    @property
    def columns(self):
        return self._exclude_made(self.model._meta.concrete_fields)

    @property
    def lists(self):
        return self._exclude_made(self.model._meta.many_to_many)

    def _exclude_made(self, fields):
        return [field for field in fields if field.name not in self.made]


TABLES = [
    Table("institution", Institution, "The institution’s details"),
    Table(
        "articles",
        Article,
        "All articles, drafts too; one with `live` holds changes to that article",
        made=(
            "approved_content",
            "authors",
            "check_asked_at",
            "checked_at",
            "doi_answer",
            "doi_checked_at",
            "contents",
            "losses",
            "reading_time",
            "problems",
            "body_html",
        ),
    ),
    Table("bylines", Byline, "Authors of each article, in order"),
    Table("attachments", Attachment, "Files of articles: `file` is below private/"),
    Table("corrections", Correction, "Corrections by article"),
    Table("kinds", Kind, "Kinds of publications, by the slugs in `kind`"),
    Table("series", Series, "Series and projects"),
    Table("funders", Funder, "Funders of articles and projects"),
    Table("topics", Topic, "Topics and regions"),
    Table("editorial_policy", EditorialPolicy, "Rules and limits of the checklist"),
    Table("people", Author, "Authors"),
    Table("people_links", AuthorLink, "Their profiles on other sites"),
    Table("positions", Position, "Positions with their first and last days"),
    Table("programmes", Programme, "Programmes"),
    Table(
        "images",
        Image,
        "Images with their rights: `file` is below media/",
        made=("fingerprint", "ground", "render_asked_at", "render_error", "rendered"),
    ),
    Table("newsletters", Newsletter, "Newsletters"),
    Table(
        "editions",
        Edition,
        "Their editions",
        made=("approved_content", "checked_content", "findings", "worked_at"),
    ),
    Table("segments", Segment, "Segments of subscribers"),
    Table("welcome_mails", WelcomeMail, "Welcome mails"),
    Table("edition_items", EditionItem, "Pieces of each edition"),
    Table("interests", Interest, "What people follow, by number of subscriber"),
    Table(
        "leaving_reasons",
        LeavingReason,
        "Reasons for leaving, by number of subscriber",
    ),
    Table("consent", ConsentRecord, "Consent records, by number of subscriber"),
    Table("wordings", Wording, "Consent texts"),
    Table("suppressions", Suppression, "Suppressed addresses"),
    Table("pages", FlatPage, "Simple pages; `content` is HTML"),
    Table("page_counts", PageCount, "Views of each page by day"),
    Table("referrer_counts", ReferrerCount, "Views by referring site"),
    Table("redirects", Redirect, "Old addresses and where they lead"),
]


def export(folder, say=lambda text: None):
    """Write everything into `folder`, which must not exist and is its owner's alone.

    Notes it in the audit log first. Raises BackupError, OSError.
    """
    folder = Path(folder).absolute()
    part = folder.with_name(f"{folder.name}.part")
    if folder.exists() or part.exists():
        raise BackupError(f"{folder} or {part} exists already.")
    for what in (Article, Subscriber):
        log.record("export", object=what, detail="Everything, to a folder.")
    with unfinished_folder(part):
        _write_all(part, say)
        os.sync()
        part.rename(folder)


def _write_all(part, say):
    counts = {}
    for table in TABLES:
        counts[table.name] = write_table(part / f"{table.name}.jsonl", table)
        say(f"{table.name}: {counts[table.name]:,}")
    write_articles(part / "articles")
    with (part / "wordpress.xml").open("wb") as out:
        say(f"wordpress.xml: {wxr.write_export(out):,}")
    write_subscribers(part / "subscribers.csv")
    for name, place in get_upload_folders().items():
        if place.is_dir():
            say(f"Files of {name} …")
            shutil.copytree(place, part / name)
    (part / "README.txt").write_text(build_description(counts), encoding="utf-8")


def write_table(file, table):
    """One object a line; returns how many."""
    columns, lists = table.columns, table.lists
    rows = table.model._default_manager.order_by("pk").only(*(f.name for f in columns))
    rows = rows.prefetch_related(*(f.name for f in lists))
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for row in rows.iterator(chunk_size=_AT_ONCE):
            said = {f.name: f.value_from_object(row) for f in columns}
            for f in lists:
                said[f.name] = [other.pk for other in getattr(row, f.name).all()]
            out.write(json.dumps(said, cls=_Encoder, ensure_ascii=False) + "\n")
            count += 1
    return count


class _Encoder(DjangoJSONEncoder):
    """Files are their names."""

    def default(self, value):
        return value.name if hasattr(value, "storage") else super().default(value)


def write_articles(folder):
    """A page of HTML each, to read without any program but a browser."""
    folder.mkdir()
    articles = (
        Article._default_manager.select_related(None)
        .order_by("pk")
        .only("slug", "title", "standfirst", "body", "language")
    )
    for article in articles.iterator(chunk_size=_AT_ONCE):
        name = f"{article.pk}-{make_slug(article.slug or article.title)[:80]}.html"
        (folder / name).write_text(
            f'<!doctype html>\n<html lang="{escape(article.language)}">\n'
            f'<meta charset="utf-8">\n<title>{escape(article.title)}</title>\n'
            f"<h1>{escape(article.title)}</h1>\n<p>{escape(article.standfirst)}</p>\n"
            f"{article.body}\n</html>\n",
            encoding="utf-8",
        )


def write_subscribers(file):
    subscribers = Subscriber.objects.order_by("pk")
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(pieces(SubscriberResource().for_export(subscribers)))


def build_description(counts):
    """The README of an export: its files and how they refer to each other."""
    lines = [
        "Everything from this site except accounts, passwords and logs.",
        "",
        "NAME.jsonl is UTF-8 text, one object of JSON a line. A field that points at",
        "a row elsewhere holds its id; several are a list. Times are ISO 8601",
        "with their zone. Texts are plain, or HTML where named body, biography,",
        "description, introduction or content.",
        "",
        "articles/          each article as a page of HTML, by id",
        "wordpress.xml      articles, pages, images and people for WordPress (WXR 1.2)",
        "subscribers.csv    subscribers, their newsletters and the proof of consent",
        "media/             images and their smaller copies",
        "private/           attachments of articles",
        "",
    ]
    for table in TABLES:
        lines += [f"{table.name}.jsonl ({counts[table.name]:,})", f"    {table.about}."]
        for field in table.columns:
            if field.is_relation:
                target = _get_file_name(field.related_model)
                lines.append(f"    {field.name}: id in {target}")
        for field in table.lists:
            lines.append(
                f"    {field.name}: ids in {_get_file_name(field.related_model)}"
            )
    return "\n".join(lines) + "\n"


def _get_file_name(model):
    names = {table.model: f"{table.name}.jsonl" for table in TABLES}
    if model is Subscriber:
        return "the former database, the same number for the same subscriber"
    return names.get(model, f"a table that stays ({model._meta.verbose_name})")
