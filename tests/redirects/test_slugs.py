"""Two pages may have one title, never one address; and an old address stays free."""

import pytest
from django.contrib.redirects.models import Redirect
from django.db import IntegrityError

from articles.models import Article, Topic
from authors.models import Author, Programme
from newsletter.models import Newsletter
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import ArticleFactory, AuthorFactory, TopicFactory, UserFactory

pytestmark = pytest.mark.django_db


def save_draft(client, **values):
    form = article_form(client)
    for name, value in values.items():
        form[name] = value
    form.press("Save draft")
    return form


def slugs():
    return list(Article.objects.order_by("pk").values_list("slug", flat=True))


@pytest.mark.parametrize("slug", ["the-week-ahead", ""])
def test_a_draft_with_a_title_that_exists_gets_the_next_address(editor, slug):
    for _ in range(3):
        form = save_draft(editor, title="The week ahead", slug=slug)
        assert "Saved as a draft" in form.said

    assert slugs() == ["the-week-ahead", "the-week-ahead-2", "the-week-ahead-3"]


def test_an_address_that_the_browser_made_in_its_own_way_is_free_to_change(editor):
    """Browser and server write other scripts in Latin letters by their own rules."""
    for _ in range(2):
        save_draft(
            editor, title="Война и мир", slug="vojna-i-mir", _made_slug="vojna-i-mir"
        )

    assert slugs() == ["vojna-i-mir", "vojna-i-mir-2"]


@pytest.mark.parametrize("model", [Article, Author, Programme, Topic, Newsletter])
@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ольга Токарчук", "olga-tokarchuk"),
        ("Ελένη Νίκα", "eleni-nika"),
        ("王小明", "wangxiaoming"),
        ("محمد", "mhmd"),
        ("Łódź, Đà Nẵng & Straße", "lodz-da-nang-strasse"),
        ("e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}", "ete"),
        ("€100 billion 🎉", "100-billion"),
    ],
)
def test_an_address_is_in_latin_letters_whatever_the_script(model, name, slug):
    assert model().find_free_slug(name) == slug


def test_a_name_without_any_letter_gets_the_word_for_what_it_is():
    assert Author().find_free_slug("…!") == "author"


def test_a_person_whose_name_is_not_in_latin_letters_gets_an_address(admin_client):
    form = OpenForm(admin_client, "/admin/authors/author/add/")
    form["name"] = "王小明"
    form.press("Save")

    assert Author.objects.get().slug == "wangxiaoming"


def test_a_form_that_comes_back_lets_the_address_follow_the_title(editor):
    values = {"title": "One", "slug": "one", "_made_slug": "one", "published_at_0": "x"}

    form = save_draft(editor, **values)

    assert form["slug"] == ""
    assert form["title"] == "One"


def test_a_typed_address_that_is_taken_is_refused_and_names_the_article(editor):
    ArticleFactory(draft=True, title="The quiet port", slug="port")

    form = save_draft(editor, title="Harbours", slug="port", body="<p>Mine.</p>")

    assert "It is “The quiet port”: choose another address." in form.said
    assert (form["title"], form["slug"]) == ("Harbours", "port")
    assert form["body"] == "<p>Mine.</p>"
    assert slugs() == ["port"]


def test_a_draft_that_the_editor_may_not_see_is_not_named(contributor):
    other = UserFactory(editor=True)
    ArticleFactory(draft=True, title="A secret", slug="port", created_by=other)

    form = save_draft(contributor, title="Harbours", slug="port")

    assert "There is an article with this address. Choose another" in form.said
    assert "A secret" not in form.said


def test_an_old_address_of_another_article_is_not_taken_over(editor, reader):
    moved = ArticleFactory(published=True, slug="the-week-ahead")
    moved.slug = "the-week-of-may"
    moved.save()

    refused = save_draft(editor, title="Another", slug="the-week-ahead")
    save_draft(editor, title="The week ahead", slug="the-week-ahead")

    assert "/article/the-week-ahead/ is an old address, which leads to" in refused.said
    assert slugs() == ["the-week-of-may", "the-week-ahead-2"]
    assert reader.get("/article/the-week-ahead/").status_code == 301


def test_an_article_may_have_its_own_old_address_again(publisher):
    article = ArticleFactory(published=True, slug="first")
    article.slug = "second"
    article.save()
    form = article_form(publisher, article.start_working_copy(publisher.user))
    form["slug"] = "first"

    form.press("Update the live page")

    article.refresh_from_db()
    assert article.slug == "first"
    assert not Redirect.objects.filter(old_path="/article/first/").exists()


def test_a_working_copy_cannot_take_the_address_that_another_will_have(editor):
    one, two = ArticleFactory.create_batch(2, published=True)
    copy = one.start_working_copy(editor.user)
    copy.slug = "wanted"
    copy.save()
    form = article_form(editor, two)
    form["slug"] = "wanted"

    form.press("Save the changes")

    assert "There is an article with this address." in form.said
    assert two.changes is None


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("戦争と平和", "zhanzhengtopinghe"),
        ("🦊🦊", "commentary"),
        ("long words " * 20, "-".join(["long-words"] * 9)),
    ],
)
def test_titles_that_make_no_address_or_a_long_one(editor, title, slug):
    for _ in range(2):
        save_draft(editor, title=title, slug="")

    assert slugs() == [slug, f"{slug}-2"]


def test_of_two_who_save_at_once_the_second_gets_the_next_address(editor, monkeypatch):
    form = article_form(editor)
    form["title"] = "The week ahead"
    save = Article.save
    raced = []

    def save_second(article, *args, **kwargs):
        if not raced:
            raced.append(True)
            raise IntegrityError("UNIQUE constraint failed: articles_article.slug")
        save(article, *args, **kwargs)

    ArticleFactory(draft=True, slug="the-week-ahead")
    monkeypatch.setattr(Article, "save", save_second)

    form.press("Save draft")

    assert "Saved as a draft" in form.said
    assert slugs() == ["the-week-ahead", "the-week-ahead-2"]


def test_people_and_topics_may_share_their_names_too(publisher):
    AuthorFactory(name="Anna Müller", slug="anna-muller")
    TopicFactory(kind="region", name="Georgia", slug="georgia")
    person = OpenForm(publisher, "/admin/authors/author/add/")
    person["name"], person["slug"] = "Anna Müller", "anna-muller"
    topic = OpenForm(publisher, "/admin/articles/topic/add/")
    topic["name"], topic["slug"], topic["kind"] = "Georgia", "georgia", "topic"
    person["_is_another"] = topic["_is_another"] = "1"

    person.press("Save")
    topic.press("Save")

    assert Author.objects.filter(slug="anna-muller-2").exists()
    assert Topic.objects.filter(slug="georgia-2").exists()


def test_a_newsletter_is_not_put_where_the_site_has_a_page(admin_client):
    form = OpenForm(admin_client, "/admin/newsletter/newsletter/add/")
    form["name"], form["slug"] = "Challenge", "challenge"

    form.press("Save")

    assert Newsletter.objects.get(name="Challenge").slug == "challenge-2"
