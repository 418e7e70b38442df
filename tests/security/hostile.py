"""A site whose every text is an attack: a row of each model at least, all poisoned."""

import json
from datetime import timedelta
from functools import cache

import reversion
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.core.files.base import ContentFile
from django.core.mail import get_connection
from django.db import connection, models
from django.db.models.signals import pre_save
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

from articles import notifications
from articles.history.snapshot import get_content
from articles.models import (
    ArchiveImport,
    Article,
    EditorialPolicy,
    EditSession,
    FormerVersion,
    Link,
    PreviewLink,
    PreviewOpening,
    WorkflowEvent,
)
from authors.models import AuthorLink
from ecfr_site.accounts import emails as account_emails
from ecfr_site.api.webhooks.models import WebhookEndpoint, WebhookMessage
from ecfr_site.audit.models import AuditEntry
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.fields import RichTextField
from ecfr_site.richtext.plain_text import clean_text
from ecfr_site.statistics.models import PageCount, ReferrerCount
from newsletter import models as newsletter_models
from newsletter.composing.messages import Recipient, compose
from newsletter.emails import build_signup_email
from tests.accounts.authenticator import Authenticator
from tests.conftest import changeable_logs, signed_in
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CommentFactory,
    CorrectionFactory,
    DeliveryFactory,
    EditionFactory,
    FunderFactory,
    ImageFactory,
    InterestFactory,
    NewsletterFactory,
    PositionFactory,
    ProgrammeFactory,
    SegmentFactory,
    SeriesFactory,
    SubscriberFactory,
    TopicFactory,
    UserFactory,
    WelcomeMailFactory,
)

# Stands in JSON where a text stands.
TEXT = "A text."

# Short fields get the beginning. What an attack would bring about bears a name with
# “evil”: nothing of a page may have such a name. Every text begins as a formula does,
# after a character that nobody sees.
POISONS = {
    "elements": (
        '\u202e="><evil x=1></title></script></style></textarea></select></noscript>'
        "--></evil><script>evil()</script><img src=evil:1 onerror=evil()>"
        '<meta http-equiv=refresh content="0;url=https://evil.example/">'
        "<base href=evil:>]]>&evil;&lt;evil&gt;<!--evil<![CDATA[<evil>"
        "\0\x07\x1b[31m\udcff\ufffe\x7f\x9f"
    ),
    "attributes": (
        "\x01=' evil=1\r\nEvil: 1 \" evil=2 onmouseover=evil() "
        "style=background:url(evil:2)"
        "\r\nBcc: evil@example.org\x0b\r\n\r\n<evil>srcdoc='<evil>' {{evil}}{% evil %}"
        "%0d%0aEvil:%202\\u003cevil\\u003e${evil}#{evil}`evil`\x85\u2028\u2029\ufeff"
        "\u2066evil\u202dlive\u2069\u202a\u202b\x0c"
    ),
}
# In fields for addresses of the web.
LINKS = {
    "elements": 'javascript:evil()//"><evil>',
    "attributes": "data:text/html,<script>evil()</script>",
}
# To others nothing can be sent.
EMAILS = {
    "elements": '\u202e"><evil>"@example.org',
    "attributes": "='onmouseover=evil()'\r\nEvil:1@example.org",
}

