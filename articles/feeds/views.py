"""Feeds of articles and of corrections, in each format."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Enclosure

from articles.documents.addresses import list_downloads
from articles.feeds.full_text import render_full_text
from articles.feeds.subjects import LENGTH
from articles.models import Article, Byline
from articles.models.attachment import PDF
from ecfr_site.caching.seen import CORRECTIONS, LISTS
from ecfr_site.database.days import get_midnight
from ecfr_site.institution.feeds import Category, InstitutionFeed, Person
from ecfr_site.richtext.absolute import make_absolute

# As JSON-LD has it (articles/structured_data.py); the others have contributed.
_AUTHORS = (Byline.Role.AUTHOR, Byline.Role.HOST)


class SubjectFeed(InstitutionFeed):
    """The latest published articles on a subject (articles/feeds/subjects.py)."""

    is_announced = True

    def __init__(self, find_subject, format_name="feed"):
        super().__init__(format_name)
        self.find_subject = find_subject

    def get_object(self, request, **arguments):
        return self.find_subject(**arguments)

    def get_language(self, subject):
        return subject.language or None

    def title(self, subject):
        name = self.institution.short_name
        return f"{name}: {subject.name}" if subject.name else name

    def link(self, subject):
        return make_absolute(subject.path)

    def items(self, subject):
        articles = list(subject.latest())
        # An empty feed, which tells the day, has none.
        self.tags = [*subject.tags, *articles] if articles else []
        return articles

    def item_title(self, article):
        return article.title

    def item_description(self, article):
        return article.standfirst

    def item_guid(self, article):
        return article.tag_uri

    def item_pubdate(self, article):
        return article.published_at

    def item_updateddate(self, article):
        return article.updated_at

    def item_enclosures(self, article):
        """The publication first, as PDF if there is one; then annexes, data last."""
        others = [each for each in article.page_attachments if not each.is_full_text]
        others.sort(key=lambda file: file.media_type != PDF)
        return [
            Enclosure(make_absolute(path), str(size), media_type)
            for path, size, media_type in [
                *((d.path, d.bytes, d.media_type) for d in list_downloads(article)),
                *((each.file.url, each.bytes, each.media_type) for each in others),
            ]
        ]

    def item_extra_kwargs(self, article):
        people = {True: [], False: []}
        for byline in article.credits:
            page = make_absolute(byline.author.get_absolute_url())
            people[byline.role in _AUTHORS].append(Person(byline.author.name, page))
        image = article.image
        return {
            "authors": people[True],
            "contributors": people[False],
            "subjects": build_categories(article),
            "content": (
                render_full_text(article) if self.institution.full_text_feeds else ""
            ),
            "image": make_absolute(image.share_url) if image else "",
            "language": article.language,
        }


def build_categories(article):
    """Its kind, programmes, topics and series, each with the list that it is in."""
    named = [
        (article.kind.name, "publications"),
        *((each.name, "programmes") for each in article.page_programmes),
        *((each.name, "topics") for each in article.page_topics),
        *([(article.series.title, "series_list")] if article.series else []),
    ]
    return [Category(name, make_absolute(reverse(index))) for name, index in named]


class CorrectionFeed(InstitutionFeed):
    is_announced = True

    def title(self):
        return f"{self.institution.short_name}: Corrections"

    def link(self):
        return make_absolute(reverse("corrections"))

    def items(self):
        found = list(Article.objects.published().corrections()[:LENGTH])
        self.tags = [LISTS, CORRECTIONS] if found else []
        return found

    def item_title(self, correction):
        return correction.article.title

    def item_description(self, correction):
        return correction.text

    def item_link(self, correction):
        return make_absolute(correction.article.get_absolute_url())

    def item_guid(self, correction):
        host = urlsplit(settings.SITE_URL).hostname
        return f"tag:{host},{correction.date}:correction-{correction.pk}"

    def item_pubdate(self, correction):
        return get_midnight(correction.date)

    item_updateddate = item_pubdate

    def item_extra_kwargs(self, correction):
        return {"language": correction.article.language}
