"""The demonstration site: people, programmes, publications, pages, newsletters."""

import tomllib
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.flatpages.models import FlatPage
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image as Picture

from articles.models import (
    Article,
    Attachment,
    Byline,
    Correction,
    Funder,
    Series,
    Topic,
)
from articles.related.upkeep import compute_all
from authors.models import Author, AuthorLink, Position, Programme
from ecfr_site.database.planner import collect_statistics
from ecfr_site.demo import archive, desk, newsletter, readers
from ecfr_site.images.models import Image
from ecfr_site.institution.models import Institution

DEMO = Path(settings.BASE_DIR) / "ecfr_site" / "demo"


def read_file(path):
    """The TOML head and the HTML body of a demo file."""
    text = path.read_text()
    if not text.startswith("+++"):
        return {}, text
    _, head, body = text.split("+++", 2)
    return tomllib.loads(head), body.strip()


def refuse_site_of_its_own(authors):
    """Raise CommandError where invented articles would stand among real ones."""
    slugs = [entry["slug"] for entry in authors]
    begun = Author.objects.filter(slug__in=slugs).exists()
    if Article.objects.exists() and not begun:
        raise CommandError(
            "This site has articles of its own. The demonstration is for an empty one: "
            "give it a database and a VAR_DIR of its own."
        )


# What a text's head may say of its record, by the names of the article's fields.
RECORD = (
    *("series_number", "report_number", "doi", "page_count", "licence", "disclosure"),
    *("updated_on", "update_note"),
)


class Command(BaseCommand):
    help = "Load the demonstration content. What is there already stays as it is."

    def add_arguments(self, parser):
        parser.add_argument(
            "--articles",
            type=int,
            default=0,
            metavar="N",
            help="Fill up with copies of the articles until N are published.",
        )

    def handle(self, articles, **options):
        cast = tomllib.loads((DEMO / "people.toml").read_text())
        refuse_site_of_its_own(cast["authors"])
        self.load_institution()
        self.load_programmes(cast["programmes"])
        self.load_people(cast["authors"])
        self.load_topics(cast["topics"], Topic.Kind.TOPIC)
        self.load_topics(cast["regions"], Topic.Kind.REGION)
        self.load_pages()
        self.load_series(cast["funders"], cast["series"])
        self.load_articles()
        desk.load()
        newsletter.load(get_demo_account())
        readers.load()
        compute_all(partial(self.progress, "Related work"), again=False)
        archive.load(articles, partial(self.progress, "Archive"))
        collect_statistics()
        self.stdout.write(self.style.SUCCESS("The demonstration content is loaded."))

    def progress(self, what, number, total):
        self.stdout.write(f"  {what} {number}/{total}", ending="\r")
        if number == total:
            self.stdout.write("")

    def load_institution(self):
        if Institution.objects.exists():
            return
        Institution.objects.create(
            strapline="Research and argument on Europe’s place in the world",
            disclaimer="The Meridian Council takes no collective positions. What it "
            "publishes represents the views of the individual authors only.",
            email="office@meridian.example",
            postal_address="Rue des Cartographes 14\n1000 Brussels",
            place="Brussels",
        )

    def load_programmes(self, programmes):
        for order, entry in enumerate(programmes, start=1):
            head, description = read_file(DEMO / "programmes" / f"{entry['slug']}.html")
            Programme.objects.get_or_create(
                slug=entry["slug"],
                defaults={
                    "name": entry["name"],
                    "summary": head["summary"],
                    "description": description,
                    "order": order,
                },
            )

    def load_people(self, authors):
        for number, entry in enumerate(authors, start=1):
            self.progress("People", number, len(authors))
            if Author.objects.filter(slug=entry["slug"]).exists():
                continue
            self.load_author(**entry)

    @transaction.atomic
    def load_author(self, slug, positions=(), **fields):
        _, biography = read_file(DEMO / "people" / f"{slug}.html")
        author = Author.objects.create(
            slug=slug,
            biography=biography,
            photo=save_image(f"people/{slug}", f"{fields['name']}, portrait", slug),
            **fields,
        )
        AuthorLink.objects.create(
            author=author, label="Personal site", url=f"https://{slug}.example/"
        )
        for position in positions:
            programme = position.pop("programme", None)
            Position.objects.create(
                author=author,
                programme=programme and Programme.objects.get(slug=programme),
                **position,
            )

    def load_topics(self, topics, kind):
        for entry in topics:
            parent = entry.get("parent")
            Topic.objects.get_or_create(
                slug=entry["slug"],
                defaults={
                    "kind": kind,
                    "name": entry["name"],
                    "parent": parent and Topic.objects.get(slug=parent),
                },
            )

    def load_pages(self):
        for path in sorted((DEMO / "pages").glob("*.html")):
            head, content = read_file(path)
            page, created = FlatPage.objects.get_or_create(
                url=head["url"], defaults={"title": head["title"], "content": content}
            )
            if created:
                page.sites.add(settings.SITE_ID)

    def load_series(self, funders, series):
        for entry in funders:
            Funder.objects.get_or_create(name=entry["name"], defaults=entry)
        for order, entry in enumerate(series, start=1):
            names = entry.pop("funders", [])
            found, created = Series.objects.get_or_create(
                slug=entry["slug"], defaults={**entry, "order": order}
            )
            if created:
                found.funders.set(Funder.objects.filter(name__in=names))

    def load_articles(self):
        publisher = get_demo_account()
        entries = [(path.stem, *read_file(path)) for path in list_articles()]
        # Translations come after what they translate.
        entries.sort(key=lambda entry: "translation_of" in entry[1])
        for number, (slug, head, body) in enumerate(entries, start=1):
            self.progress("Publications", number, len(entries))
            if not Article.objects.originals().filter(slug=slug).exists():
                self.load_article(slug, head, body, publisher)

    @transaction.atomic
    def load_article(self, slug, head, body, publisher):
        original = head.get("first_published", {})
        record = head.get("record", {})
        points = "".join(f"<li>{point}</li>" for point in head.get("key_points", []))
        article = Article.objects.create(
            slug=slug,
            title=head["title"],
            standfirst=head["standfirst"],
            body=body,
            kind_id=head["kind"].replace("_", "-"),
            language=head.get("language", settings.LANGUAGES[0][0]),
            translation_of=Article.objects.originals()
            .filter(slug=head.get("translation_of"))
            .first(),
            image=save_image(slug, head["title"], slug, head["picture_alt"]),
            image_alt=head["picture_alt"],
            image_decorative=not head["picture_alt"],
            image_caption=head.get("picture_caption", ""),
            precision=head.get("precision", Article.Precision.DAY),
            published_at=get_publication_time(head),
            original_outlet=original.get("outlet", ""),
            original_url=original.get("url", ""),
            original_date=original.get("date"),
            original_licence=original.get("licence", ""),
            disclaimer=head.get("disclaimer", ""),
            key_points=f"<ul>{points}</ul>" if points else "",
            series=Series.objects.filter(slug=record.get("series")).first(),
            **{name: record[name] for name in RECORD if name in record},
            created_by=publisher,
            changed_by=publisher,
        )
        for order, entry in enumerate(head.get("authors", [])):
            named = entry if isinstance(entry, dict) else {"author": entry}
            Byline.objects.create(
                article=article,
                author=Author.objects.get(slug=named["author"]),
                role=named.get("role", Byline.Role.AUTHOR),
                order=order,
            )
        labels = head.get("topics", []) + head.get("regions", [])
        article.topics.set(Topic.objects.filter(slug__in=labels))
        article.programmes.set(
            Programme.objects.filter(slug__in=head.get("programmes", []))
        )
        article.funders.set(Funder.objects.filter(name__in=record.get("funders", [])))
        for correction in head.get("corrections", []):
            Correction.objects.create(article=article, **correction)
        if article.kind_id == "report":
            attach_cover(article)
        self.bring_to_state(article, head, publisher)

    def bring_to_state(self, article, head, publisher):
        state = head.get("state", "published")
        if state in ("published", "withdrawn"):
            article.publish(by=publisher, at=article.published_at)
        if state == "withdrawn":
            article.withdraw(by=publisher, reason=head["withdrawal_reason"])
        if state == "in_review":
            article.submit(by=publisher)
        if head.get("featured"):
            article.feature(by=publisher)


