"""A site with a row of everything that readers see, and the pages that show it."""

import re
from datetime import date, timedelta

from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.utils import timezone

from articles.models import (
    Article,
    Byline,
    Document,
    FormerVersion,
    Kind,
    RelatedArticle,
)
from authors.models import AuthorLink
from ecfr_site.institution.models import Institution
from newsletter.models import EditionItem, Wording
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    EditionFactory,
    FunderFactory,
    ImageFactory,
    NewsletterFactory,
    PositionFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)

# What has a step in time is another text a moment later.
_STAMP = re.compile(rb'name="stamp" value="[^"]*"')


def build_site():
    """{name: row} of what readers see, all of it of or around the article `main`."""
    image, photo = ImageFactory(credit="Ada"), ImageFactory(credit="Bo")
    programme = ProgrammeFactory(slug="asia", image=ImageFactory())
    author = AuthorFactory(name="Ada Verne", slug="ada", photo=photo)
    topic = TopicFactory(name="Trade", slug="trade")
    series = SeriesFactory(
        title="The sea",
        slug="sea",
        started="2020-01-01",
        funders=[FunderFactory()],
        image=ImageFactory(),
    )
    main = ArticleFactory(
        published=True,
        title="Cables",
        slug="cables",
        image=image,
        image_alt="A cable.",
        image_decorative=True,
        series=series,
        series_number=2,
        licence="by",
        authors=[author],
        topics=[topic],
        programmes=[programme],
        funders=[FunderFactory()],
    )
    rows = {
        "article": main,
        "byline": main.bylines.get(),
        "author": author,
        "photo": photo,
        "image": image,
        "link": AuthorLink.objects.create(
            author=author, label="Mastodon", url="https://example.org/@ada"
        ),
        "position": PositionFactory(author=author, programme=programme, title="Dean"),
        "programme": programme,
        "topic": topic,
        "child": TopicFactory(name="Tariffs", slug="tariffs", parent=topic),
        "series": series,
        "funder": main.funders.get(),
        "funder of the series": series.funders.get(),
        "kind": Kind.objects.get(slug="commentary"),
        "institution": Institution.objects.create(name="The Institute"),
        "attachment": AttachmentFactory(article=main),
        "correction": CorrectionFactory(article=main),
        "document": make_document(main, "epub"),
        "former version": FormerVersion.objects.keep(main),
        "part before": ArticleFactory(
            published=True, slug="before", series=series, series_number=1
        ),
        "part after": ArticleFactory(
            published=True, slug="after", series=series, series_number=3
        ),
        "translation": ArticleFactory(
            published=True, slug="kabel", language="de", translation_of=main
        ),
        "related": ArticleFactory(published=True, title="Pipes", slug="pipes"),
        "pinned": ArticleFactory(published=True, title="Ports", slug="ports"),
        "other": ArticleFactory(published=True, title="Alone", slug="alone"),
    }
    Article.objects.filter(pk=main.pk).update(version=2, version_at=timezone.now())
    rows["place of the related"] = RelatedArticle.objects.create(
        article=main, other=rows["related"], place=0
    )
    main.pinned.add(rows["pinned"])
    rows["newsletter"] = NewsletterFactory(slug="letters")
    rows["edition"] = EditionFactory(
        pk=77,
        newsletter=rows["newsletter"],
        state="sent",
        started_at=timezone.now(),
        articles=[main],
    )
    rows["item"] = EditionItem.objects.get()
    rows["item"].freeze()
    Wording.objects.create(promise="We store the address.", analytics="May we count?")
    rows["simple page"] = FlatPage.objects.create(
        url="/about/", title="About", content="<p>Us.</p>"
    )
    rows["simple page"].sites.add(Site.objects.get())
    rows["redirect"] = Redirect.objects.create(
        site_id=1, old_path="/old/", new_path="/people/"
    )
    rows["site"] = Site.objects.get()
    return rows


def make_document(article, format):
    return Document.objects.create(
        article=article,
        format=format,
        version=2,
        looked_at=timezone.now(),
        next_look=timezone.now(),
        file=f"documents/{format}",
        bytes=1000,
        pages=3,
    )


