"""The demonstration's desk: changes under way, what colleagues said, what comes next.

Nobody signs in as one of these people: they have no password.
"""

from contextlib import contextmanager
from datetime import timedelta

import reversion
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from articles.models import Article, Comment

STAFF = {
    "i.falk": ("Ines", "Falk", "Contributors"),
    "j.verhoeven": ("Jonas", "Verhoeven", "Editors"),
    "m.castell": ("Mira", "Castell", "Publishers"),
}


def load():
    """Add the desk's people and work, unless they are there."""
    if User.objects.filter(username__in=STAFF).exists():
        return
    people = [create_member(name, *person) for name, person in STAFF.items()]
    change_a_live_page(*people)
    update_later(*people)
    return_a_draft(*people)


def create_member(username, first_name, last_name, group):
    user = User(
        username=username,
        first_name=first_name,
        last_name=last_name,
        email=f"{username}@meridian.example",
        is_staff=True,
    )
    user.set_unusable_password()
    user.save()
    user.groups.add(Group.objects.get(name=group))
    return user


@transaction.atomic
def change_a_live_page(author, editor, publisher):
    """A working copy that waits for review, with a question about it."""
    live = Article.objects.get(slug="the-queue-outside-the-substation")
    with saved_by(editor, "As it went live."):
        live.save()
    with saved_by(editor, "The figure for Puglia, and a clearer ending."):
        copy = live.start_working_copy(by=editor)
        copy.body = copy.body.replace("eleven kilometres", "twelve kilometres")
        copy.standfirst = copy.standfirst.replace(
            "by nobody in particular", "by nobody who was asked to"
        )
        copy.changed_by = editor
        copy.assigned_to = publisher
        copy.due = timezone.localdate() + timedelta(days=2)
        copy.save()
        copy.submit(by=editor, note="The network company corrected its figure.")
    question = Comment.objects.create(
        article=live,
        by=publisher,
        quote="Finance directors notice tenths.",
        text="Do we have a source for this? If not, I would rather lose it.",
    )
    Comment.objects.create(
        article=live,
        by=editor,
        answers=question,
        text="It is the author’s own observation. I shall ask him to say so.",
    )


@transaction.atomic
def update_later(author, editor, publisher):
    """An approved change that replaces the live text by itself, in two days."""
    live = Article.objects.get(slug="the-missing-transformers")
    with saved_by(publisher, "A better title, from the day after tomorrow."):
        copy = live.start_working_copy(by=editor)
        copy.seo_title = "Why Europe is short of transformers"
        copy.changed_by = editor
        copy.save()
        copy.submit(by=editor)
        copy.approve(by=publisher)
        moment = timezone.localtime() + timedelta(days=2)
        copy.publish(
            by=publisher, at=moment.replace(hour=9, minute=0, second=0, microsecond=0)
        )


@transaction.atomic
def return_a_draft(author, editor, publisher):
    """A draft that came back to its author with a note."""
    draft = Article(
        title="The winter the pumps stopped",
        slug="the-winter-the-pumps-stopped",
        standfirst="District heating is Europe’s least discussed critical "
        "infrastructure, and one of its oldest.",
        body="<p>On the third night of the frost the pressure fell in the northern "
        "main, and by morning nine thousand flats were at eleven degrees.</p>"
        "<p>What followed was a small lesson in how cities are held together: two "
        "retired engineers knew where the valves were, and nobody else did.</p>",
        created_by=author,
        changed_by=author,
    )
    with saved_by(author, "First draft."):
        draft.save()
        draft.submit(by=author, note="The second part is still thin.")
    with saved_by(editor, "Returned."):
        draft.return_to_author(
            by=editor,
            note="A fine opening. Please add what other cities did, with a figure "
            "or two, and name a topic.",
        )
        draft.assigned_to = author
        draft.due = timezone.localdate() + timedelta(days=5)
        draft.save()


@contextmanager
def saved_by(user, note):
    with reversion.create_revision():
        yield
        reversion.set_user(user)
        reversion.set_comment(note)
