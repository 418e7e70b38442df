"""Old addresses lead to what became of their items, and tell nothing of drafts."""

import io
from urllib.parse import urlsplit

import pytest
from django.contrib.redirects.models import Redirect

from articles.importing.pipeline import receive
from articles.importing.tasks import enqueue_due
from articles.models import Article, Attachment
from articles.workflow import State as ArticleState
from ecfr_site.images.models import Image
from tests.articles.importing.archives import State, finish, move_in, pack, work
from tests.articles.importing.test_pipeline import FILE, POST, photo
from tests.articles.importing.wxr import HEAD, category, export, item
from tests.factories import jpeg

pytestmark = pytest.mark.django_db


def import_export(file, source_type="wordpress"):
    found = receive(file, "old", None, source_type)
    finish(found)
    work(found, State.IMPORTING)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/2019/03/a-piece/", "/article/a-piece/"),
        ("/2019/03/a-piece", "/article/a-piece/"),
        ("/?p=1", "/article/a-piece/"),
        ("/author/ada/", "/people/ada-verne/"),
        ("/author/ada-verne/", "/people/ada-verne/"),
        ("/author/ada/feed/", "/people/ada-verne/feed/rss/"),
        ("/?author=1", "/people/ada-verne/"),
        ("/category/asia/", "/topics/asia/"),
        ("/author/ada/page/2/", "/people/ada-verne/"),
        ("/author/ada/feed/atom/", "/people/ada-verne/feed/rss/"),
        ("/category/asia/feed/", "/topics/asia/feed/rss/"),
        ("/?cat=5", "/topics/asia/"),
        ("/?category_name=asia", "/topics/asia/"),
        ("/2019/03/a-piece/feed/", "/article/a-piece/"),
        ("/2019/03/a-piece/2/", "/article/a-piece/"),
        ("/2019/03/a-piece/comment-page-1/", "/article/a-piece/"),
        ("/2019/03/04/", "/publications/?year=2019"),
        ("/2019/page/3", "/publications/?year=2019"),
        ("/page/2/", "/publications/"),
        ("/feed/atom/", "/feed/"),
        ("/comments/feed/", "/feed/rss/"),
        ("/?feed=rss2", "/feed/rss/"),
        ("/?s=veto", "/search/?q=veto"),
        ("/?s=Ren%C3%A9+%26+co&post_type=post", "/search/?q=Ren%C3%A9+%26+co"),
        ("/?s=", "/search/?q="),
        ("/search/veto/", "/search/?q=veto"),
        ("/search/Ren%C3%A9+%26+co/page/2/", "/search/?q=Ren%C3%A9+%26+co"),
        ("/search/trade%20war/feed/rss2/?utm_source=x", "/search/?q=trade+war"),
        ("/wp-sitemap.xml", "/sitemap.xml"),
        ("/index.php/2019/03/a-piece/feed/", "/article/a-piece/"),
        ("/index.php/search/veto", "/search/?q=veto"),
        ("/index.php/page/2", "/publications/"),
        ("/index.php/feed", "/feed/rss/"),
        ("/index.php?p=1", "/article/a-piece/"),
        ("/wp-sitemap-posts-post-1.xml", "/sitemap.xml"),
        ("/sitemap_index.xml", "/sitemap.xml"),
        ("/post-sitemap2.xml", "/sitemap.xml"),
        ("/?m=2019", "/publications/?year=2019"),
        ("/?m=201903", "/publications/?year=2019"),
        ("/?m=20190304&paged=2", "/publications/?year=2019"),
        ("/?year=2019&monthnum=3", "/publications/?year=2019"),
    ],
)
def test_old_addresses_lead_to_the_new_pages(client, old, new):
    move_in(*POST, item(terms=[("category", "asia")]))
    response = client.get(old)
    assert (response.status_code, response.get("Location")) == (301, new)


@pytest.mark.parametrize("link", ["/blog/2019/03/a-piece/", "/blog/a-piece/"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/blog/2019/03/", "/publications/?year=2019"),
        ("/blog/date/2019/03/04/", "/publications/?year=2019"),
        ("/2019/03/", "/publications/?year=2019"),
        ("/blog/category/asia/", "/topics/asia/"),
        ("/blog/author/ada/page/2/", "/people/ada-verne/"),
    ],
)
def test_lists_stand_where_posts_do(client, link, old, new):
    move_in(
        *POST, item(terms=[("category", "asia")], link=f"https://old.example{link}")
    )
    assert client.get(old)["Location"] == new


def test_lists_are_found_where_addresses_name_categories(client):
    """Also those above a piece's own, and its author."""
    places = {"far": "asia/far", "asia": "asia", "trade": "ada/trade"}
    move_in(
        *(*POST, category("far", "Far", "asia"), category("trade", "Trade")),
        *(
            item(number, terms=[("category", slug)], slug=slug, link=make_link(place))
            for number, (slug, place) in enumerate(places.items(), 1)
        ),
    )
    assert client.get("/blog/2019/03/")["Location"] == "/publications/?year=2019"
    assert client.get("/blog/category/asia/far/")["Location"] == "/topics/far/"


