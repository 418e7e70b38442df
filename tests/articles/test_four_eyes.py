"""With four eyes nobody brings own words before readers alone."""

from datetime import timedelta

import pytest
import reversion
from django.utils import timezone
from reversion.models import Version

from articles.models import Article, Byline, EditorialPolicy
from articles.workflow import PUBLISH, NotAllowed, State
from tests.admin_site.desk import OpenForm, article_form
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    ImageFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def four_eyes():
    EditorialPolicy.objects.update_or_create(defaults={"four_eyes": True})


@pytest.fixture
def writer():
    return UserFactory(contributor=True)


@pytest.fixture
def draft(writer):
    """A colleague's, with a history."""
    with reversion.create_revision():
        reversion.set_user(writer)
        return ArticleFactory(in_review=True, created_by=writer, changed_by=writer)


def is_live(article):
    return Article.objects.published().filter(pk=article.pk).exists()


def save(article, by, **fields):
    """As the desk does."""
    article = Article.objects.get(pk=article.pk)
    with reversion.create_revision():
        reversion.set_user(by)
        for name, value in fields.items():
            setattr(article, name, value)
        article.changed_by = by
        article.save()
        article.void_sign_off(by=by)
    return article


# In one form


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Quite another title"},
        {"body": "<p>Quite another text.</p>"},
        {"standfirst": "Another argument."},
        {"seo_title": "For search engines"},
        {"disclaimer": "Nothing of this is ours."},
    ],
)
def test_a_text_is_not_replaced_and_published_in_one_form(publisher, draft, change):
    form = article_form(publisher, draft)
    for name, value in change.items():
        form[name] = value

    form.press("Publish now")

    assert not is_live(draft)
    assert "You have changed this text" in form.said
    [(name, value)] = change.items()
    assert form[name].strip() == value
    assert getattr(Article.objects.get(pk=draft.pk), name) != value
    # Nothing of it is in the history, which would make the publisher its writer.
    assert Version.objects.get_for_object(draft).count() == 1


def test_nor_are_its_people_topics_or_files(publisher, draft):
    author = AuthorFactory()
    AttachmentFactory(article=draft, title="Annex")
    rows = {"bylines-TOTAL_FORMS": "1", "bylines-0-author": str(author.pk)}
    for change in (
        rows | {"bylines-0-role": "author", "bylines-0-order": "0"},
        {"topics": str(TopicFactory().pk)},
        {"attachments-0-title": "Another annex"},
    ):
        form = article_form(publisher, draft)
        for name, value in change.items():
            form[name] = value

        form.press("Publish now")

        assert "You have changed this text" in form.said
        assert not is_live(draft), change


def test_what_was_never_saved_at_the_desk_is_no_way_around(publisher):
    imported = ArticleFactory(draft=True)
    form = article_form(publisher, imported)
    form["title"] = "Quite another title"
    form.press("Publish now")
    assert not is_live(imported)

    form = article_form(publisher, imported)
    form["title"] = "Quite another title"
    form.press("Save draft")
    assert "Publish now" not in form.buttons
    assert not Article.objects.get(pk=imported.pk).may(PUBLISH, publisher.user)


def test_anothers_text_is_published_as_it_stands(publisher, draft):
    form = article_form(publisher, draft)

    form.press("Publish now")

    assert is_live(draft)


def test_so_is_what_was_never_saved_at_the_desk(publisher):
    imported = ArticleFactory(draft=True)
    form = article_form(publisher, imported)

    form.press("Publish now")

    assert is_live(imported)


def test_a_new_time_is_no_change_of_the_text(publisher, draft):
    form = article_form(publisher, draft)
    form["published_at_0"], form["published_at_1"] = "2020-05-03", "10:00"

    form.press("Publish now")

    assert is_live(draft)


