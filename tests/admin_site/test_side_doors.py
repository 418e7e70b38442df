"""No address of the desk tells low-rights accounts of work that is not theirs."""

from datetime import timedelta

import pytest
import reversion
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from reversion.models import Version

from articles.models import ArchiveImport, Article, Comment, EditSession, PreviewLink
from ecfr_site.statistics.models import PageCount
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    EditionFactory,
    FunderFactory,
    ImageFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SECRET = "Undisclosed corridor"
SLUG = "undisclosed-corridor"


def hide(**state):
    """An article that only editors know, with everything that could tell of it."""
    editor = UserFactory(editor=True)
    shared = Hidden.shared
    with reversion.create_revision():
        article = ArticleFactory(
            title=SECRET,
            slug=f"{SLUG}-{Article.objects.count()}",
            standfirst=SECRET,
            body=f'<p>{SECRET}</p><p><img src="{shared["image"].file.url}" alt=""></p>',
            created_by=editor,
            image=shared["image"],
            image_alt=SECRET,
            authors=[shared["author"]],
            programmes=[shared["programme"]],
            topics=[shared["topic"]],
            series=shared["series"],
            funders=[shared["funder"]],
            problems=[
                {"rule": "topic", "level": "warn", "text": SECRET, "where": "topics"}
            ],
            **state,
        )
        AttachmentFactory(article=article, title=SECRET)
    return article


class Hidden:
    """Articles in every state but published, and what belongs to them."""

    def __init__(self):
        now = timezone.now()
        Hidden.shared = {
            "image": ImageFactory(),
            "author": AuthorFactory(),
            "programme": ProgrammeFactory(),
            "topic": TopicFactory(),
            "series": SeriesFactory(),
            "funder": FunderFactory(),
        }
        vars(self).update(Hidden.shared)
        live = ArticleFactory(published=True, title="Known to all", slug="known")
        copy = live.start_working_copy(by=UserFactory(editor=True))
        copy.title, copy.standfirst, copy.slug = SECRET, SECRET, f"{SLUG}-copy"
        copy.body = f"<p>{SECRET}</p>"
        with reversion.create_revision():
            copy.save()
        self.articles = [
            hide(draft=True),
            hide(in_review=True),
            hide(state="approved"),
            hide(scheduled=True),
            hide(withdrawn=True),
            hide(
                published=True,
                published_at=now - timedelta(days=2),
                ends_at=now - timedelta(days=1),
            ),
            copy,
        ]
        # As of pages that were public once.
        for article in self.articles:
            PageCount.objects.create(
                day=timezone.localdate(), view="article", object_id=article.pk, number=9
            )
        publisher = UserFactory(publisher=True)
        self.links = {
            article.pk: PreviewLink.objects.create(
                article_id=article.original_id,
                recipient=SECRET,
                created_by=publisher,
                expires_at=now + timedelta(days=1),
            )
            for article in self.articles
        }
        self.comments = {
            article.pk: Comment.objects.create(
                article_id=article.original_id,
                on_working_copy=article.live_id is not None,
                by=publisher,
                quote=SECRET,
                text=SECRET,
            )
            for article in self.articles
        }
        self.archive_import = ArchiveImport.objects.create(
            source_type="wordpress", name=SECRET, state="done"
        )
        deleted = hide(draft=True)
        self.deleted = Version.objects.get_for_object(deleted).get()
        deleted.delete()

    def version(self, article):
        return Version.objects.get_for_object(article).first().pk


