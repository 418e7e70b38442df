"""Replay a day of an archive: a crawler, readers, and the desk at work.

    .venv/bin/python bench/replay.py [--articles 2000] [--minutes 10] [--share 1]

A crawler asks for all that the sitemap names, in turn, and comes round twenty times a
day; as many readers ask for what is read often (Zipf). Meanwhile the desk publishes ten
pieces, each with its documents and what is found related anew, and saves fifty times:
drafts, images for them, some live pieces. All of it goes through the WSGI application
of one process, one after the other and without a pause, and is counted once the crawler
has come round for the first time. Whether a page was kept is what the site's own
metrics say.

With a share of 20 they visit one article of twenty and all other pages, which is a day
in a twentieth of its time: the chance of a page to be touched by a change stays, but
lists weigh more, and of related work there is only what that day's pieces bring.

After each change the next answers are compared with answers made anew: of the pages
that it touched, of lists, and of some others. Prints a table in Markdown.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROUNDS = 20
PUBLICATIONS, DRAFTS, IMAGES, CORRECTIONS = 10, 30, 10, 10
COMPARED = 5
LISTS = ("/", "/publications/", "/people/", "/topics/", "/programmes/", "/feed/")
# What tells the minute is another text a minute later.
STAMP = re.compile(rb'name="stamp" value="[^"]*"')


class Visitors:
    """Ask the application, and count what the site's metrics say of the page cache."""

    def __init__(self, application):
        self.application = application
        self.outcomes = {}

    def ask(self, path, visitor=None):
        before = self.read_metrics()
        answer = []
        path, _, query = path.partition("?")
        body = self.application(
            {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1",
                "HTTP_HOST": "127.0.0.1",
                "wsgi.url_scheme": "http",
                "wsgi.input": BytesIO(),
                "wsgi.errors": sys.stderr,
            },
            lambda status, headers, *rest: answer.append(status),
        )
        text = STAMP.sub(b"", b"".join(body))
        getattr(body, "close", bool)()
        if visitor:
            self.outcomes.setdefault(visitor, Counter()).update(
                self.read_metrics() - before
            )
        return answer[0], text

    def read_metrics(self):
        from ecfr_site.monitoring.metrics import _page_cache

        [metric] = _page_cache.collect()
        return Counter(
            {
                sample.labels["outcome"]: sample.value
                for sample in metric.samples
                if sample.name.endswith("_total")
            }
        )


class Desk:
    """The day's changes; each gives the addresses that it is seen at."""

    def __init__(self):
        from articles.models import Article, Topic
        from authors.models import Author

        self.articles = list(Article.objects.published().values_list("pk", flat=True))
        self.authors, self.topics = (
            list(Author.objects.all()),
            list(Topic.objects.all()),
        )
        self.draft = Article.objects.filter(state="draft", live=None).first()
        self.count = 0

    def list_day(self):
        acts = [self.publish] * PUBLICATIONS + [self.save_draft] * DRAFTS
        acts += [self.upload] * IMAGES + [self.correct] * CORRECTIONS
        random.shuffle(acts)
        return acts

    def publish(self):
        from django.utils import timezone

        from articles.models import Article, Byline, Document
        from articles.related.upkeep import compute_all

        self.count += 1
        alike = Article.objects.get(pk=random.choice(self.articles))
        piece = Article.objects.create(
            title=f"{alike.title}, once more",
            slug=f"once-more-{self.count}",
            standfirst=alike.standfirst,
            body=alike.body,
        )
        Byline.objects.create(article=piece, author=random.choice(self.authors))
        piece.topics.add(random.choice(self.topics))
        piece.state, piece.published_at = "published", timezone.now()
        piece.save()
        compute_all(lambda done, of: None, again=False)
        for format_name in Document.Format:
            Document.objects.create(
                article=piece,
                format=format_name,
                version=1,
                file=f"documents/{piece.pk}.{format_name}",
                looked_at=timezone.now(),
                next_look=timezone.now(),
            )
        related = piece.related_articles.values_list("other__slug", flat=True)
        return [piece.get_absolute_url(), *(f"/article/{slug}/" for slug in related)]

    def save_draft(self):
        from articles.models import Byline

        self.count += 1
        self.draft.title = f"A draft {self.count}"
        self.draft.save()
        Byline.objects.filter(article=self.draft).delete()
        Byline.objects.create(article=self.draft, author=random.choice(self.authors))
        self.draft.topics.set([random.choice(self.topics)])
        return []

    def upload(self):
        from django.core.files.base import ContentFile
        from PIL import Image as Picture

        from ecfr_site.images.models import Image

        self.count += 1
        file = BytesIO()
        Picture.new("RGB", (64, 48), (self.count % 255, 90, 60)).save(file, "JPEG")
        Image.objects.create(
            file=ContentFile(file.getvalue(), name="a.jpg"), title="An image"
        )
        Image.objects.filter(rendered="").update(rendered="abc", ground="none")
        return []

    def correct(self):
        from articles.models import Article

        piece = Article.objects.get(pk=random.choice(self.articles))
        piece.corrections.create(text="Not seven but eight.")
        piece.save()
        return [piece.get_absolute_url()]