# Fields that are left alone, with the reason.
WRITTEN_BY_CODE = "Only code writes it, out of what it knows; it decides what is done."
IN_ADDRESSES = "Addresses are made of it, which forms and the database's readers check."
EXCEPTIONS = {
    "articles.Announcement.channel": WRITTEN_BY_CODE,
    "ecfr_site.MissingAddress.path": "An address; tests/redirects/test_missing.py.",
    "articles.ArchiveImport.file": "The storage gives names.",
    "articles.ArchiveImport.media_file": "The storage gives names.",
    "articles.ArchiveImport.stopped_in": WRITTEN_BY_CODE,
    "articles.ArchiveImport.mapping": "What forms have checked: keys, numbers, slugs.",
    "articles.ImportedItem.model": WRITTEN_BY_CODE,
    "articles.ImportedItem.digest": WRITTEN_BY_CODE,
    "articles.ImportedItem.mark": WRITTEN_BY_CODE,
    "articles.ImportedItem.before": "A copy of what was here: `keep`.",
    "articles.Article.body_html": "The page's HTML, made of the body on saving.",
    "articles.RelatedStatus.basis": WRITTEN_BY_CODE,
    "articles.SearchText.head": "Made of the article's words on saving.",
    "articles.SearchText.body": "Made of the article's words on saving.",
    "articles.SearchText.notes": "Made of the article's words on saving.",
    "articles.SearchText.files": "Made of the article's words on saving.",
    "articles.SearchText.forms": "Made of the article's words on saving.",
    "articles.SearchText.head_vector": "Made of the article's words on saving.",
    "articles.SearchText.vector": "Made of the article's words on saving.",
    "articles.AttachmentText.file": "The storage gives names.",
    "articles.AttachmentText.trouble": WRITTEN_BY_CODE,
    "articles.AttachmentText.text": "Shown only in excerpts, as the article's text.",
    "articles.SearchWord.word": "Letters alone.",
    "articles.SearchWord.shown": "Letters alone.",
    "articles.Article.approved_content": "A copy of the content: `sign_off`.",
    "articles.Attachment.file": "The storage gives names.",
    "articles.Article.doi": "A DOI, which its field checks.",
    "articles.Article.isbn": "An ISBN, which its field checks.",
    "articles.Funder.ror": "A ROR ID, which its field checks.",
    "ecfr_site.Institution.ror": "A ROR ID, which its field checks.",
    "articles.Kind.slug": IN_ADDRESSES,
    "articles.Kind.translations": "Names, by codes of languages that the form has.",
    "articles.Document.file": "The storage gives names.",
    "articles.Document.digest": WRITTEN_BY_CODE,
    "articles.Document.design": WRITTEN_BY_CODE,
    "articles.Document.error": WRITTEN_BY_CODE,
    "articles.WorkflowEvent.name": WRITTEN_BY_CODE,
    "articles.EditSession.window": WRITTEN_BY_CODE,
    "auth.Permission.codename": WRITTEN_BY_CODE,
    "auth.User.password": "A hash, without which nobody is signed in.",
    "contenttypes.ContentType.app_label": WRITTEN_BY_CODE,
    "contenttypes.ContentType.model": WRITTEN_BY_CODE,
    "django_tasks_database.DBTaskResult.backend_name": WRITTEN_BY_CODE,
    "django_tasks_database.DBTaskResult.task_path": WRITTEN_BY_CODE,
    "django_tasks_database.DBTaskResult.worker_ids": WRITTEN_BY_CODE,
    "articles.WatchedArticle.path": IN_ADDRESSES,
    "articles.WatchedArticle.digest": WRITTEN_BY_CODE,
    "ecfr_site.AuditEntry.kind": WRITTEN_BY_CODE,
    "ecfr_site.PageCount.view": WRITTEN_BY_CODE,
    "ecfr_site.ReadLog.digest": WRITTEN_BY_CODE,
    "ecfr_site.ReferrerCount.view": WRITTEN_BY_CODE,
    "ecfr_site.WebhookEndpoint.events": WRITTEN_BY_CODE,
    "ecfr_site.WebhookEndpoint.secret": WRITTEN_BY_CODE,
    "ecfr_site.WebhookEndpoint.former_secret": WRITTEN_BY_CODE,
    "ecfr_site.WebhookMessage.id": WRITTEN_BY_CODE,
    "ecfr_site.WebhookMessage.event": WRITTEN_BY_CODE,
    "flatpages.FlatPage.url": IN_ADDRESSES,
    "images.Image.file": "The storage gives names.",
    "newsletter.SubscriberImport.file": "The storage gives names.",
    "newsletter.SubscriberImport.mapping": WRITTEN_BY_CODE,
    "newsletter.SubscriberImport.service": WRITTEN_BY_CODE,
    "newsletter.SubscriberImport.counts": WRITTEN_BY_CODE,
    "newsletter.SubscriberImport.time_zone": WRITTEN_BY_CODE,
    "images.Image.fingerprint": WRITTEN_BY_CODE,
    "images.Image.rendered": WRITTEN_BY_CODE,
    "reversion.Version.db": WRITTEN_BY_CODE,
    "reversion.Version.format": WRITTEN_BY_CODE,
    "reversion.Version.object_id": WRITTEN_BY_CODE,
    "reversion.Version.serialized_data": "A copy of the poisoned rows: `make_history`.",
    "sessions.Session.session_data": "Signed; nobody reads it.",
    "sessions.Session.session_key": "Random; nobody reads it.",
    "sites.Site.domain": "The environment gives it at every start.",
}


