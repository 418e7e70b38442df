"""The demonstration's newsletters and their past, played again.

All of it happens through the methods that a real site uses, with the clock set back:
so the log of consent, the ledger and the reports agree with each other.
"""

import tomllib
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from random import Random
from unittest.mock import patch

from django.db import transaction
from django.utils import timezone

from articles.models import Article, Topic
from ecfr_site.institution.models import Institution
from newsletter.bounces import handler
from newsletter.bounces.answers import Stage, judge
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Event,
    Interest,
    Newsletter,
    Signup,
    Subscriber,
    Wording,
)
from newsletter.sending import worker

DATA = Path(__file__).parent / "newsletter.toml"
# When the wordings were written: before anybody agreed to them.
FIRST_DAY = datetime(2026, 1, 5, 10)
MINUTE = timedelta(minutes=1)


def load(desk):
    """Add what is missing; the past only to a site on which nothing was ever sent."""
    data = tomllib.loads(DATA.read_text())
    load_wordings(data["wordings"])
    load_newsletters(data["newsletters"])
    if not Edition.objects.exists():
        with transaction.atomic():
            play(load_past(data, desk))
            draft(data["draft"], desk)
            offer_alerts(data["subscribers"])
            Signup.objects.remove_old()


def load_wordings(wordings):
    for entry in wordings:
        own = Wording.objects.filter(language=entry["language"]).exclude(created_by="")
        if not own.exists():
            with clock_at(timezone.make_aware(FIRST_DAY)):
                Wording.objects.create(created_by="demonstration", **entry)


def load_newsletters(newsletters):
    for entry in newsletters:
        slug = entry["slug"]
        # The one that every new site has, as long as nobody made it their own.
        Newsletter.objects.filter(slug=slug, name="Weekly newsletter").update(**entry)
        Newsletter.objects.get_or_create(slug=slug, defaults=entry)


# The past: pairs of a moment and what happened then


def play(acts):
    for moment, act in sorted(acts, key=itemgetter(0)):
        with clock_at(moment):
            act()


@contextmanager
def clock_at(moment):
    with patch("django.utils.timezone.now", lambda: moment):
        yield


def load_past(data, desk):
    for person in data["subscribers"]:
        began = get_start(person)
        if "source" in person:
            yield began, partial(take_over, person)
        else:
            yield began, partial(ask, person)
        if "source" not in person and not person.get("pending"):
            yield began + 4 * MINUTE, partial(confirm, person)
        for then in person.get("later", []):
            yield (
                timezone.make_aware(then["at"]),
                partial(LATER[then["act"]], person, then),
            )
    for entry in data["editions"]:
        began = timezone.make_aware(entry["sent"])
        yield began, partial(start, entry, desk)
        yield began + MINUTE, partial(hand_over, entry)
        for returned in entry.get("returned", []):
            yield began + 2 * MINUTE, partial(record_bounce, returned)


def get_start(person):
    if "days_ago" in person:
        return timezone.now() - timedelta(days=person["days_ago"])
    morning = datetime.combine(person["since"], datetime.min.time())
    return timezone.make_aware(morning + timedelta(hours=9, minutes=14))


# Subscribers


def ask(person):
    newsletters = Newsletter.objects.filter(
        slug__in=person.get("newsletters", ["weekly"])
    )
    signup = Subscriber.objects.sign_up(
        person["email"],
        list(newsletters),
        analytics=person.get("analytics", False),
        wording=Wording.objects.current(newsletters[0].language),
    )
    signup.mailed_at = timezone.now()
    signup.save(update_fields=["mailed_at"])


def confirm(person):
    subscriber = get_subscriber(person["email"])
    subscriber.signups.get().confirm()
    subscriber.topics.set(Topic.objects.filter(slug__in=person.get("topics", [])))
    Subscriber.objects.filter(pk=subscriber.pk).update(
        time_zone=person.get("time_zone", ""),
        bounce_score=person.get("bounce_score", 0),
    )


def offer_alerts(people):
    """Turn alerts on; what was published lately goes out when the scheduler looks."""
    institution = Institution.objects.current()
    institution.offers_alerts = True
    institution.save()
    for person in people:
        for wish in person.get("follows", []):
            follow(get_subscriber(person["email"]), **wish)


def follow(subscriber, frequency, **wish):
    [(kind, slug)] = wish.items()
    followed = Interest._meta.get_field(kind).related_model.objects.get(slug=slug)
    subscriber.follow(followed, frequency, method=ConsentRecord.Method.PREFERENCES)
    subscriber.interests.update(counts_from=timezone.now() - timedelta(days=30))


