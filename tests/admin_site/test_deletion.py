"""Whoever deletes something is told in words what goes with it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    BylineFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def read_page(client, row):
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_delete"
    response = client.get(reverse(name, args=[row.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_what_an_editor_wrote_is_counted(admin_client):
    article = ArticleFactory(title="Cables", topics=[TopicFactory()])
    BylineFactory(article=article)
    BylineFactory(article=article)
    text = read_page(admin_client, article)
    assert "Delete the article “Cables”? This also affects:" in text
    assert "<li>2 bylines</li>" in text


def test_nothing_is_said_of_what_the_site_keeps_for_itself(admin_client):
    text = read_page(admin_client, ArticleFactory(topics=[TopicFactory()]))
    for word in ("search text", "related status", "relationship", "object ("):
        assert word not in text.lower()


def test_who_loses_a_topic_is_counted_and_not_listed(admin_client):
    topic = TopicFactory()
    for title in ("Cables", "Grids"):
        ArticleFactory(title=title, topics=[topic])
    text = read_page(admin_client, topic)
    assert "<li>2 articles lose it</li>" in text
    assert "Cables" not in text
    assert "object (" not in text


def test_what_has_nothing_below_it_is_asked_about_alone(admin_client):
    text = read_page(admin_client, AuthorFactory(name="Ada Verne"))
    assert "Delete the author “Ada Verne”?" in text
    assert "This also affects" not in text


def test_what_is_needed_elsewhere_is_named(admin_client):
    byline = BylineFactory(article__title="Cables")
    text = read_page(admin_client, byline.author)
    assert "cannot be deleted while in use here:" in text
    address = reverse("admin:articles_article_change", args=[byline.article_id])
    assert f'Article: <a href="{address}">Cables</a>' in text
    assert "Delete the author" not in text


def test_authors_who_are_needed_are_kept_together_with_the_articles_named(admin_client):
    bylines = [BylineFactory(article__title=title) for title in ("Cables", "Grids")]
    text = admin_client.post(
        reverse("admin:authors_author_changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [byline.author_id for byline in bylines],
        },
    ).content.decode()
    assert "cannot be deleted while in use here:" in text
    assert text.count(">Cables</a>") == text.count(">Grids</a>") == 1


def test_many_bylines_take_no_more_queries_than_one(admin_client):
    queries = []
    for number in (1, 3):
        author = AuthorFactory()
        BylineFactory.create_batch(number, author=author)
        with CaptureQueriesContext(connection) as captured:
            read_page(admin_client, author)
        queries.append(len(captured))
    assert queries[0] == queries[1]


def test_a_programme_that_somebody_directs_names_the_person(admin_client):
    position = PositionFactory(programme=ProgrammeFactory(), author__name="Ada Verne")
    text = read_page(admin_client, position.programme)
    assert ">Ada Verne</a>" in text


def test_a_draft_of_a_colleague_is_counted_and_not_named(contributor):
    rights = Permission.objects.filter(
        codename__in=["view_author", "delete_author", "delete_position"]
    )
    contributor.user.user_permissions.add(*rights)
    byline = BylineFactory(article__title="Cables")
    text = read_page(contributor, byline.author)
    assert "1 unpublished piece of colleagues" in text
    assert "Cables" not in text


def test_of_several_rows_each_is_named_once(admin_client):
    groups = [Group.objects.create(name=name) for name in ("Interns", "Guests")]
    UserFactory().groups.set(groups)
    response = admin_client.post(
        reverse("admin:auth_group_changelist"),
        {"action": "delete_selected", "_selected_action": [g.pk for g in groups]},
    )
    text = response.content.decode()
    assert "Delete 2 groups?" in text
    assert text.count("<li>Interns</li>") == 1
    assert "<li>2 users lose it</li>" in text

    admin_client.post(
        reverse("admin:auth_group_changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [g.pk for g in groups],
            "post": "yes",
        },
    )
    assert not Group.objects.filter(pk__in=[g.pk for g in groups])
