"""An import that is killed at any instant comes out as one that is not."""

import itertools

from tests.articles.importing import wxr
from tests.newsletter.processes import (  # noqa: F401 a fixture
    TASKS_AT_ONCE,
    loaded_site,
    variables,
)

PIECES = 60
# Tells where it is before each query that writes, so that it can be killed there.
STEPS = """
from django.db import connection
from articles.importing.pipeline import run_step
from articles.models import ArchiveImport
print("ready", flush=True)
found = ArchiveImport.objects.get()
number = 0
def count(execute, sql, *rest):
    global number
    if not sql.startswith("SELECT"):
        number += 1
        if number == {at}:
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *rest)
with connection.execute_wrapper(count):
    while run_step(found.pk):
        pass
"""
BEGIN = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from articles.importing.pipeline import receive_path, run_step
from articles.models import ArchiveImport
found = receive_path({path!r}, None, "wordpress")
run_step(found.pk)
found.refresh_from_db()
found.begin("importing")
print(found.state)
"""
RESULT = """
from articles.models import ArchiveImport, Article, ImportedItem
from django.contrib.redirects.models import Redirect
print(ArchiveImport.objects.get().state)
print(sorted(ImportedItem.objects.values_list("kind", "source_id", "outcome")))
print(sorted(Article.objects.values_list("slug", "title", "body", "published_at")))
print(sorted(Redirect.objects.values_list("old_path", "new_path")))
print(Article.objects.filter(bylines=None).count())
"""


def write_archive(path):
    posts = [
        wxr.item(
            number,
            f"Post {number}",
            f'<a href="https://old.example/?p={PIECES - number + 1}">there</a>',
            slug=f"post-{number}",
        )
        for number in range(1, PIECES + 1)
    ]
    path.write_bytes(wxr.export(wxr.author(), *posts).read())


def test_nothing_is_lost_or_done_twice(variables, tmp_path):  # noqa: F811
    archive = tmp_path / "old.xml"
    write_archive(archive)
    with loaded_site(variables) as site:
        assert site.run(TASKS_AT_ONCE + BEGIN.format(path=str(archive))) == [
            "importing"
        ]
        # Further each time than one transaction goes, and never at the same place.
        for at in itertools.count(7, 29):
            process = site.start(TASKS_AT_ONCE + STEPS.format(at=at))
            if process.end("wait") == 0:
                break
        assert at >= 7 + 4 * 29
        state, items, articles, redirects, bare = site.run(RESULT)
    assert state == "done"
    assert items.count("'created'") == PIECES + 2
    assert articles.count("('post-") == articles.count('href="/article/post-') == PIECES
    assert redirects.count("'/?p=") == PIECES
    assert bare == "0"
