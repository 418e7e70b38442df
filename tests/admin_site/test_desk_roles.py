"""The whole matrix, at the desk's own addresses: role × where it stands × action ×
own or another's × four eyes."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.admin.article import ArticleAdmin
from articles.models import Article, EditorialPolicy
from articles.workflow import State
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db

# C: contributors. E: editors. P: publishers. Small letters: with own work alone.
# !: under the two-person rule, not with own work that nobody else approved.
# What is approved or scheduled here was approved by somebody else.
# The last four columns are changes to a published article.
TABLE = """
            draft review approved scheduled live ended withdrawn draft' review' approved' scheduled'
edit        cEP   EP     EP       EP        -    -     P         EP     EP      EP        EP
start       -     -      -        -         EP   EP    -         -      -       -         -
submit      cEP   -      -        -         -    -     -         EP     -       -         -
return      -     EP     EP       EP        -    -     -         -      EP      EP        EP
approve     -     EP!    -        -         -    -     -         -      EP!     -         -
publish     P!    P!     P        P         -    -     P!        P!     P!      P         P
schedule    P!    P!     P        P         -    -     P!        P!     P!      P         P
unschedule  -     -      -        P         -    -     -         -      -       -         P
withdraw    -     -      -        -         P    P     -         P      P       P         P
feature     -     -      -        -         P    -     -         P      P       P         P
discard     -     -      -        -         -    -     -         eP     eP      eP        eP
"""  # noqa: E501

HEAD, *LINES = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {
    (line[0], standing): cell
    for line in LINES
    for standing, cell in zip(HEAD, line[1:], strict=True)
}
LETTERS = {"contributor": "C", "editor": "E", "publisher": "P", "superuser": "P"}
STEPS = {
    "submit": "submit",
    "return": "return_to_author",
    "approve": "approve",
    "publish": "publish",
    "schedule": "publish",
    "unschedule": "unschedule",
}
PAGES = {"withdraw", "feature", "discard"}
# What four eyes and being a superuser could make a difference to.
READ_BY_TWO = {"approve", "publish", "schedule"}
HOUR = timedelta(hours=1)


def may(role, action, standing, own, four_eyes):
    cell = EXPECTED[action, standing]
    letter = LETTERS.get(role)
    if letter is None or letter not in cell:
        return letter is not None and own and letter.lower() in cell
    return not ("!" in cell and own and four_eyes)


def subject_of(standing, begun_by, signed_by):
    """An article, or a working copy, that stands there."""
    now = timezone.now()
    if standing.endswith("'"):
        live = ArticleFactory(published=True, created_by=UserFactory())
        subject = live.start_working_copy(UserFactory(publisher=True))
    else:
        subject = ArticleFactory()
    name = standing.rstrip("'")
    subject.created_by = begun_by
    subject.state = {
        "review": State.IN_REVIEW,
        "scheduled": State.PUBLISHED,
        "live": State.PUBLISHED,
        "ended": State.PUBLISHED,
    }.get(name, name)
    if name in ("live", "ended", "withdrawn"):
        subject.published_at = now - 2 * HOUR
    if name == "ended":
        subject.ends_at = now - HOUR
    if name == "scheduled":
        time = "replaces_at" if subject.live_id else "published_at"
        setattr(subject, time, now + HOUR)
    subject.save()
    if name in ("approved", "scheduled"):
        subject.sign_off(by=signed_by)
        subject.save()
    return subject


def posted(subject, action):
    """Return what the form posts when the action's button is pressed."""
    time = "replaces_at" if subject.live_id else "published_at"
    at = timezone.localtime(timezone.now() + 24 * HOUR)
    day, hour = {
        "schedule": (f"{at:%Y-%m-%d}", f"{at:%H:%M}"),
        "publish": ("", ""),
    }.get(action, wall_clock(getattr(subject, time)))
    fields = {
        "opened": subject.changed.isoformat(),
        "title": subject.title,
        "slug": subject.slug,
        "standfirst": subject.standfirst,
        "body": subject.body,
        "kind": subject.kind_id,
        "language": subject.language,
        "precision": subject.precision,
        "_note": "A note.",
        f"{time}_0": day,
        f"{time}_1": hour,
    }
    if subject.live_id:
        fields["published_at_0"], fields["published_at_1"] = wall_clock(
            subject.published_at
        )
    for rows in ("bylines", "corrections", "attachments"):
        fields |= {f"{rows}-TOTAL_FORMS": "0", f"{rows}-INITIAL_FORMS": "0"}
    if action in ("edit", "start"):
        return fields | {"title": "Changed", "_save": ""}
    return fields | {"_step": STEPS[action]}