@pytest.fixture(scope="module")
def hidden_rows(django_db_setup, django_db_blocker, tmp_path_factory):
    """Made once: it takes longer than most tests, which put back what they change.

    Tests here that do not ask for them meet them, too.
    """
    with (
        django_db_blocker.unblock(),
        override_settings(
            MEDIA_ROOT=tmp_path_factory.mktemp("media"),
            PRIVATE_ROOT=tmp_path_factory.mktemp("private"),
            TASKS={"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}},
        ),
        transaction.atomic(),
    ):
        hidden = Hidden()
        hidden.folders = {
            name: getattr(settings, name) for name in ("MEDIA_ROOT", "PRIVATE_ROOT")
        }
        yield hidden
        transaction.set_rollback(True)


@pytest.fixture
def hidden(hidden_rows, settings):
    for name, folder in hidden_rows.folders.items():
        setattr(settings, name, folder)
    return hidden_rows


def anonymous():
    return Client()


LOW = {
    "a visitor": anonymous,
    "an account without the desk": lambda: signed_in(),
    "an account without a group": lambda: signed_in(is_staff=True),
    "a contributor": lambda: signed_in(contributor=True),
    "a manager": lambda: signed_in(manager=True),
    "a newsletter editor": lambda: signed_in(newsletter_editor=True),
    "a newsletter manager": lambda: signed_in(newsletter_manager=True),
}

MOVING_IN = (
    "import",
    "map",
    "people",
    "positions",
    "refused",
    "report",
    "report_csv",
    "terms",
    "undo",
)
# How each address of articles at the desk is opened with one that is hidden. An address
# that is missing here fails a test: say how it is opened, and it is tried.
DOORS = {
    "changelist": lambda hidden, article: [],
    "add": lambda hidden, article: [],
    "position": lambda hidden, article: [],
    "change": lambda hidden, article: [article.pk],
    "delete": lambda hidden, article: [article.pk],
    "history": lambda hidden, article: [article.pk],
    "revision": lambda hidden, article: [article.pk, hidden.version(article)],
    "preview": lambda hidden, article: [article.pk],
    "recoverlist": lambda hidden, article: [],
    "recover": lambda hidden, article: [hidden.deleted.pk],
    "preview_links": lambda hidden, article: [article.original_id],
    "preview_link": lambda hidden, article: [
        article.original_id,
        hidden.links[article.pk].pk,
    ],
    "revoke_preview_link": lambda hidden, article: [
        article.original_id,
        hidden.links[article.pk].pk,
    ],
    "autosave": lambda hidden, article: [article.pk],
    "throw_away": lambda hidden, article: [article.pk],
    "take_over": lambda hidden, article: [article.pk],
    "comments": lambda hidden, article: [article.pk],
    "comment_resolve": lambda hidden, article: [
        article.pk,
        hidden.comments[article.pk].pk,
    ],
    "comment_reopen": lambda hidden, article: [
        article.pk,
        hidden.comments[article.pk].pk,
    ],
    "board": lambda hidden, article: [],
    "calendar": lambda hidden, article: [],
    "manuscripts": lambda hidden, article: [],
    "move_in": lambda hidden, article: [],
    **{
        f"move_in_{name}": lambda hidden, article: [hidden.archive_import.pk]
        for name in MOVING_IN
    },
    "readers": lambda hidden, article: [],
    "readers_csv": lambda hidden, article: [],
    "output": lambda hidden, article: [],
    "output_csv": lambda hidden, article: [],
    "output_bibtex": lambda hidden, article: [],
    "check_doi": lambda hidden, article: [article.pk],
    "documents": lambda hidden, article: [article.pk],
    "notices": lambda hidden, article: [],
    "discard": lambda hidden, article: [article.pk],
    "compare": lambda hidden, article: [article.pk],
    "merge": lambda hidden, article: [article.pk],
    "restore": lambda hidden, article: [article.pk, hidden.version(article)],
    "withdraw": lambda hidden, article: [article.pk],
    "feature": lambda hidden, article: [article.pk],
}
# Those that tell an editor nothing of the article either.
SILENT = {
    "add",
    "autosave",
    "check_doi",
    "comment_reopen",
    "comment_resolve",
    "discard",
    "documents",
    "feature",
    "manuscripts",
    "move_in",
    *(f"move_in_{name}" for name in MOVING_IN),
    "notices",
    "output",
    "output_bibtex",
    "output_csv",
    "position",
    "restore",
    "revoke_preview_link",
    "take_over",
    "throw_away",
    "withdraw",
}


def names_of_doors():
    model_admin = admin.site.get_model_admin(Article)
    prefix = "articles_article_"
    return {
        pattern.name.removeprefix(prefix)
        for pattern in model_admin.get_urls()
        if pattern.name and pattern.name.startswith(prefix)
    }


def test_every_address_of_articles_is_tried_here():
    assert names_of_doors() == set(DOORS)


def tells(response):
    told = response.getvalue().decode()
    told += response.get("Location", "")
    # What the next page would say, too.
    told += " ".join(map(str, get_messages(response.wsgi_request)))
    return SECRET in told or SLUG in told


def list_addresses(hidden, door):
    """One for each article; where none names its article, that one twice."""
    addresses = [
        reverse(f"admin:articles_article_{door}", args=DOORS[door](hidden, article))
        for article in hidden.articles
    ]
    return addresses if len(set(addresses)) > 1 else addresses[:2]


@pytest.mark.parametrize("door", DOORS)
def test_nobody_low_learns_of_it(hidden, door):
    addresses = list_addresses(hidden, door)
    for who, sign_in in LOW.items():
        client = sign_in()
        for address in addresses:
            for method in ("get", "post"):
                response = getattr(client, method)(address)
                assert not tells(response), (who, method, address)
    assert not PreviewLink.objects.exclude(revoked_at=None).exists()
    assert not Comment.objects.exclude(resolved_at=None).exists()
    assert {article.pk for article in hidden.articles} <= set(
        Article.objects.values_list("pk", flat=True)
    )


@pytest.mark.parametrize("door", sorted(set(DOORS) - SILENT))
def test_publishers_do_so_that_the_doors_are_the_right_ones(hidden, door, publisher):
    for article in hidden.articles:
        address = reverse(
            f"admin:articles_article_{door}", args=DOORS[door](hidden, article)
        )
        if door == "delete" and (article.was_public or article.live_id):
            continue
        assert tells(publisher.get(address)), (door, article.state)


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/articles/",
        "/admin/articles/article/?q=Undisclosed",
        "/admin/articles/article/?state=draft",
        "/admin/articles/article/?state=in-review",
        "/admin/articles/article/?state=scheduled",
        "/admin/articles/article/?state=withdrawn",
        "/admin/articles/article/?problems=yes",
        "/admin/articles/article/?_facets=True",
        "/admin/articles/article/?slug__startswith=undisclosed-corr",
        "/admin/articles/article/?_popup=1",
        "/admin/images/image/",
        "/admin/images/image/{image.pk}/change/",
        "/admin/images/image/{image.pk}/delete/",
        "/admin/images/image/{image.pk}/history/",
        "/admin/authors/author/{author.pk}/change/",
        "/admin/authors/author/{author.pk}/delete/",
        "/admin/authors/programme/{programme.pk}/change/",
        "/admin/authors/programme/{programme.pk}/delete/",
        "/admin/articles/kind/1/change/",
        "/admin/articles/kind/1/delete/",
        "/admin/articles/series/{series.pk}/change/",
        "/admin/articles/series/{series.pk}/delete/",
        "/admin/articles/funder/{funder.pk}/change/",
        "/admin/articles/funder/{funder.pk}/delete/",
        "/admin/articles/article/output/",
        "/admin/articles/article/output.csv",
        "/admin/articles/topic/{topic.pk}/change/",
        "/admin/articles/topic/{topic.pk}/delete/",
        "/admin/outbox/",
        "/admin/autocomplete/?app_label=articles&model_name=article"
        "&field_name=translation_of&term=Undisclosed",
        "/admin/autocomplete/?app_label=newsletter&model_name=editionitem"
        "&field_name=article&term=Undisclosed",
        "/admin/autocomplete/?app_label=newsletter&model_name=editionitem"
        "&field_name=article&term=",
    ],
)
def test_other_pages_of_the_desk_do_not_name_it(hidden, address, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    address = address.format(**vars(hidden))
    for who, sign_in in LOW.items():
        response = sign_in().get(address)
        assert not tells(response), who


def test_lists_count_only_what_is_shown(hidden, contributor):
    own = ArticleFactory(draft=True, created_by=contributor.user)

    page = contributor.get("/admin/articles/article/")

    shown = {article.pk for article in page.context["cl"].queryset}
    assert shown == {own.pk, Article.objects.get(slug="known", live=None).pk}


def test_the_way_to_a_public_page_is_shut_for_drafts(hidden):
    kind = ContentType.objects.get_for_model(Article).pk
    for who, sign_in in LOW.items():
        client = sign_in()
        for article in hidden.articles:
            address = f"/admin/r/{kind}/{article.pk}/"
            assert not tells(client.get(address)), (who, article.state)


def test_the_way_to_a_public_page_is_open_for_what_is_shown(hidden, contributor):
    kind = ContentType.objects.get_for_model(Article).pk
    known = Article.objects.get(slug="known", live=None)

    response = contributor.get(f"/admin/r/{kind}/{known.pk}/")

    assert response["Location"].endswith("/article/known/")


@pytest.mark.parametrize("name", ["approved_content", "contents", "problems"])
def test_a_list_cannot_be_asked_for_what_a_field_of_data_holds(editor, name):
    answer = editor.get(f"/admin/articles/article/?{name}__contains=undisclosed")

    assert answer.status_code == 400


def test_the_way_to_a_public_page_is_for_who_sees_articles_at_the_desk():
    kind = ContentType.objects.get_for_model(Article).pk
    nobody = signed_in(is_staff=True)
    own = ArticleFactory(draft=True, slug=SLUG, created_by=nobody.user)

    response = nobody.get(f"/admin/r/{kind}/{own.pk}/")

    assert response.status_code == 404
    assert "desk" not in nobody.get("/admin/").context


@pytest.mark.parametrize("number", ["999", "x", "0"])
def test_the_way_to_nothing_is_no_error(contributor, number):
    kind = ContentType.objects.get_for_model(Article).pk

    assert contributor.get(f"/admin/r/{kind}/{number}/").status_code == 404
    assert contributor.get(f"/admin/r/{number}/1/").status_code == 404


def test_a_form_does_not_name_what_was_posted_by_number(hidden, contributor):
    for article in hidden.articles:
        form = OpenForm(contributor, "/admin/articles/article/add/")
        form["title"] = ""
        form["translation_of"] = str(article.pk)
        form.values.setdefault("_save", [""])

        response = form.send(form.values)

        assert response.status_code == 200
        assert not tells(response), article.state


def test_an_own_draft_keeps_the_original_that_an_editor_chose(hidden, contributor):
    secret = hidden.articles[0]
    own = ArticleFactory(
        draft=True, language="de", translation_of=secret, created_by=contributor.user
    )
    form = OpenForm(contributor, f"/admin/articles/article/{own.pk}/change/")
    form["title"] = "Anders"

    form.press("Save draft")

    own.refresh_from_db()
    assert (own.title, own.translation_of) == ("Anders", secret)


def test_an_edition_does_not_name_what_was_posted_by_number(hidden, newsletter_editor):
    edition = EditionFactory()
    address = f"/admin/newsletter/edition/{edition.pk}/change/"
    for article in hidden.articles:
        form = OpenForm(newsletter_editor, address)
        form["items-TOTAL_FORMS"] = "1"
        form["items-0-article"] = str(article.pk)
        form["items-0-order"] = "0"

        response = form.send({**form.values, "_save": [""]})

        assert not tells(response), article.state
    assert not edition.items.exists()


def test_published_does_not_open_what_the_article_said_before(hidden, contributor):
    """The history of an article by others holds what was cut before publication."""
    with reversion.create_revision():
        article = ArticleFactory(draft=True, title=SECRET, slug=f"{SLUG}-past")
    version = Version.objects.get_for_object(article).get()
    article.title, article.slug = "Mild words", "mild"
    article.state, article.published_at = "published", timezone.now()
    article.save()

    for address in ("history/", f"history/{version.pk}/"):
        response = contributor.get(f"/admin/articles/article/{article.pk}/{address}")
        assert response.status_code == 403


def test_a_picture_says_how_many_places_it_does_not_name(hidden, contributor, editor):
    address = f"/admin/images/image/{hidden.image.pk}/change/"

    assert (
        "6 unpublished pieces of colleagues"
        in contributor.get(address).content.decode()
    )
    assert SECRET in editor.get(address).content.decode()


# What an address asks beside what it opens


def relations(model):
    """The names by which an address can speak of other rows, with their model."""
    for field in model._meta.get_fields():
        if field.is_relation and field.related_model:
            yield field.name, field.related_model


@pytest.mark.parametrize("who", LOW)
def test_no_page_names_a_row_because_its_address_does(hidden, who):
    """Every list and every form for something new, with every relation of its rows."""
    client = LOW[who]()
    UserFactory(username=SLUG, first_name=SECRET)
    for model in admin.site._registry:
        opts = model._meta
        names = dict(relations(model))
        for page in ("changelist", "add"):
            address = reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}")
            if client.get(address).status_code != 200:
                continue
            for name, other in names.items():
                if other is User and client.user.has_perm("auth.change_user"):
                    continue  # Accounts are no secret to who manages them.
                rows = other._base_manager.order_by("-pk").values_list("pk", flat=True)
                # Of articles one in each state.
                for pk in rows[: 9 if other is Article else 2]:
                    response = client.get(address, {name: pk})
                    assert not tells(response), (address, name, pk)


