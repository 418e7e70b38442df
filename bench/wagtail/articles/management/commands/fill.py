"""Fill the site with articles of the weight of this site's demonstration."""

import random
import statistics
from datetime import date, timedelta
from io import BytesIO

from django.core.files.images import ImageFile
from django.core.management.base import BaseCommand
from django.test import Client
from django.utils.text import slugify
from home.models import HomePage
from PIL import Image as Picture
from wagtail.images import get_image_model
from wagtail.models import Site

from articles.models import (
    ArticlePage,
    Author,
    Kind,
    Person,
    Programme,
    RelatedArticle,
    Topic,
)

HOST = "127.0.0.1"
WORDS = """
    a accession account after against agreement all ally an and answer army as at bank
    because before between border budget but by can capital case choice citizen city
    climate coast common could council country court currency debate decision defence
    demand diplomat east economy election energy enlargement even few first for force
    from future gas government grid growth have house how if in industry interest into
    is it judge law least less market member minister money more neighbour new north not
    of office old on one or order parliament partner party peace people plan policy
    power price question reason reform region right rule sanction sea security should
    since small south state still summit system tariff tax than that the their these
    they this time to trade treaty under union until voter war was water west what when
    where whether which who will with without work world would year
"""
KINDS = {
    "Commentary": ("Commentaries", "red"),
    "Policy brief": ("Policy briefs", "blue"),
    "Report": ("Reports", "teal"),
}
MAIN = ["Programmes", "People", "Topics", "About"]
FOOT = ["Contact", "Work with us", "Privacy", "Corrections", "Feed"]
PEOPLE = ["Ada Brandt", "Ben Costa", "Cleo Dvorak", "Dan Eriksen", "Eva Fontaine"]
PROGRAMMES = ["Democracy and Law", "Technology and Trade", "Wider Europe"]
TOPICS = ["Artificial intelligence", "Enlargement", "Energy security", "Rule of law"]
# Measures of a text, near the averages of the demonstration.
STANDFIRST_WORDS, SECTIONS, SENTENCES, POINTS = 33, 4, 5, 6


def write(words):
    return " ".join(random.sample(WORDS.split(), words)).capitalize()


def write_paragraph(link=""):
    sentences = [f"{write(random.randint(10, 20))}." for _ in range(SENTENCES)]
    return f"<p>{' '.join(sentences)}{link}</p>"


def write_body(other):
    """Rich text as Wagtail stores it, with a link to another article or none."""
    link = f' <a linktype="page" id="{other.pk}">{other.title}</a>.' if other else ""
    parts = [write_paragraph(link)]
    for number in range(SECTIONS):
        parts += [f"<h2>{write(4)}</h2>", write_paragraph()]
        parts.append(
            write_paragraph(f' <a href="https://example.org/{number}">{write(3)}</a>.')
        )
    points = "".join(f"<li>{write(14)}.</li>" for _ in range(POINTS))
    return "".join([*parts, f"<ul>{points}</ul>", write_paragraph()])


def make_image(title, width, height):
    file = BytesIO()
    colour = Picture.new("RGB", (width, height), tuple(random.choices(range(256), k=3)))
    shade = Picture.linear_gradient("L").resize((width, height)).convert("RGB")
    Picture.blend(colour, shade, 0.3).save(file, "JPEG")
    return get_image_model().objects.create(
        title=title,
        description=write(10),
        file=ImageFile(file, name=f"{slugify(title)}.jpg"),
    )


def relate(made):
    for page in made:
        others = random.sample([other for other in made if other != page], 3)
        page.related = [
            RelatedArticle(other=other, sort_order=number)
            for number, other in enumerate(others)
        ]
        page.save()


class Command(BaseCommand):
    help = "Fill an empty site, ask for each of its articles once and print one's path."

    def add_arguments(self, parser):
        parser.add_argument("--articles", type=int, default=120)

    def handle(self, *, articles, **options):
        random.seed(8)
        site = Site.objects.get()
        site.hostname, site.site_name = HOST, "Meridian Council"
        site.save()
        index = self.make_pages(site.root_page)
        self.make_snippets()
        made = []
        for number in range(articles):
            made.append(self.make_article(index, number, made))
        relate(made)
        # Has the renditions of their images made, too.
        client = Client(headers={"host": HOST})
        answers = [client.get(page.relative_url(site)) for page in made]
        sizes = [len(answer.content) for answer in answers if answer.status_code == 200]
        path = made[len(made) // 2].relative_url(site)
        self.stdout.write(
            f"{len(sizes)} of {len(made)} articles answer, of "
            f"{statistics.median(sizes) / 1024:.1f} KB: {path}"
        )

    def make_pages(self, home):
        """The pages of the two menus, of which the first is above all articles."""

        def add(parent, title, slug=""):
            page = HomePage(title=title, slug=slug or slugify(title))
            page.show_in_menus = True
            return parent.add_child(instance=page)

        index = add(home, "Publications", "article")
        about = [add(home, title) for title in MAIN][-1]
        for title in FOOT:
            add(about, title)
        return index

    def make_snippets(self):
        for model, names in ((Programme, PROGRAMMES), (Topic, TOPICS)):
            for name in names:
                model.objects.create(name=name, slug=slugify(name))
        for name, (plural, colour) in KINDS.items():
            Kind.objects.create(
                name=name, slug=slugify(name), plural=plural, colour=colour
            )
        for number, name in enumerate(PEOPLE):
            Person.objects.create(
                name=name,
                slug=slugify(name),
                sort_name=", ".join(reversed(name.split())),
                position=f"Director, {PROGRAMMES[number % 3]} programme",
                portrait=make_image(name, 640, 800),
            )
        self.images = [
            make_image(f"{write(3)} seen from above", 2000, 1333) for _ in range(6)
        ]

    def make_article(self, index, number, made):
        title = write(8)
        page = ArticlePage(
            title=title,
            slug=f"{slugify(title[:30])}-{number}",
            standfirst=f"{write(STANDFIRST_WORDS)}.",
            body=write_body(random.choice(made) if made else None),
            date=date(2026, 11, 1) - timedelta(days=number),
            kind=random.choice(Kind.objects.all()),
            image=random.choice(self.images),
            caption=f"{write(6)}. Image: Meridian Council",
        )
        index.add_child(instance=page)
        page.authors = [Author(person=random.choice(Person.objects.all()))]
        page.programmes = [random.choice(Programme.objects.all())]
        page.topics = random.sample(list(Topic.objects.all()), 3)
        page.save()
        return page