def take_over(person):
    """From the list of an earlier site."""
    subscriber = Subscriber.objects.create(email=person["email"])
    subscriber.subscribe(
        Newsletter.objects.get(slug="weekly"),
        method=ConsentRecord.Method.IMPORT,
        source=person["source"],
    )


def refuse_analytics(person, then):
    get_subscriber(person["email"]).set_analytics(
        False, method=ConsentRecord.Method.PREFERENCES
    )


def pause(person, then):
    get_subscriber(person["email"]).pause(then["until"])


def unsubscribe(person, then):
    get_subscriber(person["email"]).deliveries.last().unsubscribe(method=then["method"])


def complain(person, then):
    delivery = get_subscriber(person["email"]).deliveries.last()
    handler.record_complaint(
        delivery, "A complaint by way of the provider’s feedback loop."
    )


def erase(person, then):
    get_subscriber(person["email"]).erase(method=ConsentRecord.Method.PREFERENCES)


LATER = {
    "refuse analytics": refuse_analytics,
    "pause": pause,
    "unsubscribe": unsubscribe,
    "complain": complain,
    "erase": erase,
}


def get_subscriber(email):
    return Subscriber.objects.get(normalised=email)


# Editions


def compose(entry, desk, **fields):
    edition = Edition.objects.create(
        newsletter=Newsletter.objects.get(slug=entry["newsletter"]),
        subject=entry["subject"],
        preheader=entry["preheader"],
        introduction=entry["introduction"],
        gathered_at=timezone.now(),
        created_by=desk,
        changed_by=desk,
        **fields,
    )
    for order, piece in enumerate(entry["pieces"]):
        article = Article.objects.originals().get(slug=piece["article"])
        # Before its worker has, so that what is frozen has pictures.
        if article.image.rendered != article.image.fingerprint:
            article.image.render()
        edition.items.create(**{**piece, "article": article}, order=order)
    return edition


def draft(entry, desk):
    """This week's, as far as it has come."""
    compose(entry, desk)


def start(entry, desk):
    now = timezone.now()
    edition = compose(
        entry, desk, state=Edition.State.SCHEDULED, scheduled_at=now, starts_at=now
    )
    worker.start(edition)


def hand_over(entry):
    """Imitate a worker, and the answers of mail servers and readers."""
    edition = Edition.objects.get(subject=entry["subject"])
    deliveries = edition.deliveries
    for email, reason in entry.get("skipped", {}).items():
        deliveries.filter(subscriber__normalised=email).skip(reason)
    for email, reason in entry.get("failed", {}).items():
        deliveries.filter(subscriber__normalised=email).update(
            state=Delivery.State.FAILED, reason=reason
        )
    sent = list(deliveries.not_begun().select_related("subscriber"))
    for number, delivery in enumerate(sent):
        delivery.state = Delivery.State.SENT
        delivery.sent_at = timezone.now() + timedelta(seconds=number / 2)
    Delivery.objects.bulk_update(sent, ["state", "sent_at"])
    edition.finish()
    links = list(edition.links.exclude(article=None))
    chance = Random(edition.subject)  # noqa: S311
    for delivery in sent:
        if delivery.subscriber.is_tracked:
            read(delivery, links, chance)


def read(delivery, links, chance):
    """Record opens and clicks of somebody who agreed, machines' among them."""
    acts = []
    later = timedelta(hours=chance.expovariate(1 / 5))
    if chance.random() < 0.3:
        acts.append(
            (chance.uniform(1, 20) * MINUTE, Event.Kind.OPEN, None, "image-proxy")
        )
    if chance.random() < 0.1:
        acts += [(MINUTE, Event.Kind.CLICK, link, "all-links") for link in links]
    if chance.random() < 0.75:
        acts.append((later, Event.Kind.OPEN, None, ""))
        for number, link in enumerate(links):
            if chance.random() < 0.5 / (number + 1):
                later += chance.uniform(0.3, 6) * MINUTE
                acts.append((later, Event.Kind.CLICK, link, ""))
    for after, kind, link, machine in acts:
        with clock_at(delivery.sent_at + after):
            note(delivery, kind, link=link, machine=machine)


def note(delivery, kind, **fields):
    Event.objects.create(
        edition_id=delivery.edition_id, delivery=delivery, kind=kind, **fields
    )


def record_bounce(returned):
    delivery = get_subscriber(returned["who"]).deliveries.last()
    verdict = judge(Stage.REPORT, returned["detail"])
    handler.record_bounce(delivery, verdict, returned["detail"])