def test_changes_of_a_live_page_are_not_published_by_their_writer(publisher):
    live = ArticleFactory(published=True, title="Before")
    form = article_form(publisher, live)
    form["title"] = "After"

    form.send({**form.values, "_step": "publish"})

    assert Article.objects.get(pk=live.pk).title == "Before"


# One after the other


@pytest.mark.parametrize("step", ["approve", "publish"])
def test_who_edited_a_word_does_not_sign_it_off_later(draft, step):
    publisher = UserFactory(publisher=True)
    article = save(draft, publisher, title="One word")

    with pytest.raises(NotAllowed, match="You have changed this text"):
        getattr(article, step)(by=publisher)


def test_who_changed_it_publishes_it_after_somebody_else_approved(draft):
    publisher = UserFactory(publisher=True)
    article = save(draft, publisher, title="One word")
    article.approve(by=UserFactory(editor=True))

    article.publish(by=publisher)

    assert is_live(article)


def test_whoever_reads_it_last_releases_what_several_wrote(draft, writer):
    editor, publisher = UserFactory(editor=True), UserFactory(publisher=True)
    article = save(draft, editor, title="One word")

    with pytest.raises(NotAllowed):
        article.approve(by=editor)
    article.publish(by=publisher)

    assert is_live(article)


def test_who_changed_it_first_does_not_release_what_others_changed_after(draft, writer):
    publisher = UserFactory(publisher=True)
    save(draft, publisher, title="One word")
    article = save(draft, writer, body="<p>Another text.</p>")

    with pytest.raises(NotAllowed, match="You have changed this text"):
        article.publish(by=publisher)


def test_an_approval_followed_by_an_edit_is_no_second_pair_of_eyes(draft):
    publisher = UserFactory(publisher=True)
    draft.approve(by=publisher)

    article = save(draft, publisher, body="<p>Slipped in.</p>")

    assert article.state == State.IN_REVIEW
    with pytest.raises(NotAllowed):
        article.publish(by=publisher)


def test_a_sign_off_covers_which_images_and_people_a_text_has_not_the_library(draft):
    image, author = ImageFactory(), AuthorFactory()
    draft.image = image
    draft.save()
    Byline.objects.create(article=draft, author=author)
    draft.approve(by=UserFactory(editor=True))

    image.credit, author.name = "Another agency", "Another Name"
    image.save()
    author.save()

    assert Article.objects.get().has_sign_off
    draft.image = ImageFactory()
    draft.save()
    assert not Article.objects.get().has_sign_off


def test_an_edit_of_what_another_scheduled_is_not_scheduled_again_alone(draft):
    first, second = UserFactory.create_batch(2, publisher=True)
    draft.publish(by=first, at=timezone.now() + timedelta(hours=1))
    article = save(draft, second, body="<p>Slipped in.</p>")

    with pytest.raises(NotAllowed):
        article.publish(by=second, at=timezone.now() + timedelta(hours=1))
    article.publish(by=first, at=timezone.now())

    assert is_live(article)


def test_changes_that_another_has_read_since_bind_nobody(draft):
    publisher = UserFactory(publisher=True)
    article = save(draft, publisher, title="One word")
    article.approve(by=UserFactory(editor=True))
    article = save(article, UserFactory(editor=True), title="Two words")

    article.publish(by=publisher)

    assert is_live(article)


def test_a_step_or_a_save_of_the_same_text_makes_nobody_its_writer(draft):
    publisher = UserFactory(publisher=True)
    article = save(draft, publisher)
    article.return_to_author(by=publisher, note="Shorter.")
    article.submit(by=publisher)

    article.publish(by=publisher)

    assert is_live(article)


def test_bringing_back_an_earlier_text_is_a_change(draft, writer):
    publisher = UserFactory(publisher=True)
    version = Version.objects.get_for_object(draft).get()
    article = save(draft, writer, body="<p>What a colleague should read.</p>")

    article.restore(version, by=publisher)

    with pytest.raises(NotAllowed):
        Article.objects.get(pk=draft.pk).publish(by=publisher)