def get_demo_account():
    """The account in whose name the demonstration is published; nobody signs in."""
    account, created = User.objects.get_or_create(
        username="demonstration", defaults={"first_name": "Demonstration"}
    )
    if created:
        account.set_unusable_password()
        account.save()
        account.groups.set(Group.objects.filter(name__in=["Editors", "Publishers"]))
    return account


def list_articles():
    return sorted((DEMO / "articles").glob("*.html"))


def get_publication_time(head: dict[str, Any]) -> datetime:
    if "in_days" in head:
        return timezone.now() + timedelta(days=head["in_days"])
    return timezone.make_aware(head["published"])


def open_image(name):
    """The image of that name in the demonstration's folder."""
    with Picture.open(DEMO / "pictures" / f"{name}.avif") as opened:
        return opened.convert("RGB")


def save_image(name, title, slug, alt=""):
    """Store an image in the library, as an editor would have uploaded it."""
    content = BytesIO()
    open_image(name).save(content, "JPEG", quality=88)
    return Image.objects.create(
        file=ContentFile(content.getvalue(), f"{slugify(slug)}.jpg"),
        title=title[:200],
        alt=alt,
        credit="Meridian Council",
    )


def attach_cover(article):
    content = BytesIO()
    open_image(f"{article.slug}-cover").save(content, "PDF", resolution=150)
    Attachment.objects.create(
        article=article,
        title="Cover, for printing (PDF)",
        is_full_text=False,
        file=ContentFile(content.getvalue(), f"{article.slug}-cover.pdf"),
    )