def make_link(place):
    return f"https://old.example/blog/{place}/a-piece/"


def test_lists_and_searches_of_a_site_in_a_folder_lead_here(client):
    there = HEAD.replace("//old.example<", "//old.example/blog<")
    link = "https://old.example/blog/2019/03/a-piece/"
    import_export(export(*POST, item(link=link), head=there))
    for old, new in [
        ("/blog/2019/03/", "/publications/?year=2019"),
        ("/blog/?m=201903", "/publications/?year=2019"),
        ("/blog/?s=veto", "/search/?q=veto"),
        ("/blog/search/veto/", "/search/?q=veto"),
        ("/blog/wp-sitemap-users-1.xml", "/sitemap.xml"),
    ]:
        assert client.get(old).get("Location") == new
    for ours in ("/?s=veto", "/?m=201903"):
        assert client.get(ours).status_code == 200
    assert client.get("/search/veto/").status_code == 404


def test_only_wordpress_is_asked_in_its_own_way(client):
    assert client.get("/?s=veto").status_code == 200
    rows = io.BytesIO(b"title,text,published,state\nA piece,Words,2019-03-04,published")
    import_export(rows, source_type="csv")
    assert client.get("/publications/?year=2019").status_code == 200
    for ours in ("/?s=veto", "/?m=201903"):
        assert client.get(ours).status_code == 200
    for theirs in ("/search/veto/", "/wp-sitemap.xml"):
        assert client.get(theirs).status_code == 404


def test_undoing_takes_the_searches_back(client):
    found = move_in(*POST, item())
    work(found, State.UNDOING)
    for ours in ("/?s=veto", "/?m=201903"):
        assert client.get(ours).status_code == 200


def test_addresses_of_images_and_their_pages_lead_to_the_files(client):
    media = pack(**{"2019/03/table.jpg": jpeg(), "2019/03/a.pdf": b"%PDF-1.7"})
    pdf = FILE.replace("table.jpg", "a.pdf")
    link = "https://old.example/the-report/"
    report = item(8, "A", "", type="attachment", file=pdf, link=link)
    text = f'<a href="{pdf}">A</a>'
    move_in(*POST, item(text=text), photo(), report, media=media)
    image, attached = Image.objects.get().file.url, Attachment.objects.get().file.url
    small = urlsplit(FILE).path.replace(".jpg", "-300x200.jpg")
    for old in (small, "/?attachment_id=7", "/?p=7", "/table-7/"):
        assert client.get(old).get("Location") == image
    for old in (urlsplit(pdf).path, "/?attachment_id=8", "/the-report/"):
        assert client.get(old).get("Location") == attached


def test_the_list_of_a_type_leads_to_that_of_its_kind(client):
    link = "https://old.example/briefs/{}/".format
    parts = [
        item(number, slug=slug, type="brief", link=link(slug))
        for number, slug in enumerate(["one", "two"], 1)
    ]
    move_in(*POST, *parts, types={"brief": "report"})
    for old in ("/briefs/", "/briefs/page/2/"):
        assert client.get(old).get("Location") == "/publications/report/"


def test_a_draft_takes_its_old_addresses_along_when_it_is_published(client):
    pdf = FILE.replace("table.jpg", "a.pdf")
    parts = (
        item(status="private", text=f'<a href="{pdf}">A</a>'),
        item(8, "A", "", type="attachment", file=pdf, link="https://old.example/a/"),
    )
    found = move_in(*POST, *parts, media=pack(**{"2019/03/a.pdf": b"%PDF-1.7"}))
    enqueue_due()
    assert client.get("/2019/03/a-piece/").status_code == 404
    article = Article.objects.get()
    article.state = ArticleState.PUBLISHED
    article.save()
    enqueue_due()
    assert client.get("/2019/03/a-piece/")["Location"] == article.get_absolute_url()
    assert client.get("/?p=1")["Location"] == article.get_absolute_url()
    assert client.get("/a/")["Location"] == article.attachments.get().file.url
    work(found, State.UNDOING)
    assert client.get("/2019/03/a-piece/").status_code == 301


def test_old_addresses_of_drafts_tell_nothing(client):
    move_in(*POST, item(status="draft", link="https://old.example/?p=1"))
    assert "Location" not in client.get("/?p=1")


def test_a_redirect_of_an_editor_stays(client):
    Redirect.objects.create(site_id=1, old_path="/2019/03/a-piece/", new_path="/about/")
    move_in(*POST, item())
    assert client.get("/2019/03/a-piece/")["Location"] == "/about/"