def test_a_colleagues_working_copy_is_not_changed_and_published_alone():
    first, second = UserFactory.create_batch(2, publisher=True)
    live = ArticleFactory(published=True, title="Before")
    copy = save(live.start_working_copy(by=first), first, title="After")
    copy = save(copy, second, body="<p>Slipped in.</p>")

    with pytest.raises(NotAllowed):
        copy.publish(by=second)
    with pytest.raises(NotAllowed):
        copy.publish(by=first)
    copy.publish(by=UserFactory(publisher=True))

    assert Article.objects.get(pk=live.pk).title == "After"


def test_a_withdrawn_page_is_not_changed_and_published_again_alone(draft):
    first, second = UserFactory.create_batch(2, publisher=True)
    draft.publish(by=first)
    draft.withdraw(by=second, reason="Wrong.")
    Article.objects.get(pk=draft.pk).publish(by=second)
    Article.objects.get(pk=draft.pk).withdraw(by=second, reason="Wrong.")

    article = save(draft, second, body="<p>Slipped in.</p>")

    with pytest.raises(NotAllowed):
        article.publish(by=second)


def test_the_action_of_the_list_asks_too(publisher, draft):
    save(draft, publisher.user, title="One word")

    publisher.post(
        "/admin/articles/article/",
        {"action": "publish", "_selected_action": [draft.pk]},
    )

    assert not is_live(draft)


# Whose work it is


def author_form(client, author):
    return OpenForm(client, f"/admin/authors/author/{author.pk}/change/")


def test_the_tie_that_binds_somebody_is_not_theirs_to_undo(publisher):
    author = AuthorFactory(user=publisher.user)
    article = ArticleFactory(in_review=True, authors=[author])
    form = author_form(publisher, author)

    form.send({**form.values, "user": "", "_save": ""})

    author.refresh_from_db()
    assert author.user == publisher.user
    with pytest.raises(NotAllowed, match="your own work"):
        article.publish(by=publisher.user)


@pytest.mark.parametrize("role", ["editor", "publisher"])
def test_only_who_gives_accounts_ties_them_to_authors(request, role, manager):
    client = request.getfixturevalue(role)
    author = AuthorFactory()
    colleague = UserFactory(username="colleague")
    for who, tied in ((client, None), (manager, colleague)):
        form = author_form(who, author)
        form.send({**form.values, "user": str(colleague.pk), "_save": ""})
        author.refresh_from_db()
        assert author.user == tied


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_ties_or_unties_the_own_account(superuser):
    client = signed_in(manager=True, is_superuser=superuser)
    own, free = AuthorFactory(user=client.user), AuthorFactory()

    for author, posted in ((own, ""), (free, str(client.user.pk))):
        form = author_form(client, author)
        form.send({**form.values, "user": posted, "_save": ""})
    account = OpenForm(client, f"/admin/auth/user/{client.user.pk}/change/")
    assert "author" not in account.values
    account.send({**account.values, "author": str(free.pk), "_save": ""})

    own.refresh_from_db()
    free.refresh_from_db()
    assert (own.user, free.user) == (client.user, None)


def test_who_is_no_author_yet_does_not_become_one_alone(manager):
    free = AuthorFactory()
    form = author_form(manager, free)

    form.send({**form.values, "user": str(manager.user.pk), "_save": ""})

    free.refresh_from_db()
    assert free.user is None
    assert "A colleague ties yours" in form.said


@pytest.mark.parametrize("role", ["editor", "publisher"])
def test_the_form_of_an_author_names_no_account(request, role):
    client = request.getfixturevalue(role)
    secret = UserFactory(username="undisclosed", is_superuser=True)
    author = AuthorFactory(user=secret)

    for page in (f"add/?user={secret.pk}", f"{author.pk}/change/?user={secret.pk}"):
        told = client.get(f"/admin/authors/author/{page}").content.decode()
        assert "undisclosed" not in told
