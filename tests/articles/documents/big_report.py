"""A report with all that a report may have, for whatever speaks of it or sets it."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.utils import timezone

from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    FunderFactory,
    ImageFactory,
    PositionFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
    jpeg,
)

NOTES, IMAGES, TABLES = 40, 12, 6
CHAPTERS = 8
_SENTENCE = {
    "en": "Cables under the sea carry most of what one continent says to another, and "
    "few ships can mend them. ",
    "ar": "تحمل الكابلات تحت البحر معظم ما تقوله قارة لأخرى، "
    "والسفن التي تصلحها قليلة. ",
}
_NOTE = {
    "en": "Ann Cable, <em>Ships</em>, p. {number}, https://example.org/ships/{number}.",
    "ar": "آن كيبل، <em>السفن</em>، ص {number}، https://example.org/ships/{number}.",
}
_WORDS = {
    "en": ("Chapter", "Figure", "Table", "Grain by rail", "Sea", "Ships", "Baltic"),
    "ar": ("الفصل", "الشكل", "الجدول", "الحبوب بالقطار", "البحر", "السفن", "البلطيق"),
}


def write_text(images, language="en"):
    """Chapters that share out notes, figures and tables, numbered in their captions."""
    chapter, figure, table, caption, *cells = _WORDS[language]
    sentence = _SENTENCE[language]
    html, notes, tables, images = "", 0, 0, list(images)
    shown = 0
    for number in range(1, CHAPTERS + 1):
        html += f"<h2>{chapter} {number}</h2>"
        for paragraph in range(5):
            notes += 1
            note = _NOTE[language].format(number=notes)
            html += (
                f'<p>{sentence * 3}<span class="footnote">{note}</span> '
                f'{sentence * 2}<a href="https://example.org/{notes}">{cells[1]}</a>.</p>'
            )
            if paragraph == 1:
                html += f"<h3>{chapter} {number}.1</h3>"
        while images and shown < number * IMAGES / CHAPTERS:
            shown += 1
            html += (
                f'<figure><img src="{images.pop(0).file.url}" alt="{caption} {shown}">'
                f"<figcaption>{figure} {shown}: {caption}</figcaption></figure>"
            )
        if tables < TABLES:
            tables += 1
            rows = "".join(
                f"<tr><th>{cells[2]} {row}</th><td>{row * 7}</td></tr>"
                for row in range(1, 9)
            )
            html += (
                f"<table><caption>{table} {tables}: {caption}</caption><thead><tr>"
                f"<th>{cells[0]}</th><th>{cells[1]}</th></tr></thead>"
                f"<tbody>{rows}</tbody></table>"
            )
        html += f"<ul><li>{sentence}</li><li>{sentence}</li></ul>"
    return html


def build_big_report(**fields):
    """In a series, with two funders, three authors, an editor, and data of a figure."""
    Institution.objects.update_or_create(
        pk=1,
        defaults={
            "name": "The Example Council",
            "place": "Brussels",
            "ror": "05a28rw58",
        },
    )
    language = fields.get("language", "en")
    images = [
        ImageFactory(file__data=jpeg(1200, 700), credit="Ann Eye")
        for _ in range(IMAGES)
    ]
    article = ArticleFactory(
        published=True,
        kind="report",
        **{
            "title": "Grids & gates",
            "slug": "grids",
            "standfirst": "Who mends what lies under the sea.",
            "body": write_text(images, language),
            "key_points": "<p>Cables break.</p><p>Ships are few.</p><p>Buy two.</p>",
            "published_at": timezone.make_aware(datetime(2025, 6, 18, 10)),
            **fields,
        },
        image=ImageFactory(file__data=jpeg(1600, 900), credit="Ann Eye"),
        image_alt="The open sea",
        authors=[
            AuthorFactory(name="Anna van den Berg", sort_name="Berg, Anna van den"),
            AuthorFactory(name="Ada Pole", orcid="0000-0002-1825-0097"),
            AuthorFactory(name="Energy Group", kind="group"),
        ],
        programmes=[ProgrammeFactory(name="Seas")],
        topics=[TopicFactory(name="Energy"), TopicFactory(name="Trade")],
        series=SeriesFactory(title="Power lines", slug="power-lines"),
        series_number=1,
        report_number="Report 2025/3",
        doi="10.5555/mc.2025_3",
        doi_registered=True,
        isbn="978-0-306-40615-7",
        licence="by",
        disclosure="Ada Pole owns a pylon.",
        funders=[
            FunderFactory(name="First Fund", ror="03yrm5c26"),
            FunderFactory(name="Second Fund", url="https://second.example/"),
        ],
    )
    ada = article.bylines.get(author__name="Ada Pole").author
    PositionFactory(author=ada, title="Director of Seas", started="2020-01-01")
    editor = AuthorFactory(name="Jean-Luc Fabre", sort_name="Fabre, Jean-Luc")
    BylineFactory(article=article, author=editor, role="editor", order=9)
    AttachmentFactory(
        article=article,
        title="Grain by rail, 2010 to 2025",
        data_of=f"{_WORDS[language][1]} 1",
        is_full_text=False,
        file=ContentFile(b"Year,Grain\n2010,7\n", name="grain.csv"),
    )
    return article