@pytest.mark.parametrize(
    ("path", "relation"),
    [
        ("articles/article", "comments"),
        ("articles/article", "editings"),
        ("articles/article", "preview_links"),
        ("articles/article", "translations"),
        ("articles/article", "working_copy"),
        ("articles/funder", "articles"),
        ("articles/kind", "articles"),
        ("articles/series", "articles"),
        ("articles/topic", "articles"),
        ("authors/author", "articles"),
        ("authors/author", "bylines"),
        ("authors/programme", "articles"),
        ("images/image", "led_articles"),
        ("images/image", "showing_articles"),
    ],
)
def test_lists_answer_nothing_about_what_points_to_their_rows(
    hidden, contributor, path, relation
):
    for question in (
        {relation: hidden.articles[0].pk},
        {f"{relation}__isnull": "0"},
        {f"{relation}__title__startswith": "Undisclosed"},
    ):
        response = contributor.get(f"/admin/{path}/", question)
        assert response.status_code == 400, question


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("articles/article", "assigned_to=1"),
        ("articles/article", "assigned_to__username__startswith=a"),
        ("articles/article", "due__lt=2030-01-01"),
        ("articles/article", "changed_by=1"),
        ("articles/article", "approved_by__isnull=0"),
        ("articles/article", "problems__gt=0"),
        ("images/image", "uploaded_by=1"),
        ("authors/author", "user__username__startswith=a"),
    ],
)
def test_lists_answer_nothing_about_what_only_the_desk_knows(
    hidden, contributor, path, question
):
    assert contributor.get(f"/admin/{path}/?{question}").status_code == 400