def wall_clock(moment):
    if moment is None:
        return "", ""
    local = timezone.localtime(moment)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"


def do(client, subject, action):
    if action in PAGES:
        number = subject.pk if action == "discard" else subject.original_id
        address = reverse(f"admin:articles_article_{action}", args=[number])
        return client.post(address, {"withdrawal_reason": "Wrong.", "post": "yes"})
    address = reverse("admin:articles_article_change", args=[subject.pk])
    return client.post(address, posted(subject, action))


def was_done(action, before):
    """Return whether the database shows it."""
    after = Article.objects.filter(pk=before.pk).first()
    original = Article.objects.get(pk=before.original_id)
    public = Article.objects.published().filter(pk=before.pk).exists()
    match action:
        case "edit":
            return after is not None and after.title == "Changed"
        case "start":
            return original.changes is not None and before.live_id is None
        case "submit" | "return" | "approve" | "unschedule":
            target = {"submit": State.IN_REVIEW, "return": State.DRAFT}
            return after is not None and (
                after.state != before.state
                and after.state == target.get(action, State.APPROVED)
            )
        case "publish" if before.live_id:
            return after is None and original.state == State.PUBLISHED
        case "publish":
            return public and before.status not in ("live", "ended")
        case "schedule":
            return after is not None and (
                after.is_scheduled and after.goes_live_at != before.goes_live_at
            )
        case "withdraw":
            return original.state == State.WITHDRAWN != before.state
        case "feature":
            return original.featured_at is not None
        case "discard":
            return before.live_id is not None and after is None


@pytest.fixture
def nothing_drawn(monkeypatch, settings):
    """Skip rendering: it is of no interest here, and takes time."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "zeal" not in name]
    monkeypatch.setattr(ArticleAdmin, "inlines", [])
    monkeypatch.setattr(
        ArticleAdmin, "render_change_form", lambda *args, **kwargs: HttpResponse("")
    )
    monkeypatch.setattr(Template, "render", lambda *args, **kwargs: "")


def actor(role):
    traits = {role: True} if role != "superuser" else {"is_superuser": True}
    user = UserFactory(is_staff=True, **traits)
    client = Client()
    client.force_login(user)
    return client, user


@pytest.mark.parametrize("own", [True, False], ids=["own", "anothers"])
@pytest.mark.parametrize(
    ("role", "four_eyes"),
    [
        ("contributor", True),
        ("editor", False),
        ("editor", True),
        ("publisher", False),
        ("publisher", True),
        ("superuser", False),
        ("superuser", True),
        ("manager", True),
    ],
)
def test_each_role_does_what_the_table_says_and_nothing_else(
    nothing_drawn, role, own, four_eyes
):
    EditorialPolicy.objects.update_or_create(defaults={"four_eyes": four_eyes})
    client, user = actor(role)
    somebody = UserFactory()
    colleague = UserFactory()
    # Working copies are begun, discarded and shown by a part of their own.
    actions = {action for action, _ in EXPECTED}
    if role == "superuser" or not four_eyes:
        actions &= READ_BY_TWO
    wrong = []
    for standing in HEAD:
        subject = subject_of(standing, user if own else somebody, colleague)
        for action in sorted(actions):
            undo = transaction.savepoint()
            do(client, subject, action)
            done = was_done(action, subject)
            transaction.savepoint_rollback(undo)
            if done != may(role, action, standing, own, four_eyes):
                wrong.append(f"{action} {standing}: {'done' if done else 'refused'}")
    assert not wrong
