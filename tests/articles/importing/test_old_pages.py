"""The old site's pages are asked for what readers see there and not here."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from articles.importing import old_pages
from articles.models import Article
from tests.articles.importing.archives import move_in
from tests.articles.importing.test_verification import verify
from tests.articles.importing.wxr import author, item
from tests.http_server import running

pytestmark = pytest.mark.django_db

PAGE = """<!doctype html><html><head><title>A piece</title><script>let a</script></head>
<body><nav>Home About</nav><main><h1>A piece</h1><div class="text">{}</div>
<footer>Share this</footer></main><form>Search</form></body></html>"""
WORDS = "Gas was cheap while it lasted, and nobody asked for how long it would."


class OldSite(BaseHTTPRequestHandler):
    """{path: (status, type, content)} of the server's `pages`."""

    def do_GET(self):  # noqa: N802
        status, kind, content = self.server.pages[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def ask(settings):
    """Import a piece whose old page is as given; what is said, and why it fails."""
    settings.LINKS_MAY_BE_PRIVATE = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), OldSite)

    def ask(content, status=200, kind="text/html; charset=utf-8", change=None):
        server.pages = {"/a/": (status, kind, content)}
        link = f"http://127.0.0.1:{server.server_port}/a/"
        found = move_in(author(), item(link=link, text=WORDS))
        if change:
            Article.objects.update(**change)
        return verify(found, fetch=5)

    with running(server):
        yield ask


def test_a_page_that_says_the_same_is_in_order(ask):
    printed, failure = ask(PAGE.format(f"<p>{WORDS}</p>"))
    assert not failure
    assert "1 pages asked of the old site" in printed


def test_words_that_only_readers_of_the_old_page_see_are_named(ask):
    text = f"<p>{WORDS}</p><p>A plugin wrote this.</p>"
    printed, failure = ask(PAGE.format(text))
    assert "missing: A, plugin, wrote, this" in printed
    assert failure


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 404}, "404"),
        ({"status": 500}, "500"),
        ({"kind": "application/pdf"}, "it is no page"),
        ({"kind": "text/html; charset=klingon"}, "klingon"),
        ({"content": ""}, "empty"),
        ({"content": "a" * 200}, "it is too large"),
    ],
)
def test_a_page_that_cannot_be_had_is_named(ask, monkeypatch, answer, reason):
    monkeypatch.setattr(old_pages, "MOST_BYTES", 150)
    printed, failure = ask(**{"content": "<p>Words</p>", **answer})
    assert "cannot be compared" in printed
    assert reason in printed
    assert failure


@pytest.mark.parametrize(
    "change", [{"state": "draft"}, {"changed": "2026-01-01 00:00Z"}]
)
def test_drafts_and_what_editors_changed_are_not_asked_for(ask, change):
    printed, _ = ask("", change=change)
    assert "asked of the old site" not in printed