ADDRESSES = [
    *("/", "/publications/?topic=trade", "/corrections/"),
    *("/article/cables/", "/article/before/", "/article/after/", "/article/kabel/"),
    *("/article/pipes/", "/article/alone/"),
    *("/article/cables/cite/", "/article/cables/republish/"),
    *("/article/cables/versions/", "/embed/article/cables/"),
    *("/people/", "/people/ada/", "/programmes/", "/programmes/asia/"),
    *("/series/", "/series/sea/", "/topics/", "/topics/trade/"),
    *("/feed/", "/sitemap-articles.xml", "/newsletter/letters/", "/about/", "/old/"),
    "/newsletter/letters/77/",
    *("/people/ada/feed/", "/topics/trade/feed/json/", "/series/sea/feed/rss/"),
    "/corrections/feed/",
    *("/api/v1/articles", "/api/v1/articles/cables", "/api/v1/series/sea"),
]


def read_page(reader, address):
    """Status, where it leads and text, without what tells the minute."""
    answer = reader.get(address)
    return answer.status_code, answer.get("Location"), _STAMP.sub(b"", answer.content)


def read_pages(reader):
    return {address: read_page(reader, address) for address in ADDRESSES}


def list_changes(rows):
    """{name: what changes something that readers see}, to be done in this order."""

    def update(row_name, **values):
        row = rows[row_name]
        return lambda: type(row)._base_manager.filter(pk=row.pk).update(**values)

    main, author = rows["article"], rows["author"]
    shown = {
        "article": {"title": "Cables over the sea", "standfirst": "Other."},
        "author": {"name": "Ada Lind"},
        "byline": {"position_override": "Editor at large"},
        "photo": {"rendered": "abc", "ground": "none"},
        "image": {"credit": "Other"},
        "link": {"label": "Elsewhere"},
        "position": {"title": "Rector"},
        "programme": {"name": "Asia and the sea"},
        "topic": {"name": "Trade and aid"},
        "child": {"name": "Customs"},
        "series": {"title": "The deep sea"},
        "funder": {"name": "Other Foundation"},
        "funder of the series": {"name": "Another Foundation"},
        "kind": {"name": "View"},
        "institution": {"disclaimer": "Views are the authors' own."},
        "attachment": {"title": "The whole report"},
        "correction": {"text": "It was eight."},
        "document": {"bytes": 2_000_000},
        "former version": {"note": "Other"},
        "part before": {"title": "First"},
        "part after": {"title": "Third"},
        "translation": {"title": "Kabel im Meer"},
        "related": {"title": "Pipelines"},
        "pinned": {"title": "Harbours"},
        "newsletter": {"name": "The Week"},
        "edition": {"subject": "Other subject"},
        "simple page": {"title": "About us"},
        "redirect": {"new_path": "/topics/"},
    }
    return {
        **{name: update(name, **values) for name, values in shown.items()},
        "part withdrawn": update("part before", state="withdrawn"),
        "part back": update("part before", state="published"),
        "related withdrawn": update("related", state="withdrawn"),
        "related back": update("related", state="published"),
        "pinned ended": update("pinned", ends_at=timezone.now()),
        "pinned back": update("pinned", ends_at=None),
        "translation moved": update("translation", translation_of=rows["other"]),
        "translation draft": update("translation", state="draft"),
        "pin": lambda: main.pinned.add(rows["other"]),
        "pin gone": lambda: main.pinned.remove(rows["pinned"]),
        "found": lambda: RelatedArticle.objects.create(
            article=rows["other"], other=main, place=0
        ),
        "byline added": lambda: Byline.objects.create(
            article=rows["other"], author=author
        ),
        "byline gone": lambda: rows["byline"].delete(),
        "topic added": lambda: rows["other"].topics.add(rows["child"]),
        "topic removed": lambda: main.topics.clear(),
        "programme added": lambda: rows["other"].programmes.add(rows["programme"]),
        "programme removed": lambda: main.programmes.clear(),
        "funder added": lambda: rows["other"].funders.add(rows["funder"]),
        "attachment gone": lambda: rows["attachment"].delete(),
        "correction added": lambda: CorrectionFactory(
            article=main, date=date(2026, 1, 1)
        ),
        "document made": lambda: make_document(main, "pdf"),
        "new image": update("other", image=rows["image"], image_decorative=True),
        "new part": lambda: ArticleFactory(
            published=True, series=rows["series"], series_number=4
        ),
        "new translation": lambda: ArticleFactory(
            published=True, language="fr", translation_of=main
        ),
        "position ended": update("position", ended=date.today() - timedelta(days=1)),
        "topic moved": update("child", parent=None),
        "deletion": lambda: Article.objects.get(slug="pipes").delete(),
        "author without work": lambda: Byline.objects.filter(author=author).delete(),
        "withdrawn": update("other", state="withdrawn", withdrawal_reason="Wrong."),
        "replaced": update("other", replaced_by=rows["part after"]),
        "item": update("item", frozen={**rows["item"].frozen, "title": "As sent"}),
    }
