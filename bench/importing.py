"""Measure moving an archive in, beside a bare loop that saves the same articles.

    .venv/bin/python bench/importing.py --posts 1000 10000
    .venv/bin/python bench/importing.py --posts 1000 --server postgres://…@127.0.0.1
    .venv/bin/python bench/importing.py --images 1000

Each round has an empty database of its own, on SQLite or that server. It generates an
export of WordPress with posts of 900 words, a dozen authors and forty categories, moves
it in, and then, in a second empty database, saves the same articles one by one with
their bylines and topics. Prints a table in Markdown; docs/benchmarks.md holds it.

With --images the export has so many of 1,200 × 800 pixels and no posts, in a ZIP
archive; they are moved in, and then a worker makes their renditions.
"""

import argparse
import io
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
AUTHORS, CATEGORIES, WORDS = 12, 40, 900
SEED = 7
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel>
<title>Old</title><link>https://old.example</link><language>en</language>
<wp:wxr_version>1.2</wp:wxr_version>
<wp:base_blog_url>https://old.example</wp:base_blog_url>
"""
VOCABULARY = [
    f"{start}{middle}{end}"
    for start in ("st", "pl", "tr", "m", "v", "br", "k", "sh", "c", "gr")
    for middle in ("a", "e", "i", "o", "u", "ea", "ou", "ai", "io", "au")
    for end in ("nd", "t", "rm", "ll", "ck", "ve", "ns", "rt", "ge", "x") * 2
]
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
    "LOG_LEVEL": "ERROR",
    "SECRET_KEY": "bench",
    "DEBUG": "off",
    "HTTPS": "off",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "http://127.0.0.1:8000",
}


def write_text(rng, number):
    parts = []
    for place in range(9):
        words = rng.choices(VOCABULARY, k=WORDS // 9)
        parts.append(" ".join(words).capitalize() + ".")
        if place == 4 and number:
            other = rng.randrange(number)
            link = f"https://old.example/2019/03/post-{other}/"
            parts.append(f'See <a href="{link}">what was said</a>.[ref]Page 5.[/ref]')
    return "\n\n".join(parts)


def write_export(file, posts):
    rng = random.Random(SEED)
    first = datetime(2005, 1, 3, 9, tzinfo=UTC)
    with file.open("w") as out:
        out.write(HEAD)
        for n in range(AUTHORS):
            out.write(
                f"<wp:author><wp:author_id>{n + 1}</wp:author_id><wp:author_login>"
                f"author-{n}</wp:author_login><wp:author_display_name>Author {n}"
                "</wp:author_display_name></wp:author>\n"
            )
        for n in range(CATEGORIES):
            out.write(
                f"<wp:category><wp:category_nicename>field-{n}</wp:category_nicename>"
                f"<wp:cat_name>Field {n}</wp:cat_name></wp:category>\n"
            )
        for n in range(posts):
            at = first + timedelta(hours=17 * n)
            field = n % CATEGORIES
            out.write(
                f"<item><title>Post {n}</title>"
                f"<link>https://old.example/2019/03/post-{n}/</link>"
                f"<dc:creator>author-{n % AUTHORS}</dc:creator><content:encoded>"
                f"{escape(write_text(rng, n))}</content:encoded>"
                f"<excerpt:encoded>What post {n} argues.</excerpt:encoded>"
                f"<wp:post_id>{n + 1}</wp:post_id>"
                f"<wp:post_date_gmt>{at:%Y-%m-%d %H:%M:%S}</wp:post_date_gmt>"
                f"<wp:post_name>post-{n}</wp:post_name><wp:status>publish</wp:status>"
                "<wp:post_type>post</wp:post_type>"
                f'<category domain="category" nicename="field-{field}">Field {field}'
                "</category></item>\n"
            )
        out.write("</channel></rss>\n")


def write_images(file, packed, count):
    """An export of as many attachments, and the ZIP archive of their files."""
    rng = random.Random(SEED)
    with file.open("w") as out, zipfile.ZipFile(packed, "w") as archive:
        out.write(HEAD)
        for n in range(count):
            # Coarse spots: noise is larger than any photograph, a plain area smaller.
            spots = Image.frombytes("RGB", (60, 40), rng.randbytes(60 * 40 * 3))
            content = io.BytesIO()
            spots.resize((1200, 800), Image.Resampling.BICUBIC).save(content, "JPEG")
            archive.writestr(f"2019/03/image-{n}.jpg", content.getvalue())
            url = f"https://old.example/wp-content/uploads/2019/03/image-{n}.jpg"
            out.write(
                f"<item><title>Image {n}</title><link>https://old.example/image-{n}/"
                f"</link><wp:post_id>{n + 1}</wp:post_id><wp:status>inherit</wp:status>"
                f"<wp:post_type>attachment</wp:post_type><wp:attachment_url>{url}"
                "</wp:attachment_url></item>\n"
            )
        out.write("</channel></rss>\n")


def start_django():
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def move_in(file):
    """In a process of its own, with an empty database."""
    start_django()
    from django.core.management import call_command

    with open(os.devnull, "w") as nothing:
        call_command("migrate", verbosity=0)
        clock = Clock()
        call_command("move_in", file, stdout=nothing)
    clock.print()


def move_images_in(file):
    """The same with images; then their renditions, as a worker makes them."""
    start_django()
    from django.core.management import call_command

    packed = Path(file).with_suffix(".zip")
    with open(os.devnull, "w") as nothing:
        call_command("migrate", verbosity=0)
        clock = Clock()
        call_command("move_in", file, media=str(packed), stdout=nothing)
        clock.print()
        clock = Clock()
        call_command("run_tasks", burst=True, verbosity=0)
    clock.print()


def save_bare(posts):
    """The same articles, each saved with its byline and topic."""
    start_django()
    from django.core.management import call_command

    from articles.importing.wordpress_text import add_paragraphs
    from articles.models import Article, Byline, Topic
    from authors.models import Author

    call_command("migrate", verbosity=0)
    rng = random.Random(SEED)
    people = [
        Author.objects.create(name=f"Author {n}", slug=f"author-{n}")
        for n in range(AUTHORS)
    ]
    topics = [
        Topic.objects.create(name=f"Field {n}", slug=f"field-{n}")
        for n in range(CATEGORIES)
    ]
    clock = Clock()
    for n in range(posts):
        article = Article.objects.create(
            title=f"Post {n}",
            slug=f"post-{n}",
            standfirst=f"What post {n} argues.",
            body=add_paragraphs(write_text(rng, n)),
            state="published",
            published_at=datetime(2019, 3, 4, tzinfo=UTC),
        )
        Byline.objects.create(article=article, author=people[n % AUTHORS])
        article.topics.add(topics[n % CATEGORIES])
    clock.print()


class Clock:
    """Prints seconds on the wall and of the processor, and the most MB there were."""

    def __init__(self):
        self.start, self.cpu = time.monotonic(), time.process_time()

    def print(self):
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(time.monotonic() - self.start, time.process_time() - self.cpu, memory)


@contextmanager
def own_database(server, act):
    """The address of an empty database on the server, which goes afterwards."""
    import psycopg2

    name = f"bench_{act}_{os.getpid()}"
    connection = psycopg2.connect(f"{server}/postgres")
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measure(act, argument, folder, server):
    folder.mkdir()
    address = f"sqlite:///{folder}/db.sqlite3"
    with own_database(server, act) if server else nullcontext(address) as address:
        return run(act, argument, folder, address)


def run(act, argument, folder, address):
    own = {"VAR_DIR": str(folder), "DATABASE_URL": address}
    environment = {**os.environ, **SETTINGS, **own}
    command = [sys.executable, __file__, act, str(argument)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return [float(number) for number in done.stdout.split()]


def measure_images(count, server):
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "old.xml"
        packed = file.with_suffix(".zip")
        write_images(file, packed, count)
        found = measure("images", file, Path(name) / "import", server)
        size = packed.stat().st_size / 1e6
    wall, cpu, memory, later_wall, later_cpu, _ = found
    print(
        "| images | ZIP | moved in | CPU | for one | MB | renditions | CPU | for one |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {count:,} | {size:.0f} MB | {wall:.1f} s | {cpu:.1f} s "
        f"| {1000 * cpu / count:.0f} ms | {memory:.0f} | {later_wall:.1f} s "
        f"| {later_cpu:.1f} s | {1000 * later_cpu / count:.0f} ms |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[1000])
    parser.add_argument("--images", type=int, help="so many, in place of posts")
    parser.add_argument("--server", help="the address of PostgreSQL")
    given = parser.parse_args()
    sizes, server = given.posts, given.server
    if given.images:
        measure_images(given.images, server)
        return
    print("| posts | export | moved in | CPU | a second | MB | bare | CPU | of CPU |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for posts in sizes:
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "old.xml"
            write_export(file, posts)
            wall, cpu, memory = measure("import", file, Path(name) / "import", server)
            bare_wall, bare_cpu, _ = measure("bare", posts, Path(name) / "bare", server)
            size = file.stat().st_size / 1e6
        print(
            f"| {posts:,} | {size:.0f} MB | {wall:.1f} s | {cpu:.1f} s "
            f"| {posts / wall:.0f} | {memory:.0f} | {bare_wall:.1f} s "
            f"| {bare_cpu:.1f} s | {cpu / bare_cpu:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["import", file]:
            move_in(file)
        case ["images", file]:
            move_images_in(file)
        case ["bare", count]:
            save_bare(int(count))
        case _:
            main()
