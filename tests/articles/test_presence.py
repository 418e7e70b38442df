"""Each sees that the other is there; the second takes over knowingly."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from articles.models import Article, EditSession
from tests.admin_site.desk import article_form
from tests.articles.typing import Window
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return ArticleFactory(draft=True, title="Before")


@pytest.fixture
def ada(editor):
    editor.user.first_name, editor.user.last_name = "Ada", "Verne"
    editor.user.save()
    return editor


@pytest.fixture
def bruno(publisher):
    publisher.user.first_name, publisher.user.last_name = "Bruno", "Lind"
    publisher.user.save()
    return publisher


@pytest.fixture
def first(ada, article):
    window = Window(ada, article, "w1")
    window.heartbeat()
    return window


@pytest.fixture
def second(bruno, article, first):
    window = Window(bruno, article, "w2")
    window.heartbeat()
    return window


def said(client, article):
    page = article_form(client, article).page
    [people] = page.xpath("//*[@class='editing-people']")
    return " ".join(people.text_content().split())


def is_locked(client, article):
    return bool(article_form(client, article).page.xpath("//@data-locked"))


def take_over(window):
    return window.client.post(f"{window.base}take-over/", follow=True)


def test_alone_nothing_is_said(first, ada, article):
    answer = first.heartbeat().json()

    assert answer["colleagues"] == []
    assert not answer["locked"]
    assert said(ada, article) == ""


def test_the_second_is_told_and_only_looks_on(second, bruno, article):
    answer = second.heartbeat().json()

    assert answer["locked"]
    [other] = answer["colleagues"]
    assert other["name"] == "Ada Verne"
    assert other["writes"]
    assert "Ada Verne has been writing here since" in said(bruno, article)
    assert is_locked(bruno, article)


def test_the_first_sees_the_second_and_writes_on(first, second, ada, article):
    answer = first.heartbeat().json()

    assert not answer["locked"]
    assert [other["writes"] for other in answer["colleagues"]] == [False]
    assert "Bruno Lind also has this open" in said(ada, article)
    assert not is_locked(ada, article)


def test_the_second_takes_over_and_the_first_is_told_not_stopped(
    first, second, bruno, article
):
    take_over(second)

    assert not second.heartbeat().json()["locked"]
    assert not is_locked(bruno, article)
    answer = first.heartbeat().json()
    assert not answer["locked"]
    assert answer["colleagues"][0]["took_over"]
    assert "Bruno Lind took over at" in said(first.client, article)
    first["title"] = "By Ada"
    assert first.keep().json()["kept"]


def test_nobody_takes_over_by_following_a_link(second):
    assert second.client.get(f"{second.base}take-over/").status_code == 405
    assert second.heartbeat().json()["locked"]


def test_after_a_takeover_both_texts_are_kept_and_shown(first, second):
    first["title"] = "By Ada"
    first.keep()
    take_over(second)
    second["title"] = "By Bruno"
    second.keep()
    second.save()

    first.save()

    assert Article.objects.get().title == "By Bruno"
    marks = first.form.page.xpath("//*[contains(@class, 'conflict')]")[0]
    assert "Bruno" in marks.xpath("string(.//dd/del)")
    assert "Ada" in marks.xpath("string(.//dd/ins)")
    assert first.form["title"] == "By Ada"


def test_without_a_script_nothing_is_locked(first, bruno, article):
    form = article_form(bruno, article)
    form["title"] = "By Bruno"

    form.press("Save draft")

    assert Article.objects.get().title == "By Bruno"


def test_who_is_not_heard_of_for_half_a_minute_is_gone(second, bruno, article):
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        answer = second.heartbeat().json()

        assert answer["colleagues"] == []
        assert not answer["locked"]
        assert said(bruno, article) == ""


def test_who_closes_the_window_is_gone_at_once(first, second):
    first.heartbeat(_leaves="1")

    answer = second.heartbeat().json()

    assert answer["colleagues"] == []
    assert not answer["locked"]


def test_who_closes_the_window_leaves_the_text(first, second):
    first["title"] = "By Ada"
    first.keep(_leaves="1")

    assert second.heartbeat().json()["colleagues"] == []
    assert EditSession.objects.get(user=first.client.user).draft_data["title"] == [
        "By Ada"
    ]


def test_a_farewell_that_comes_late_does_not_count(first, second):
    first.heartbeat(_serial="1000")

    first.heartbeat(_leaves="1", _serial="999")

    assert second.heartbeat().json()["colleagues"]


def test_who_comes_back_to_unsaved_text_is_not_locked_out(first, second):
    first["title"] = "By Ada"
    first.keep()
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert not second.heartbeat().json()["locked"]

        assert not first.heartbeat().json()["locked"]


def test_who_is_away_is_told_of_a_save(first, bruno, article):
    theirs = article_form(bruno, article)
    theirs["title"] = "By Bruno"
    theirs.press("Save draft")

    assert first.heartbeat().json()["saved"]["name"] == "Bruno Lind"


def test_a_second_window_of_the_same_person_overwrites_nothing(first, ada, article):
    first["title"] = "First"
    first.keep()
    other = Window(ada, article, "w3")
    other["title"] = "Second"

    answer = other.keep().json()

    assert answer["kept"] is None
    assert answer["other"]["window"] == "w1"
    assert EditSession.objects.get().draft_data["title"] == ["First"]


def test_it_does_so_when_told_to_and_the_first_is_told(first, ada, article):
    first["title"] = "First"
    first.keep()
    other = Window(ada, article, "w3")
    other["title"] = "Second"

    assert other.keep(_instead_of="w1").json()["kept"]

    assert EditSession.objects.get().draft_data["title"] == ["Second"]
    assert first.keep().json()["other"]["window"] == "w3"


def test_text_of_a_window_long_closed_is_not_overwritten_either(first, ada, article):
    first["title"] = "First"
    first.keep()
    other = Window(ada, article, "w3")
    other["title"] = "Second"

    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert other.keep().json()["kept"] is None
    assert EditSession.objects.get().draft_data["title"] == ["First"]


def test_the_window_that_brings_text_back_goes_on_with_it(first, ada, article):
    first["title"] = "First"
    first.keep()
    other = Window(ada, article, "w3")
    other.bring_back()
    assert first.heartbeat().json()["other"]["window"] == "w3"
    other["title"] = "Second"

    assert other.keep().json()["kept"]
    assert first.keep().json()["kept"] is None


def test_saving_in_one_window_leaves_what_another_keeps(first, ada, article):
    other = Window(ada, article, "w3")
    first["title"] = "First"
    first.keep()

    other.save()

    assert EditSession.objects.get().draft_data["title"] == ["First"]


def test_those_long_gone_are_forgotten_but_not_their_text(
    first, second, article, manager
):
    second["title"] = "By Bruno"
    second.keep()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        EditSession.objects.heartbeat(manager.user, article.pk, "w9", 1)

    names = set(EditSession.objects.values_list("user__first_name", flat=True))
    assert names == {"Bruno", ""}


def test_a_new_article_is_nobodys_but_the_writers(ada, bruno):
    Window(ada).keep()

    assert Window(bruno).heartbeat().json()["colleagues"] == []