def test_lists_still_answer_what_they_offer(hidden, editor):
    for address in (
        f"articles/article/?topics__id__exact={hidden.topic.pk}",
        f"articles/article/?programmes__id__exact={hidden.programme.pk}",
        f"authors/author/?positions__programme__id__exact={hidden.programme.pk}",
        f"articles/article/?image={hidden.image.pk}",
    ):
        assert editor.get(f"/admin/{address}").status_code == 200, address


@pytest.mark.parametrize(
    "query",
    [
        "state=draft",
        "state=in-review",
        "state=scheduled",
        "due=overdue",
        "whose=assigned",
        "",
    ],
)
@pytest.mark.parametrize("state", ["draft", "in-review", "approved", "scheduled"])
def test_changes_to_a_live_page_are_no_news_for_who_does_not_see_them(
    hidden, contributor, editor, state, query
):
    now = timezone.now()
    copy = Article.objects.get(live__isnull=False)
    Article.objects.filter(pk=copy.pk).update(
        state="published" if state == "scheduled" else state,
        replaces_at=now + timedelta(days=1),
        assigned_to=editor.user,
        due=now - timedelta(days=3),
    )

    page = contributor.get(f"/admin/articles/article/?{query}")

    listed = [article.pk for article in page.context["cl"].result_list]
    assert listed == ([copy.live_id] if query == "" else [])
    text = page.content.decode()
    assert "changes " not in text.partition('id="result_list"')[2]
    assert "overdue since" not in text
    seen = editor.get("/admin/articles/article/").content.decode()
    assert "overdue since" in seen


def test_who_works_on_the_changes_sees_where_they_are(hidden, contributor):
    copy = Article.objects.get(live__isnull=False)
    Article.objects.filter(pk=copy.pk).update(assigned_to=contributor.user)

    for query in ("", "state=draft", "whose=assigned"):
        page = contributor.get(f"/admin/articles/article/?{query}")
        listed = [article.pk for article in page.context["cl"].result_list]
        assert listed == [copy.live_id], query
        assert "changes begun" in page.content.decode()


def test_a_live_page_says_nothing_of_what_colleagues_do_there(contributor, editor):
    live = ArticleFactory(draft=True)
    live.publish(by=UserFactory(publisher=True), note="As the minister asked.")
    EditSession.objects.take_over(editor.user, live.pk)
    address = f"/admin/articles/article/{live.pk}/change/"

    page = contributor.get(address)

    assert page.context["last_step"]["note"] == ""
    assert page.context["editing"]["colleagues"] == []
    live.created_by = contributor.user
    live.save()
    page = contributor.get(address)
    assert "minister" in page.context["last_step"]["note"]
    assert len(page.context["editing"]["colleagues"]) == 1
