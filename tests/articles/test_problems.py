"""Articles are looked over: what is wrong is said in editors' words."""

from datetime import timedelta

import pytest
from django.contrib.redirects.models import Redirect
from django.utils import timezone

from articles import tasks
from articles.models import Article, EditorialPolicy
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    PositionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sound():
    """Fields of an article without a problem."""
    return {"topics": [TopicFactory()], "authors": [PositionFactory().author]}


def problems_of(article):
    tasks.check_article.func(article.pk)
    article.refresh_from_db()
    return said_of(article)


def said_of(article):
    return " ".join(problem["text"] for problem in article.problems)


def test_a_sound_article_has_no_problem(sound):
    article = ArticleFactory(published=True, **sound)

    assert problems_of(article) == ""
    assert article.checked_at
    assert article not in Article.objects.with_problems()


def test_checking_does_not_count_as_a_change(sound):
    article = ArticleFactory(published=True, **sound)
    before = article.changed

    problems_of(article)

    assert article.changed == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"topics": []}, "no topic"),
        ({"body": "<p><img src='/media/a.jpg'></p>"}, "no alternative text"),
        ({"body": '<p><a href="/article/nowhere/">x</a></p>'}, "/article/nowhere/"),
        ({"body": '<p><a href="/article/draft/">x</a></p>'}, "/article/draft/"),
        ({"body": '<p><a href="/article/gone/">x</a></p>'}, "/article/gone/"),
    ],
)
def test_each_problem_is_named(sound, wrong, said):
    ArticleFactory(draft=True, slug="draft")
    ArticleFactory(withdrawn=True, slug="gone")
    article = ArticleFactory(published=True, **{**sound, **wrong})

    assert said in problems_of(article)
    assert article in Article.objects.with_problems()


def test_links_that_redirect_or_lead_to_files_are_sound(sound):
    moved = ArticleFactory(published=True, slug="old")
    moved.slug = "new"
    moved.save()
    links = ["/article/old/", "/people/", "/media/report.pdf", "mailto:a@x.example"]
    body = "".join(f'<p><a href="{link}">x</a></p>' for link in links)

    assert problems_of(ArticleFactory(published=True, **{**sound, "body": body})) == ""


def test_links_are_followed_over_redirects(sound):
    for old, new in [
        ("/elsewhere/", "https://other.example/x/"),
        ("/first/", "/second/"),
        ("/second/", "/people/"),
        ("/round/", "/about-turn/"),
        ("/about-turn/", "/round/"),
    ]:
        Redirect.objects.create(site_id=1, old_path=old, new_path=new)
    links = ["/elsewhere/", "/first/", "/round/"]
    body = "".join(f'<p><a href="{link}">x</a></p>' for link in links)

    said = problems_of(ArticleFactory(published=True, **{**sound, "body": body}))

    assert said == "The link to /round/ leads nowhere."


def test_a_link_is_followed_with_its_query_and_from_where_it_stands(sound):
    Redirect.objects.create(site_id=1, old_path="/page/?id=7", new_path="/people/")
    links = ["/page/?id=7", "../../topics/", "topics/"]
    body = "".join(f'<p><a href="{link}">x</a></p>' for link in links)

    said = problems_of(ArticleFactory(published=True, **{**sound, "body": body}))

    assert said == "The link to topics/ leads nowhere."


def test_a_person_without_a_position_on_the_day_is_named(sound):
    nobody = AuthorFactory(name="Ada Verne")
    house = AuthorFactory(name="The Forum", institution=True)
    article = ArticleFactory(published=True, **{**sound, "authors": [nobody, house]})

    said = problems_of(article)

    assert "Ada Verne held no position" in said
    assert "The Forum" not in said


def test_a_draft_with_an_undescribed_picture_is_named(sound):
    article = ArticleFactory(draft=True, image=ImageFactory(), **sound)

    assert "image at the top" in problems_of(article)


def test_new_changed_and_long_unchecked_articles_are_due_once(sound):
    article = ArticleFactory(published=True, **sound)
    assert tasks.enqueue_due() == 1
    assert tasks.enqueue_due() == 0

    Article.objects.update(check_asked_at=None)
    article.save()
    assert tasks.enqueue_due() == 1

    Article.objects.update(
        check_asked_at=None, checked_at=timezone.now() - timedelta(days=2)
    )
    assert tasks.enqueue_due() == 1


def test_a_lost_check_is_asked_for_again(sound):
    ArticleFactory(published=True, **sound)
    Article.objects.update(check_asked_at=timezone.now())
    assert tasks.enqueue_due() == 0

    Article.objects.update(check_asked_at=timezone.now() - timedelta(minutes=11))

    assert tasks.enqueue_due() == 1


def test_what_is_saved_during_a_check_is_checked_again(sound, monkeypatch):
    article = ArticleFactory(published=True, **sound)
    look = tasks.Checklist

    def save_meanwhile(checked):
        monkeypatch.setattr(tasks, "Checklist", look)
        article.body = '<p><a href="/article/nowhere/">x</a></p>'
        article.save()
        return look(checked)

    monkeypatch.setattr(tasks, "Checklist", save_meanwhile)
    tasks.enqueue_due()
    article.refresh_from_db()
    assert article.problems == []

    assert tasks.enqueue_due() == 1

    article.refresh_from_db()
    assert "/article/nowhere/" in said_of(article)


def test_a_second_check_finds_the_same_and_changes_nothing_else(sound):
    article = ArticleFactory(published=True, **{**sound, "topics": []})
    first = problems_of(article)
    before = Article.objects.values().get()

    assert problems_of(article) == first
    after = Article.objects.values().get()
    assert {**after, "checked_at": None} == {**before, "checked_at": None}


def test_a_check_of_a_deleted_article_is_harmless(db):
    tasks.check_article.func(1)


def test_a_word_put_under_embargo_later_is_found_in_what_is_scheduled(sound, publisher):
    article = ArticleFactory(scheduled=True, title="Project Atlas", **sound)
    tasks.enqueue_due()
    assert tasks.enqueue_due() == 0

    EditorialPolicy.objects.create(embargoed_words="Project Atlas")
    assert tasks.enqueue_due() == 1

    article.refresh_from_db()
    [problem] = article.problems
    assert (problem["level"], problem["where"]) == ("block", "title")
    desk = publisher.get("/admin/").content.decode()
    assert "“Project Atlas” is under embargo but appears in the title." in desk
    assert "Goes live" in desk


def test_the_desk_shows_contributors_only_the_problems_they_may_see(
    contributor, editor
):
    problem = {"text": "Needs a nap."}
    ArticleFactory(draft=True, title="Undisclosed", problems=[problem])

    assert "Undisclosed" not in contributor.get("/admin/").content.decode()
    assert "Undisclosed" in editor.get("/admin/").content.decode()


def test_only_editors_are_asked_to_mend_the_work_of_others(contributor, editor):
    problem = {"rule": "topic", "level": "warn", "text": "None.", "where": "topics"}
    others = ArticleFactory(published=True, problems=[problem])
    own = ArticleFactory(
        published=True, problems=[problem], created_by=contributor.user
    )

    assert contributor.get("/admin/").context["desk"]["problems"] == [own]
    assert set(editor.get("/admin/").context["desk"]["problems"]) == {own, others}
