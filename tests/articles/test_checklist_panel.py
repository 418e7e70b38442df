"""The checklist in an article's form: findings, and steps it stops."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Article, EditorialPolicy, Link
from articles.workflow import State
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    PositionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

PUBLISH = "Publish now"


def block(*rules, **settings):
    EditorialPolicy.objects.update_or_create(
        pk=1, defaults={"checklist": dict.fromkeys(rules, "block"), **settings}
    )


@pytest.fixture
def sound():
    return {"topics": [TopicFactory()], "authors": [PositionFactory().author]}


def panel(form):
    [part] = form.page.xpath("//details[contains(@class, 'checklist-part')]")
    return part


def text(element):
    return " ".join(element.text_content().split())


def test_what_blocks_is_said_at_its_field_and_the_text_is_kept(publisher, sound):
    block(embargoed_words="Project Atlas")
    article = ArticleFactory(draft=True, **sound)
    form = article_form(publisher, article)
    form["title"] = "Project Atlas is here"
    form["body"] = "<p>Newly typed.</p>"

    form.press(PUBLISH)

    assert "“Project Atlas” is under embargo but appears in the title." in form.said
    [link] = form.page.xpath("//ul[@class='error-summary']//a")
    assert link.get("href") == "#id_title"
    assert form["title"] == "Project Atlas is here"
    assert "Newly typed." in form["body"]
    assert Article.objects.get().state == State.DRAFT


def test_scheduling_is_held_to_the_same(publisher, sound):
    block("seo_description")
    article = ArticleFactory(draft=True, published_at="2099-01-01T10:00Z", **sound)
    form = article_form(publisher, article)
    form["seo_description"] = "d" * 200

    form.press(next(label for label in form.buttons if label.startswith("Schedule")))

    assert "200 characters" in form.said
    assert Article.objects.get().state == State.DRAFT


def test_saving_a_draft_and_submitting_it_is_not(contributor):
    block("topic", "position")
    article = ArticleFactory(draft=True, created_by=contributor.user)
    form = article_form(contributor, article)

    form.press("Submit for review")

    assert Article.objects.get().state == State.IN_REVIEW


def test_what_is_scheduled_stays_whole_but_can_be_taken_off(publisher, sound):
    block(embargoed_words="Project Atlas")
    ArticleFactory(scheduled=True, title="Project Atlas", **sound)
    form = article_form(publisher, Article.objects.get())

    form.press(next(label for label in form.buttons if label.startswith("Save; it")))
    assert "under embargo" in form.said

    article_form(publisher, Article.objects.get()).press("Take off the schedule")
    assert Article.objects.get().state == State.APPROVED


def test_topics_and_people_are_checked_as_they_were_typed(publisher):
    block("topic", "position")
    topic, fellow = TopicFactory(), PositionFactory().author
    nobody = AuthorFactory(name="Ada Verne")
    article = ArticleFactory(draft=True)
    form = article_form(publisher, article)
    form["bylines-0-author"] = str(nobody.pk)

    form.press(PUBLISH)
    assert "The article has no topic." in form.said
    assert "Ada Verne held no position on that day" in form.said

    form["topics"] = [str(topic.pk)]
    form["bylines-0-author"] = str(fellow.pk)
    form.press(PUBLISH)
    assert "The page is live." in form.said
    assert list(Article.objects.get().authors.all()) == [fellow]


def test_a_topic_taken_away_in_the_form_is_gone(publisher, sound):
    block("topic")
    article = ArticleFactory(draft=True, **sound)
    form = article_form(publisher, article)
    form["topics"] = []

    form.press(PUBLISH)

    assert "The article has no topic." in form.said
    assert article.topics.exists()


def test_a_person_removed_in_the_form_is_not_asked_about(publisher, sound):
    block("position")
    article = ArticleFactory(
        draft=True, **{**sound, "authors": [AuthorFactory(name="Ada Verne")]}
    )
    form = article_form(publisher, article)
    form["bylines-0-DELETE"] = "on"

    form.press(PUBLISH)

    assert "The page is live." in form.said


def test_a_new_article_is_published_from_its_first_form(publisher):
    block("topic")
    topic = TopicFactory()
    form = article_form(publisher)
    for name, value in {
        "title": "Ports",
        "slug": "ports",
        "standfirst": "What the article argues, in a sentence.",
        "body": "<p>Text.</p>",
    }.items():
        form[name] = value

    form.press(PUBLISH)
    assert "The article has no topic." in form.said

    form["topics"] = [str(topic.pk)]
    form.press(PUBLISH)
    assert Article.objects.published().count() == 1


def test_a_new_title_under_embargo_never_leaves_the_bulk_action(publisher):
    block(embargoed_words="Atlas")
    held = ArticleFactory(draft=True, title="Atlas")
    good = ArticleFactory(draft=True)

    answer = publisher.post(
        "/admin/articles/article/",
        {"action": "publish", "_selected_action": [held.pk, good.pk]},
        follow=True,
    )

    assert list(Article.objects.published()) == [good]
    said = answer.content.decode()
    assert "“Atlas” is under embargo" in said
    # What did not keep the other from readers is said too.
    assert "The article has no topic." in said


def test_warnings_are_said_after_publishing(publisher):
    form = article_form(publisher, ArticleFactory(draft=True))

    form.press(PUBLISH)

    assert "The page is live." in form.said
    assert "The article has no topic." in form.said
    assert Article.objects.published().exists()


# The part beside the form


def test_it_shows_what_blocks_what_warns_and_what_is_fine(editor):
    Link.objects.create(address="https://x.example/")
    body = '<h3>Early</h3><p>A link <a href="https://x.example/">there</a>.</p>'
    article = ArticleFactory(draft=True, standfirst="", body=body)

    part = panel(article_form(editor, article))

    assert "1 to fix 2 to check" in text(part)
    assert "19 of 23 checks passed" in text(part)
    assert "1 link is still being checked." in text(part)
    links = {a.get("href"): a.get("data-passage") for a in part.xpath(".//a")}
    assert links == {"#id_standfirst": None, "#id_topics": None, "#id_body": "Early"}


def test_every_finding_leads_to_a_field_that_is_there(editor):
    block(embargoed_words="Atlas")
    article = ArticleFactory(
        draft=True,
        title="Atlas",
        slug="atlas",
        seo_title="Atlas",
        original_outlet="Atlas",
        authors=[AuthorFactory()],
        body="",
    )

    form = article_form(editor, article)

    hrefs = {a.get("href") for a in panel(form).xpath(".//a")}
    assert "#bylines-group" in hrefs
    assert len(hrefs) > 6
    for href in hrefs:
        assert form.page.xpath("//*[@id=$id]", id=href[1:]), href


def test_it_speaks_of_what_was_saved_last(publisher):
    form = article_form(publisher, ArticleFactory(draft=True))
    form["standfirst"] = ""

    form.press(PUBLISH)

    assert "needs a standfirst" in form.said
    assert "to fix" not in text(panel(form)).split("As last saved")[0]


def test_of_a_working_copy_it_shows_the_copy(publisher):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=publisher.user)
    copy.standfirst = ""
    copy.save()

    assert "needs a standfirst" in text(panel(article_form(publisher, copy)))


def test_an_article_not_yet_saved_has_none(publisher):
    form = article_form(publisher)

    assert form.page.xpath("//details[contains(@class, 'checklist-part')]") == []


def test_the_form_takes_the_same_queries_whatever_is_found(editor):
    block(embargoed_words="Atlas\nNever")

    def queries(count):
        body = "".join(
            f'<h3>Atlas</h3><p><a href="/nowhere/{n}/">here</a></p>'
            for n in range(count)
        )
        article = ArticleFactory(draft=True, body=body)
        address = f"/admin/articles/article/{article.pk}/change/"
        editor.get(address)
        with CaptureQueriesContext(connection) as captured:
            editor.get(address)
        return len(captured)

    assert queries(1) == queries(20)


# Settings


def policy_form(client):
    EditorialPolicy.objects.get_or_create(pk=1)
    return OpenForm(client, "/admin/articles/editorialpolicy/1/change/")


def test_managers_set_the_level_of_each_rule(manager):
    form = policy_form(manager)
    assert form["checklist_topic"] == "warn"
    form["checklist_topic"] = "block"
    form["checklist_link_texts"] = "off"
    form["checklist_standfirst_longest"] = "250"
    form["embargoed_words"] = "Project Atlas"
    form["four_eyes"] = "on"

    form.press("Save")

    kept = EditorialPolicy.objects.get()
    assert kept.checklist["topic"] == "block"
    assert kept.checklist["link_texts"] == "off"
    assert kept.checklist["standfirst_longest"] == 250
    assert (kept.embargoed_words, kept.four_eyes) == ("Project Atlas", True)
    assert policy_form(manager)["checklist_topic"] == "block"


def test_what_the_site_does_not_know_any_more_is_let_go(manager):
    EditorialPolicy.objects.create(checklist={"topic": "off", "long_ago": "block"})

    policy_form(manager).press("Save")

    kept = EditorialPolicy.objects.get().checklist
    assert kept["topic"] == "off"
    assert "long_ago" not in kept


def test_what_always_blocks_cannot_be_forged_away(manager):
    form = policy_form(manager)

    form.send({**form.values, "checklist_lead_alt": ["off"], "_save": [""]})

    assert EditorialPolicy.objects.get().checklist["lead_alt"] == "block"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("checklist_standfirst_longest", "10", "cannot be less than the minimum"),
        ("checklist_standfirst_shortest", "0", "greater than or equal to 1"),
        ("checklist_topic", "loud", "not one of the available choices"),
    ],
)
def test_settings_that_make_no_sense_are_refused(manager, name, value, words):
    form = policy_form(manager)
    form[name] = value

    form.press("Save")

    assert words in form.said
    assert EditorialPolicy.objects.get().checklist == {}


def test_signing_in_again_brings_unsaved_settings_back(manager):
    form = policy_form(manager)
    form["embargoed_words"] = "Project Atlas"
    form["checklist_topic"] = "block"
    manager.logout()

    form.press("Save")
    form["username"] = manager.user.username
    form["password"] = "correct horse"
    form.press("Sign in and continue")

    assert form["embargoed_words"].strip() == "Project Atlas"
    assert form["checklist_topic"] == "block"
    assert EditorialPolicy.objects.get().embargoed_words == ""


@pytest.mark.parametrize("role", ["contributor", "editor", "publisher"])
def test_nobody_else_changes_them(request, role):
    client = request.getfixturevalue(role)
    EditorialPolicy.objects.create()
    address = "/admin/articles/editorialpolicy/1/change/"

    assert client.get(address).status_code == 403
    answer = client.post(address, {"embargoed_words": "x", "checklist_topic": "off"})

    assert answer.status_code == 403
    assert EditorialPolicy.objects.get().checklist == {}