def list_addresses():
    """All that the sitemap names: what a crawler asks for."""
    from urllib.parse import urlsplit

    from ecfr_site.sitemaps import sitemaps

    found = []
    for sitemap in sitemaps.values():
        made = sitemap()
        for page in made.paginator.page_range:
            found += [urlsplit(u["location"]).path for u in made.get_urls(page)]
    return list(dict.fromkeys(found))


class Day:
    """The visits of a day, with the changes spread over it."""

    def __init__(self, application, share=1):
        self.visitors, self.desk = Visitors(application), Desk()
        found = list_addresses()
        articles = [address for address in found if address.startswith("/article/")]
        visited = {*random.sample(articles, len(articles) // share), *LISTS}
        visited |= {*found} - {*articles}
        self.crawled = [address for address in found if address in visited]
        # To be compared when somebody asks for them next.
        self.touched = set()
        self.changes = self.compared = self.stale = 0

    def replay(self, minutes):
        """All of it, or what these minutes allow; returns the crawler's rounds."""
        read = random.sample(self.crawled, len(self.crawled))
        weights = [1 / place for place in range(1, len(read) + 1)]
        requests = ROUNDS * len(self.crawled)
        readers = iter(random.choices(read, weights, k=requests))
        acts = self.desk.list_day()
        every = requests // len(acts)
        until = time.monotonic() + 60 * minutes
        for number in range(requests):
            self.visit(self.crawled[number % len(self.crawled)], "crawler")
            self.visit(next(readers), "readers")
            if number == len(self.crawled):
                self.visitors.outcomes.clear()
            if number % every == every // 2 and acts:
                self.change(acts.pop())
            if time.monotonic() > until:
                break
        for address in list(self.touched):
            self.compare(address, self.visitors.ask(address))
        return (number + 1) / len(self.crawled)

    def change(self, act):
        from ecfr_site.caching.version import publish_version

        self.changes += 1
        self.touched.update(act(), LISTS, random.sample(self.crawled, COMPARED))
        # As whoever answers the desk's form does.
        publish_version()

    def visit(self, address, who):
        what = "articles" if address.startswith("/article/") else "other pages"
        answer = self.visitors.ask(address, f"{who}, {what}")
        if address in self.touched:
            self.compare(address, answer)

    def compare(self, address, answer):
        from django.conf import settings

        self.touched.discard(address)
        settings.PAGE_CACHE = False
        is_stale = self.visitors.ask(address) != answer
        settings.PAGE_CACHE = True
        self.compared += 1
        self.stale += is_stale
        if is_stale:
            print("stale:", address, file=sys.stderr)

    def report(self, rounds):
        print(f"{len(self.crawled):,} addresses, {rounds:.1f} rounds, ", end="")
        print(f"{self.changes} changes\n")
        print("| who | requests | kept | made |\n| --- | --- | --- | --- |")
        for who, outcomes in sorted(self.visitors.outcomes.items()):
            total = outcomes.total()
            kept = outcomes["hit"] / total
            print(f"| {who} | {total:,.0f} | {kept:.1%} | {outcomes['miss']:,.0f} |")
        print(f"\n{self.stale} of {self.compared:,} compared answers were stale.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--share", type=int, default=1, help="Of N articles one.")
    parser.add_argument("--minutes", type=float, default=60, help="End then at last.")
    options = parser.parse_args()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    from articles.models import Article, RelatedStatus
    from articles.related.upkeep import compute_all

    # Whoever gives a VAR_DIR may come back to it.
    if not Article.objects.exists():
        call_command("load_demo", articles=options.articles, verbosity=0)
    from ecfr_site.wsgi import pages

    if options.share == 1:
        compute_all(lambda done, of: None)
    else:
        # Of the copies that fill an archive up it takes longer than the day.
        RelatedStatus.objects.add_missing(Article.objects.all())
        RelatedStatus.objects.update(due=RelatedStatus.Due.NOT)
    random.seed(7)
    day = Day(pages, options.share)
    day.report(day.replay(options.minutes))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "VAR_DIR": os.environ.get("VAR_DIR", folder),
            "PAGE_CACHE": "on",
            "DEBUG": "off",
            "HTTPS": "off",
            "SECRET_KEY": "bench",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": "http://127.0.0.1",
            "LOG_LEVEL": "CRITICAL",
            # All of them, where there is no Redis.
            "CACHE_URL": os.environ.get(
                "CACHE_URL", "locmemcache://?max_entries=1000000"
            ),
        }
        main()
