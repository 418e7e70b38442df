"""The institution can leave with everything, in formats that anybody reads."""

import errno
import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from ecfr_site.audit.models import AuditEntry
from ecfr_site.backups.export import TABLES
from ecfr_site.storage.private import private_storage
from tests.factories import (
    ArticleFactory,
    BylineFactory,
    ImageFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

# What is the software's own, or leaves in another form: subscribers as a table.
STAYS = {
    "articles.Announcement",
    "articles.WatchedArticle",
    "articles.ArchiveImport",
    "articles.ImportedItem",
    "articles.OldAddress",
    "articles.Article_body_images",
    "articles.Article_funders",
    "articles.Article_programmes",
    "articles.Article_topics",
    "articles.Article_pinned",
    "articles.AttachmentText",
    "articles.Comment",
    "articles.Document",
    "articles.FormerVersion",
    "articles.EditSession",
    "articles.Link",
    "articles.Link_articles",
    "articles.NotificationPreference",
    "articles.PreviewLink",
    "articles.PreviewOpening",
    "articles.RelatedArticle",
    "articles.RelatedStatus",
    "articles.SearchText",
    "articles.SearchWord",
    "articles.Series_funders",
    "articles.WorkflowEvent",
    "newsletter.AlertPiece",
    "newsletter.AlertRun",
    "newsletter.Delivery",
    "newsletter.Edition_writers",
    "newsletter.Event",
    "newsletter.ConsentOrigin",
    "newsletter.DomainHold",
    "newsletter.Heartbeat",
    "newsletter.Link",
    "newsletter.MailRequest",
    "newsletter.Newsletter_programmes",
    "newsletter.Pace",
    "newsletter.RefusedRow",
    "newsletter.SegmentProgramme",
    "newsletter.SegmentTopic",
    "newsletter.SenderCheck",
    "newsletter.Signup",
    "newsletter.Signup_newsletters",
    "newsletter.Subscriber",
    "newsletter.SubscriberImport",
    "newsletter.SubscriberImport_newsletters",
    "newsletter.Subscriber_topics",
    "newsletter.Subscription",
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "leaving"


def export(folder):
    call_command("export_data", to=folder, stdout=StringIO())


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_all_of_an_article_is_there(folder):
    article = ArticleFactory(
        published=True, slug="cables", title="Cables & ships", body="<p>Grüße</p>"
    )
    topic = TopicFactory()
    article.topics.add(topic)
    author = BylineFactory(article=article).author
    article.corrections.create(text="Not seven but eight.")
    image = ImageFactory()
    private_storage().save("paper.pdf", ContentFile(b"%PDF of mine"))
    export(folder)

    said = next(a for a in lines(folder / "articles.jsonl") if a["id"] == article.pk)
    assert said["body"] == "<p>Grüße</p>"
    assert said["topics"] == [topic.pk]
    page = (folder / f"articles/{article.pk}-cables.html").read_text()
    assert "<h1>Cables &amp; ships</h1>" in page
    assert "<p>Grüße</p>" in page
    assert author.name in [p["name"] for p in lines(folder / "people.jsonl")]
    [correction] = lines(folder / "corrections.jsonl")
    assert correction["article"] == article.pk
    [picture] = lines(folder / "images.jsonl")
    assert (folder / "media" / picture["file"]).read_bytes() == image.file.read()
    assert (folder / "private/paper.pdf").read_bytes() == b"%PDF of mine"


def test_subscribers_leave_as_a_table_and_the_log_knows(folder):
    SubscriberFactory(email="ada@example.org", newsletters=[NewsletterFactory()])
    export(folder)
    assert "ada@example.org" in (folder / "subscribers.csv").read_text()
    assert folder.stat().st_mode & 0o077 == 0
    noted = AuditEntry.objects.filter(action="export").values_list("kind", flat=True)
    assert set(noted) == {"articles.article", "newsletter.subscriber"}


def test_a_folder_that_is_there_is_left_alone(folder):
    folder.mkdir()
    with pytest.raises(CommandError, match="exists already"):
        export(folder)


def test_one_that_fails_leaves_nothing_on_the_disk(folder, monkeypatch):
    def fail(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ecfr_site.backups.export.write_subscribers", fail)
    with pytest.raises(CommandError, match="No space left"):
        export(folder)
    assert list(folder.parent.iterdir()) == []


def test_every_file_is_described(folder):
    export(folder)
    text = (folder / "README.txt").read_text()
    for file in set(folder.iterdir()) - {folder / "README.txt"}:
        assert file.name in text


def test_every_table_leaves_or_is_known_to_stay():
    leaving = {table.model._meta.label for table in TABLES}
    for app in ("articles", "authors", "images", "newsletter"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            label = model._meta.label
            assert (label in leaving) != (label in STAYS), label
