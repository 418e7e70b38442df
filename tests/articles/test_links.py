"""The links of articles: checked in the background, each address once."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from articles import tasks
from articles.links import resolve_link
from articles.models import Article, Link
from articles.models.link import OF_A_SITE
from tests.factories import ArticleFactory, PositionFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def write():
    """An article with these links, on which nothing else is found."""
    topic, author = TopicFactory(), PositionFactory().author

    def article(*hrefs):
        body = "".join(f'<p>See <a href="{href}">that page</a>.</p>' for href in hrefs)
        return ArticleFactory(
            published=True, body=body, topics=[topic], authors=[author]
        )

    return article


@pytest.fixture
def nothing_runs(settings):
    """Tasks are queued and lost."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }


def said(article):
    article.refresh_from_db()
    return [problem["text"] for problem in article.problems]


def age(**ago):
    Link.objects.update(checked_at=timezone.now() - timedelta(**ago))


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("/people/x/?a=1#b", "/people/x/?a=1"),
        (f"{django_settings.SITE_URL}/article/y/", "/article/y/"),
        (f"{django_settings.SITE_URL}#top", "/"),
        ("../z/", "/article/z/"),
        ("?page=2", "/article/y/?page=2"),
        ("https://elsewhere.example/z/#part", "https://elsewhere.example/z/"),
        ("//elsewhere.example/z/", "https://elsewhere.example/z/"),
        (f"{django_settings.SITE_URL}//[", "/["),
        ("mailto:a@b.example", ""),
        ("#part", ""),
        ("", ""),
        ("https://[", "https://["),
        ("//[", "https://["),
    ],
)
def test_a_link_s_address_is_a_path_within_the_site_and_absolute_elsewhere(
    href, address
):
    assert resolve_link(href, "/article/y/") == address


def test_a_broken_link_to_another_site_is_found_without_a_change(write, elsewhere):
    article = write(f"{elsewhere.url}/404", f"{elsewhere.url}/200")
    before = article.changed

    tasks.enqueue_due()
    # The links' answers are news: it is looked over again.
    tasks.enqueue_due()

    assert said(article) == [
        f"The link to {elsewhere.url}/404 leads nowhere (404): correct it or remove it."
    ]
    assert article.changed == before


def test_a_page_is_asked_for_once_however_many_articles_link_to_it(write, elsewhere):
    for _ in range(3):
        write(f"{elsewhere.url}/200", f"{elsewhere.url}/200#part")

    tasks.enqueue_due()
    tasks.enqueue_due()

    assert elsewhere.asked == [("HEAD", "/200")]


def test_what_is_broken_is_asked_for_each_day_and_what_is_fine_each_week(
    write, elsewhere
):
    write(f"{elsewhere.url}/404", f"{elsewhere.url}/200")
    tasks.enqueue_due()

    def asked_after(**ago):
        age(**ago)
        elsewhere.asked.clear()
        tasks.check_links.func()
        return {path for _, path in elsewhere.asked}

    assert asked_after(hours=23) == set()
    assert asked_after(hours=25) == {"/404"}
    assert asked_after(days=6, hours=23) == {"/404"}
    assert asked_after(days=7, hours=1) == {"/404", "/200"}


def test_a_page_that_is_back_is_no_problem_any_more(write, elsewhere):
    article = write(f"{elsewhere.url}/404")
    tasks.enqueue_due()
    tasks.enqueue_due()
    assert said(article)

    elsewhere.mended.add("/404")
    age(hours=25)
    tasks.enqueue_due()
    tasks.enqueue_due()

    assert said(article) == []


def test_a_page_of_our_own_that_appears_is_noticed_within_minutes(write):
    article = write("/article/soon/")
    tasks.enqueue_due()
    assert said(article) == ["The link to /article/soon/ leads nowhere."]

    ArticleFactory(published=True, slug="soon")
    age(minutes=11)
    tasks.enqueue_due()
    tasks.enqueue_due()

    assert said(article) == []


def test_a_lost_step_is_made_again(write, elsewhere, nothing_runs):
    write(f"{elsewhere.url}/200")
    tasks.check_article.func(Article.objects.get().pk)
    Link.objects.claim()
    assert not Link.objects.due()

    Link.objects.update(asked_at=timezone.now() - timedelta(minutes=11))

    assert tasks.enqueue_due() == 1
    tasks.check_links.func()
    assert Link.objects.get().checked_at
    assert len(elsewhere.asked) == 1


def test_two_workers_do_not_ask_for_the_same_page(write, nothing_runs):
    write("https://x.example/1", "https://x.example/2")
    tasks.check_article.func(Article.objects.get().pk)

    assert len(Link.objects.claim()) == 2
    assert Link.objects.claim() == []


def test_a_step_asks_one_site_for_few_pages(write, nothing_runs):
    write(
        *[f"https://x.example/{n}" for n in range(OF_A_SITE + 5)], "https://y.example"
    )
    tasks.check_article.func(Article.objects.get().pk)

    sites = [link.site for link in Link.objects.claim()]

    assert sites.count("x.example") == OF_A_SITE
    assert sites.count("y.example") == 1


def test_doing_it_twice_changes_nothing(write, elsewhere):
    article = write(f"{elsewhere.url}/404")
    tasks.enqueue_due()
    tasks.check_article.func(article.pk)
    before = Link.objects.values().get(), said(article)

    tasks.check_links.func()
    tasks.check_article.func(article.pk)

    assert (Link.objects.values().get(), said(article)) == before


def test_links_that_nobody_uses_any_more_are_forgotten(write, elsewhere):
    article = write(f"{elsewhere.url}/200")
    tasks.enqueue_due()
    Article.objects.filter(pk=article.pk).update(body="<p>Nothing.</p>")
    tasks.check_article.func(article.pk)
    assert Link.objects.exists()

    age(days=8)
    tasks.check_links.func()

    assert not Link.objects.exists()


def test_no_link_leads_the_server_into_its_own_network(write, elsewhere, settings):
    settings.LINKS_MAY_BE_PRIVATE = False
    article = write(f"{elsewhere.url}/200")

    tasks.enqueue_due()
    tasks.enqueue_due()

    assert "leads to an address that readers cannot reach" in said(article)[0]
    assert elsewhere.asked == []


def test_a_link_of_any_length_is_survived(write, nothing_runs):
    article = write(f"https://x.example/{'ü' * 1500}")

    tasks.check_article.func(article.pk)

    assert "too long to be checked" in said(article)[0]