@cache
def text_fields():
    """{field: why it is left alone, or ""} of every model that is installed."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.FileField)
    return {
        field: _reason(field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, kinds)
    }


def _reason(field):
    if isinstance(field, models.SlugField):
        return IN_ADDRESSES
    if field.choices:
        return WRITTEN_BY_CODE
    return EXCEPTIONS.get(label_of(field), "")


def label_of(field):
    return f"{field.model._meta.label}.{field.name}"


def poison_everything(kind):
    """Put the poison into every row, past validation; return the fields it is in."""
    done = set()
    with changeable_logs(connection):
        for model in apps.get_models():
            fields = [
                f for f in model._meta.concrete_fields if text_fields().get(f) == ""
            ]
            for row in model._base_manager.all() if fields else ():
                values = {f.attname: poisoned(f, row, kind) for f in fields}
                for name, value in values.items():
                    setattr(row, name, value)
                # As saving does, whatever it is that saves.
                pre_save.send(model, instance=row, raw=False, using="default")
                values = {name: storable(getattr(row, name)) for name in values}
                model._base_manager.filter(pk=row.pk).update(**values)
                done |= {f for f in fields if values[f.attname] not in (None, "")}
    return done


def storable(value):
    """Without what no database takes."""
    if not isinstance(value, str):
        return value
    return value.encode(errors="ignore").decode().replace("\0", "")


def poisoned(field, row, kind):
    text = POISONS[kind]
    if field.name == "old_path":
        # What is not for an address is spelt out, three letters for one.
        return "/" + text.replace("#", "")[: field.max_length // 6]
    if isinstance(field, models.JSONField):
        # Code makes it of texts that are stored.
        return _with_texts(getattr(row, field.attname), clean_text(text))
    if isinstance(field, RichTextField) or field.name == "content":
        return f"<h2>{text}</h2><p title='{text}'>{text}</p><p>{_escaped(text)}</p>"
    if isinstance(field, models.URLField) or field.name == "new_path":
        return LINKS[kind][: field.max_length]
    if isinstance(field, models.EmailField):
        return EMAILS[kind].replace("@", f"@{row.pk}.")
    # Some must differ from row to row. The beginning is what spreadsheets look at.
    end = f" {row.pk}"[: field.max_length]
    return text[: field.max_length and field.max_length - len(end)] + end


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _with_texts(value, text):
    return json.loads(json.dumps(value).replace(json.dumps(TEXT), json.dumps(text)))


# The site


def make_site():
    """A row of every model; returns those that addresses are made of."""
    site = Site()
    site.client = signed_in(is_staff=True, is_superuser=True, first_name="Ada")
    site.user = site.client.user
    site.colleague = UserFactory(publisher=True, first_name="Bob", last_name="Bell")
    site.group = Group.objects.get(name="Editors")
    _institution(site)
    _people(site)
    _articles(site)
    _desk(site)
    _newsletter(site)
    _records(site)
    return site


class Site:
    """The rows, by name."""


def _institution(site):
    Institution.objects.update_or_create(
        pk=1, defaults={"strapline": TEXT, "offers_alerts": True}
    )
    EditorialPolicy.objects.update_or_create(
        pk=1, defaults={"checklist": {"topic": TEXT}}
    )
    site.webhook = WebhookEndpoint.objects.create(
        url="https://a.example/", description=TEXT, active=False
    )
    message = WebhookMessage.objects.create(
        event="article.published", subject=1, url="https://a.example/"
    )
    site.webhook_delivery = site.webhook.deliveries.create(
        message=message, state="failed", response=TEXT
    )
    site.page = FlatPage.objects.create(url="/about/", title=TEXT, content=TEXT)
    site.page.sites.add(1)
    site.redirect = Redirect.objects.create(site_id=1, old_path="/a/", new_path="/b/")


def _people(site):
    site.image = ImageFactory(uploaded_by=site.colleague)
    site.programme = ProgrammeFactory(image=site.image, image_alt=TEXT)
    site.author = AuthorFactory(photo=site.image, user=site.colleague)
    AuthorLink.objects.create(author=site.author, label=TEXT, url="https://a.example/")
    PositionFactory(author=site.author, directorship=True, programme=site.programme)
    site.topic = TopicFactory()
    site.subtopic = TopicFactory(parent=site.topic)
    site.region = TopicFactory(region=True)


def _articles(site):
    parts = {
        "authors": [site.author],
        "topics": [site.topic, site.subtopic, site.region],
        "programmes": [site.programme],
        "image": site.image,
        "image_alt": TEXT,
        "created_by": site.colleague,
        "changed_by": site.colleague,
        "assigned_to": site.colleague,
        "losses": TEXT,
        "problems": [
            {"rule": "topic", "level": "warn", "text": TEXT, "where": "topics"}
        ],
        "body": f'<p>{TEXT}</p><p><img src="{site.image.file.url}" alt="{TEXT}"></p>',
    }
    site.funder = FunderFactory(statement=TEXT, url="https://funder.example/")
    site.series = SeriesFactory(
        image=site.image, started=timezone.localdate(), funders=[site.funder]
    )
    record = {
        "kind": "report",
        "series": site.series,
        "funders": [site.funder],
        "licence": "by",
        "key_points": f"<ul><li>{TEXT}</li></ul>",
        "doi": "10.1234/evil",
        "doi_registered": True,
        "isbn": "978-0-306-40615-7",
        "page_count": 60,
        "updated_on": timezone.localdate(),
        "doi_answer": TEXT,
        "doi_checked_at": timezone.now(),
    }
    # What is one's own is cited, and may be taken along.
    site.own = ArticleFactory(published=True, series_number=1, **record, **parts)
    site.article = ArticleFactory(
        published=True,
        series_number=2,
        **record,
        original_outlet=TEXT,
        original_url="https://outlet.example/",
        featured_at=timezone.now(),
        **parts,
    )
    CorrectionFactory(article=site.article, by=site.colleague)
    site.attachment = AttachmentFactory(article=site.article)
    site.article.version_note = TEXT
    FormerVersion.objects.keep(site.article)
    site.article.version = 2
    site.withdrawn = ArticleFactory(withdrawn=True, withdrawal_reason=TEXT, **parts)
    site.draft = ArticleFactory(in_review=True, **parts)
    site.scheduled = ArticleFactory(scheduled=True, **parts)
    site.deleted = ArticleFactory(draft=True, title=TEXT)
    ArticleFactory(published=True, language="de", translation_of=site.article, **parts)
    make_history(site.article, site.colleague)
    site.copy = site.article.start_working_copy(by=site.colleague)
    # Another title, so that something differs.
    Article.objects.filter(pk=site.copy.pk).update(title="Another", state="in-review")


def make_history(article, user):
    """A version more of what the article says now."""
    with reversion.create_revision():
        article.save()
        reversion.set_user(user)
        reversion.set_comment(TEXT)


def _desk(site):
    for article in (site.article, site.draft):
        comment = CommentFactory(article=article, by=site.colleague, quote=TEXT)
        CommentFactory(article=article, by=site.user, answers=comment)
        CommentFactory(article=article, by=site.colleague, resolved=True)
        for name in ("submit", "return_to_author"):
            WorkflowEvent.objects.create(
                article=article, name=name, by=site.colleague, note=TEXT
            )
    typed = {"title": [TEXT], "body": [TEXT], "standfirst": [TEXT]}
    now = timezone.now()
    for user, article in (
        (site.user, site.draft),
        (site.user, None),
        (site.colleague, site.article),
    ):
        EditSession.objects.create(
            article=article,
            user=user,
            since=now,
            seen_at=now,
            draft_data=typed,
            typed_at=now,
        )
    site.archives = _archives(site)
    site.preview = PreviewLink.make(site.draft, by=site.user, recipient=TEXT)
    PreviewOpening.objects.create(link=site.preview, user_agent=TEXT)
    link = Link.objects.create(
        address="https://gone.example/", level="error", trouble=TEXT
    )
    link.articles.add(site.article)


def _newsletter(site):
    site.newsletter = NewsletterFactory(description=TEXT, cadence=TEXT)
    newsletter_models.Wording.objects.create(
        language="en", invitation=TEXT, promise=TEXT, analytics=TEXT, alerts=TEXT
    )
    site.sent = EditionFactory(
        newsletter=site.newsletter,
        state="sent",
        started_at=timezone.now() - timedelta(hours=1),
        articles=[site.article],
    )
    site.sent.items.update(section=TEXT, title=TEXT, teaser=TEXT)
    for item in site.sent.items.all():
        item.freeze()
        shown = dict.fromkeys(("title", "teaser", "section", "byline", "alt"), TEXT)
        type(item).objects.filter(pk=item.pk).update(frozen={**item.frozen, **shown})
    site.welcome = WelcomeMailFactory(newsletter=site.newsletter)
    site.press_list = NewsletterFactory(is_press_list=True)
    site.segment = SegmentFactory(
        newsletter=site.newsletter, languages=["en"], source=TEXT, topics=[site.topic]
    )
    site.edition = EditionFactory(
        newsletter=site.newsletter,
        segment=site.segment,
        articles=[site.article],
        checked_at=timezone.now(),
        findings=[{"level": level, "text": TEXT} for level in ("error", "warning")],
        created_by=site.colleague,
    )
    site.subscriber = SubscriberFactory(
        newsletters=[site.newsletter], new_email="new@example.org", tracked=True
    )
    InterestFactory(subscriber=site.subscriber, topic=site.topic)
    SubscriberFactory(pending=True)
    site.delivery = DeliveryFactory(edition=site.sent, subscriber=site.subscriber)
    for state in ("failed", "uncertain"):
        DeliveryFactory(edition=site.sent, state=state, reason=TEXT)
    link = newsletter_models.Link.objects.create(
        edition=site.sent, number=1, url="https://a.example/"
    )
    for kind in newsletter_models.Event.Kind:
        newsletter_models.Event.objects.create(
            edition=site.sent, delivery=site.delivery, kind=kind, link=link, detail=TEXT
        )
    record = newsletter_models.ConsentRecord.objects.create(
        subscriber=site.subscriber, action="imported", method="import", source=TEXT
    )
    newsletter_models.ConsentOrigin.objects.create(record=record)
    site.imports = _imports()
    newsletter_models.MailRequest.objects.create(sender=TEXT, subject=TEXT)
    newsletter_models.LeavingReason.objects.create(
        subscriber=site.subscriber, newsletter=site.newsletter, text=TEXT
    )
    site.suppression = newsletter_models.Suppression.objects.create(
        digest="0", email="no@example.org", detail=TEXT
    )
    site.signup = newsletter_models.Signup.objects.create(
        purpose="subscribe", subscriber=site.subscriber, address="0"
    )
    site.signup.newsletters.add(site.newsletter)
    newsletter_models.Pace.objects.create(domain="example.org")
    newsletter_models.DomainHold.objects.hold("example.org", TEXT, "server")
    newsletter_models.SenderCheck.objects.create(
        newsletter=site.newsletter,
        domain="example.org",
        records=[{"name": "SPF", "domain": TEXT, "text": TEXT, "aligned": True}],
        findings=[{"level": "error", "text": TEXT}],
        checked_at=timezone.now(),
    )
    newsletter_models.Heartbeat.objects.create(
        pk=1, beat_at=timezone.now(), site_url="http://other.example"
    )


def _archives(site):
    """An archive that is to be mapped, and one with a report."""
    words = dict.fromkeys(("id", "slug", "name", "parent"), TEXT)
    found = {
        "site": {"title": TEXT, "address": TEXT, "language": TEXT, "version": TEXT},
        "records": 3,
        "media": 0,
        "unreadable": 0,
        "languages": {TEXT: 1},
        "types": {TEXT: {TEXT: 1}},
        "taxonomies": {TEXT: [{**words, "pieces": 1}]},
        "people": [{"id": TEXT, "name": TEXT, "pieces": 1}],
        "blocks": {TEXT: TEXT},
    }
    texts = {"name": TEXT, "source": TEXT, "path": TEXT, "media_path": TEXT}
    ready, done = (
        ArchiveImport.objects.create(
            source_type="wordpress",
            state=state,
            found=found,
            trouble=TEXT,
            by=site.colleague,
            finished_at=timezone.now(),
            **texts,
        )
        for state in ("ready", "done")
    )
    item = done.items.create(
        source=TEXT,
        kind="piece",
        source_id=TEXT,
        title=TEXT,
        address=TEXT,
        outcome="updated",
        reason=TEXT,
        losses=[TEXT],
        model="articles.article",
        target=site.article.pk,
        translation_group=TEXT,
        data={"links": [TEXT]},
    )
    item.addresses.create(path=TEXT)
    return ready, done


def _imports():
    """One whose columns are to be matched, and one with rows that were refused."""
    written = {"encoding": "utf-8-sig", "delimiter": ","}
    matching = newsletter_models.SubscriberImport(
        name=TEXT,
        column_names=[TEXT, TEXT],
        mapping=["email", ""],
        trouble=TEXT,
        **written,
    )
    cells = ",".join(
        '"{}"'.format(text.replace('"', '""')) for text in POISONS.values()
    )
    file = f"{cells}\n{cells}\n".encode(errors="ignore")
    matching.file.save("x.csv", ContentFile(file))
    done = newsletter_models.SubscriberImport.objects.create(
        name=TEXT,
        state="done",
        column_names=[TEXT],
        mapping=["email"],
        counts={"refused": 1},
        remarks={TEXT: 1},
        statement=TEXT,
        **written,
    )
    done.refused_rows.create(line=2, cells=[TEXT], reason=TEXT)
    return matching, done


def _records(site):
    now = timezone.now()
    DBTaskResult.objects.create(
        args_kwargs={"args": [TEXT], "kwargs": {}},
        task_path="newsletter.tasks.send_edition",
        backend_name="default",
        status="FAILED",
        worker_ids=["one", "two", "three", "four"],
        return_value=TEXT,
        run_after=now,
        finished_at=now,
    )
    device = TOTPDevice.objects.create(user=site.colleague, name=TEXT)
    StaticToken.objects.create(
        device=StaticDevice.objects.create(user=site.colleague, name=TEXT), token="0"
    )
    # The reader's own, with the session begun by it, so that her pages show it.
    site.passkey = Authenticator.of(site.user, name=TEXT).row
    session = site.client.session
    session["otp_device_id"] = site.passkey.persistent_id
    session.save()
    PageCount.objects.create(day=now, view="page", path="/x/", number=3)
    ReferrerCount.objects.create(
        day=now, view="article", object_id=site.article.pk, site="x", number=9
    )
    for model, more in (
        (AccessAttempt, {"failures_since_start": 3}),
        (AccessFailureLog, {}),
        (AccessLog, {}),
    ):
        model.objects.create(username=site.colleague.username, **more)
    site.entry = AuditEntry.objects.create(
        user=site.colleague,
        who=TEXT,
        action="change",
        kind="articles.article",
        object_id=str(site.article.pk),
        what=TEXT,
        detail=TEXT,
    )
    for row in (site.article, site.author, site.page, site.colleague, site.edition):
        LogEntry.objects.create(
            user=site.colleague,
            content_type=ContentType.objects.get_for_model(row),
            object_id=row.pk,
            object_repr=TEXT,
            action_flag=CHANGE,
            change_message=TEXT,
        )
    assert device.pk


def sign_off(site):
    """Let the desk compare with a text that was approved, poisoned as all else."""
    content = get_content(Article.objects.get(pk=site.draft.pk))
    for pk in (site.draft.pk, site.copy.pk):
        Article.objects.filter(pk=pk).update(approved_content=content)


def poison_site(site, kind):
    """Poison all that there is, with the history and the sign-offs made of it."""
    site.fields = poison_everything(kind)
    for name, row in vars(site).items():
        if isinstance(row, models.Model):
            setattr(site, name, fresh(row))
    make_history(site.article, site.colleague)
    make_history(site.deleted, site.colleague)
    site.deleted.delete()
    sign_off(site)


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


def send_mails(site):
    """One of each kind of mail that the site writes."""
    user, signup = site.colleague, site.signup
    mails = [
        account_emails.build_password_reset(user),
        account_emails.build_invitation(user, site.user),
        account_emails.build_notice(user, "password", user.email),
    ]
    for purpose in newsletter_models.Signup.Purpose:
        signup.purpose = purpose
        mails.append(build_signup_email(signup))
    items = list(site.edition.items.for_messages())
    reader = Recipient.for_test("reader@example.org")
    mails.append(compose(site.edition, reader, items))
    mails.append(compose(fresh(site.welcome).as_edition(), reader, []))
    get_connection().send_messages(mails)
    WorkflowEvent.objects.update(told_at=None)
    for step in WorkflowEvent.objects.filter(article=site.draft):
        notifications.notify_transition.call(step.pk)
    for comment in site.draft.comments.all():
        notifications.notify_comment.call(comment.pk)
