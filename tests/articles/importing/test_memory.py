"""An archive of any size is read, and written again, in little memory."""

import os

import pytest

from tests.articles.importing import wxr
from tests.newsletter.processes import loaded_site, variables  # noqa: F401 a fixture

pytestmark = pytest.mark.server

# 51 MB, of which no more than this may stand in memory beyond what 7 MB take.
SMALL, LARGE, MORE_MB = 200, 1_500, 25
WORDS = "Gas was cheap while it lasted. " * 1_100
PEAK = """
import resource
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
"""
READ = """
from articles.importing.records import Site
from articles.importing.sources import READERS
from articles.importing.survey import Survey
def read(path):
    survey = Survey()
    with open(path, "rb") as file:
        for record in READERS["wordpress"](file, Site()):
            survey.add(record)
    return survey.types["post"]["published"]
print(read({small!r}))
before = peak()
print(read({large!r}))
print(peak() - before)
"""
WRITE = """
import os
from django.conf import settings
# Otherwise Django keeps all queries, with the texts in them.
settings.DEBUG = False
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.utils import timezone
from articles.exporting.wxr import write_export
from articles.models import Article
def add(first, last):
    for start in range(first, last, 20):
        Article.objects.bulk_create(
            Article(title="A", slug=f"a-{{n}}", body=f"<p>{words}</p>",
                    state="published", published_at=timezone.now())
            for n in range(start, min(start + 20, last))
        )
def write():
    with open(os.devnull, "wb") as file:
        return write_export(file)
add(0, {small})
print(write())
before = peak()
add({small}, {large})
print(write())
print(peak() - before)
"""


def write_archive(path, pieces):
    with path.open("w") as file:
        file.write(wxr.HEAD + wxr.author())
        for number in range(1, pieces + 1):
            file.write(wxr.item(number, text=WORDS, slug=f"post-{number}"))
        file.write(wxr.FOOT)
    return str(path)


def run(environment, script):
    with loaded_site(environment) as site:
        return [int(number) for number in site.run(PEAK + script)]


def test_reading_takes_no_more_memory_for_a_large_export(tmp_path):
    # No database is asked.
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "VAR_DIR": str(tmp_path),
    }
    small = write_archive(tmp_path / "small.xml", SMALL)
    large = write_archive(tmp_path / "large.xml", LARGE)
    few, many, more = run(environment, READ.format(small=small, large=large))
    assert (few, many) == (SMALL, LARGE)
    assert more < MORE_MB


def test_writing_takes_no_more_memory_for_many_articles(variables):  # noqa: F811
    few, many, more = run(
        variables, WRITE.format(small=SMALL, large=LARGE, words=WORDS)
    )
    assert many - few == LARGE - SMALL
    assert more < MORE_MB
