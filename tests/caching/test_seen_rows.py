"""Each field that readers see is counted, and nothing of work that they do not see."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.flatpages.models import FlatPage
from django.contrib.sites.models import Site
from django.db import connection, models
from django.utils import timezone

from articles.models import Article, Comment, Kind
from ecfr_site.caching.models import ContentVersion
from ecfr_site.caching.seen import list_seen_models
from ecfr_site.images.models import Image
from newsletter.models import EditionItem
from tests.admin_site.desk import OpenForm, article_form
from tests.caching.whole_site import build_site, make_document
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    CommentFactory,
    CorrectionFactory,
    EditionFactory,
    FunderFactory,
    ImageFactory,
    ProgrammeFactory,
    SegmentFactory,
    SeriesFactory,
    TopicFactory,
    UserFactory,
)

# PostgreSQL counts as a transaction ends.
pytestmark = [
    pytest.mark.django_db(transaction=connection.vendor == "postgresql"),
    pytest.mark.usefixtures("counted_version"),
]


def number():
    return ContentVersion.objects.get().number


# What readers see

# The database lets nobody change the first, articles name kinds by the second.
UNCHANGING = {"newsletter.Wording", "articles.Kind.slug"}
# What no rule for its type gives.
VALUES = {
    "articles.Article.state": "withdrawn",
    "articles.Document.format": "xyz",
    "newsletter.Edition.alert": "daily",
}


def choose_value(row, field):
    """Another value than the row has in the field."""
    value = getattr(row, field.attname)
    if field.is_relation:
        target = field.target_field.attname
        others = field.related_model._base_manager.exclude(**{target: value})
        if field.related_model is type(row):
            others = others.exclude(pk=row.pk)
        return others.values_list(target, flat=True)[0]
    if field.flatchoices:
        return next(key for key, _ in field.flatchoices if key and key != value)
    match field:
        case models.BooleanField():
            return not value
        case models.JSONField():
            return {"other": True}
        case models.DateTimeField():
            return (value or timezone.now()) + timedelta(days=1)
        case models.DateField():
            return (value or timezone.localdate()) + timedelta(days=1)
        case models.IntegerField():
            return (value or 0) + 41
        case models.UUIDField():
            pytest.fail(f"Give {field} a value.")
    return f"x{value}"[: field.max_length]


def relate(through):
    """A row of a relation to many, between the first of each end."""
    ends = (field for field in through._meta.fields if field.is_relation)
    return through._base_manager.create(
        **{end.attname: end.related_model._base_manager.first().pk for end in ends}
    )


def test_a_change_of_each_field_that_readers_see_is_counted():
    rows = {row._meta.label: row for row in reversed(build_site().values())}
    # Without it there is no address there.
    Article.objects.filter(slug="cables").update(original_outlet="The Gazette")
    # What foreign keys may name instead.
    EditionFactory(newsletter__slug="other"), SegmentFactory(), ImageFactory()
    (
        AuthorFactory(),
        ProgrammeFactory(),
        SeriesFactory(),
        TopicFactory(),
        FunderFactory(),
    )
    Site.objects.create(domain="example.com", name="Other")
    FlatPage.objects.create(url="/contact/")
    for label, seen in list_seen_models().items():
        model = apps.get_model(label)
        if label in UNCHANGING:
            continue
        row = rows.get(label) or model._base_manager.first() or relate(model)
        for field in model._meta.concrete_fields:
            if field.primary_key or field.generated or field.name in seen.unseen:
                continue
            name = f"{label}.{field.name}"
            if name in UNCHANGING:
                continue
            row.refresh_from_db()
            value = VALUES.get(name) or choose_value(row, field)
            kept, before = getattr(row, field.attname), number()
            this = model._base_manager.filter(pk=row.pk)
            this.update(**{field.attname: value})
            after = number()
            assert after > before, name
            this.update(**{field.attname: kept})
            assert number() > after, name


# The desk's day


@pytest.fixture
def desk(client):
    """Somebody with a draft, a live article, an unsent edition and their subjects."""
    client.user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(client.user)
    client.draft = ArticleFactory(draft=True, title="A draft")
    client.live = ArticleFactory(published=True, title="Live", slug="live")
    client.edition = EditionFactory(articles=[client.live])
    # Of their own each is seen: people and subjects have pages.
    client.author, client.topic = AuthorFactory(), TopicFactory()
    client.programme, client.funder = ProgrammeFactory(), FunderFactory()
    return client


def write_a_draft(desk):
    form = OpenForm(desk, "/admin/articles/article/add/")
    form["title"], form["slug"] = "Another draft", "another-draft"
    form.press("Save draft")
    assert Article.objects.filter(slug="another-draft").exists(), form.said


def save_a_draft(desk):
    form = article_form(desk, desk.draft)
    form["title"], form["body"] = "The same draft", "<p>More of it.</p>"
    form.press("Save draft")
    assert Article.objects.filter(title="The same draft").exists(), form.said


def gather_what_belongs_to_a_draft(desk):
    draft = desk.draft
    byline = BylineFactory(article=draft, author=desk.author)
    draft.topics.add(desk.topic)
    draft.programmes.add(desk.programme)
    draft.funders.add(desk.funder)
    draft.pinned.add(desk.live)
    correction = CorrectionFactory(article=draft)
    attachment = AttachmentFactory(article=draft)
    attachment.title = "The report"
    attachment.save()
    make_document(draft, "pdf").delete()
    for row in (byline, attachment, correction):
        row.delete()
    draft.topics.clear()


def show_an_image_in_a_draft(desk):
    """Uploaded, rendered, shown, described, taken out and deleted."""
    image = ImageFactory()
    image.render()
    Article.objects.filter(pk=desk.draft.pk).update(image=image)
    image.caption = image.credit = "Somebody"
    image.save()
    desk.draft.body_images.add(image)
    image.request_renditions(again=True)
    desk.draft.body_images.clear()
    Article.objects.filter(pk=desk.draft.pk).update(image=None)
    Image.objects.get(pk=image.pk).delete()


def discuss_a_draft(desk):
    CommentFactory(article=desk.draft)
    Comment.objects.update(text="No longer.")
    desk.draft.assigned_to = desk.user
    desk.draft.due = timezone.localdate()
    desk.draft.save()


def change_a_live_article_aside(desk):
    form = article_form(desk, desk.live)
    form["title"] = "To be"
    form.press("Save the changes")
    copy = Article.objects.get(live=desk.live)
    BylineFactory(article=copy, author=desk.author)
    copy.topics.add(desk.topic)


def save_a_live_article_without_a_change(desk):
    desk.live.refresh_from_db()
    desk.live.save()
    desk.live.topics.set(desk.live.topics.all())
    Article.objects.filter(pk=desk.live.pk).update(problems=["x"], due=None)


def compose_an_edition(desk):
    item = EditionItem.objects.get()
    item.order, item.title = 5, "In other words"
    item.save()
    EditionItem.objects.create(edition=desk.edition, article=ArticleFactory(draft=True))
    item.delete()
    desk.edition.subject = "The week, anew"
    desk.edition.save()


def delete_a_draft(desk):
    BylineFactory(article=desk.draft, author=desk.author)
    AttachmentFactory(article=desk.draft)
    desk.draft.delete()


def test_a_day_of_work_that_readers_do_not_see_is_not_counted(desk):
    for act in (
        write_a_draft,
        save_a_draft,
        gather_what_belongs_to_a_draft,
        show_an_image_in_a_draft,
        discuss_a_draft,
        change_a_live_article_aside,
        save_a_live_article_without_a_change,
        compose_an_edition,
        delete_a_draft,
    ):
        before = number()
        act(desk)
        assert number() == before, act.__name__


@pytest.mark.parametrize("where", ["image", "body_images", "photo"])
def test_an_image_is_counted_where_readers_see_it(where):
    image = ImageFactory()
    if where == "image":
        ArticleFactory(published=True, image=image, image_decorative=True)
    elif where == "body_images":
        ArticleFactory(published=True).body_images.add(image)
    else:
        AuthorFactory(photo=image)
    before = number()
    Image.objects.filter(pk=image.pk).update(credit="Other")
    assert number() > before


def test_what_becomes_public_with_its_article_is_counted_once_it_is():
    draft = ArticleFactory(draft=True)
    BylineFactory(article=draft)
    before = number()
    Article.objects.filter(pk=draft.pk).update(
        state="published", published_at=timezone.now()
    )
    assert number() > before


def test_a_kind_is_seen_though_nothing_is_of_it():
    before = number()
    Kind.objects.create(name="Dossier", plural="Dossiers", slug="dossier")
    assert number() > before
