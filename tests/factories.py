"""The rows that tests begin with; traits name what matters to the test."""

import io
from datetime import date, timedelta

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image as Picture

from articles.models import (
    Article,
    Attachment,
    Byline,
    Comment,
    Correction,
    Funder,
    Series,
    Topic,
)
from articles.workflow import State
from authors.models import Author, Position, Programme
from ecfr_site.images.models import Image
from newsletter.models import (
    Delivery,
    Edition,
    EditionItem,
    Interest,
    Newsletter,
    Segment,
    Subscriber,
    Subscription,
    WelcomeMail,
)


def in_group(name):
    """A trait: an account that signs in to the admin as one of the group."""
    return factory.Trait(
        is_staff=True,
        group=factory.PostGeneration(
            lambda user, create, extracted: user.groups.add(
                Group.objects.get(name=name)
            )
        ),
    )


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    class Params:
        contributor = in_group("Contributors")
        editor = in_group("Editors")
        publisher = in_group("Publishers")
        manager = in_group("Managers")
        newsletter_editor = in_group("Newsletter editors")
        newsletter_manager = in_group("Newsletter managers")

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password("correct horse")


def jpeg(width=64, height=48, colour="#246"):
    file = io.BytesIO()
    Picture.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


class ImageFactory(DjangoModelFactory):
    class Meta:
        model = Image

    title = factory.Sequence(lambda n: f"Image {n}")
    file = factory.django.FileField(
        filename=factory.Sequence(lambda n: f"picture{n}.jpg"), data=jpeg()
    )


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    name = factory.Sequence(lambda n: f"Field {n}")
    slug = factory.Sequence(lambda n: f"field-{n}")


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author

    class Params:
        institution = factory.Trait(kind=Author.Kind.INSTITUTION)
        guest = factory.Trait(standing=Author.Standing.GUEST)
        council = factory.Trait(standing=Author.Standing.COUNCIL)
        with_photo = factory.Trait(photo=factory.SubFactory(ImageFactory))

    name = factory.Sequence(lambda n: f"Alex Author{n}")
    slug = factory.Sequence(lambda n: f"alex-author-{n}")


class PositionFactory(DjangoModelFactory):
    class Meta:
        model = Position

    class Params:
        directorship = factory.Trait(
            title="Director",
            directs=True,
            programme=factory.SubFactory(ProgrammeFactory),
        )

    author = factory.SubFactory(AuthorFactory)
    title = "Policy Fellow"
    started = date(2020, 1, 1)


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    class Params:
        region = factory.Trait(kind=Topic.Kind.REGION)

    name = factory.Sequence(lambda n: f"Topic {n}")
    slug = factory.Sequence(lambda n: f"topic-{n}")


class FunderFactory(DjangoModelFactory):
    class Meta:
        model = Funder

    name = factory.Sequence(lambda n: f"Foundation {n}")


class SeriesFactory(DjangoModelFactory):
    """Without parts; ``funders`` takes a list."""

    class Meta:
        model = Series
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Series {n}")
    slug = factory.Sequence(lambda n: f"series-{n}")

    @factory.post_generation
    def funders(series, create, extracted):
        if extracted:
            series.funders.set(extracted)


class ArticleFactory(DjangoModelFactory):
    """A complete draft; ``authors``, ``topics`` and the like take lists."""

    class Meta:
        model = Article
        skip_postgeneration_save = True
        # By its slug, as in addresses.
        rename = {"kind": "kind_id"}

    class Params:
        draft = factory.Trait(state=State.DRAFT)
        in_review = factory.Trait(state=State.IN_REVIEW)
        published = factory.Trait(
            state=State.PUBLISHED,
            published_at=factory.LazyFunction(
                lambda: timezone.now() - timedelta(hours=1)
            ),
        )
        scheduled = factory.Trait(
            state=State.PUBLISHED,
            published_at=factory.LazyFunction(
                lambda: timezone.now() + timedelta(hours=1)
            ),
        )
        withdrawn = factory.Trait(
            state=State.WITHDRAWN,
            published_at=factory.LazyFunction(
                lambda: timezone.now() - timedelta(hours=1)
            ),
        )
        with_image = factory.Trait(
            image=factory.SubFactory(ImageFactory),
            image_alt="A lighthouse at dusk",
        )

    title = factory.Sequence(lambda n: f"Article {n}")
    slug = factory.Sequence(lambda n: f"article-{n}")
    standfirst = "What the article argues, in a sentence."
    body = "<p>A first paragraph.</p><p>A second one.</p>"

    @factory.post_generation
    def authors(article, create, extracted):
        for order, author in enumerate(extracted or []):
            BylineFactory(article=article, author=author, order=order)

    @factory.post_generation
    def topics(article, create, extracted):
        if extracted:
            article.topics.set(extracted)

    @factory.post_generation
    def programmes(article, create, extracted):
        if extracted:
            article.programmes.set(extracted)

    @factory.post_generation
    def funders(article, create, extracted):
        if extracted:
            article.funders.set(extracted)


class BylineFactory(DjangoModelFactory):
    class Meta:
        model = Byline

    article = factory.SubFactory(ArticleFactory)
    author = factory.SubFactory(AuthorFactory)


class CorrectionFactory(DjangoModelFactory):
    class Meta:
        model = Correction

    article = factory.SubFactory(ArticleFactory)
    text = "An earlier version gave the wrong year."


class AttachmentFactory(DjangoModelFactory):
    class Meta:
        model = Attachment

    article = factory.SubFactory(ArticleFactory)
    title = "Full report (PDF)"
    file = factory.LazyFunction(
        lambda: ContentFile(b"%PDF-1.7\n%%EOF\n", name="report.pdf")
    )


class CommentFactory(DjangoModelFactory):
    class Meta:
        model = Comment

    class Params:
        resolved = factory.Trait(resolved_at=factory.LazyFunction(timezone.now))

    article = factory.SubFactory(ArticleFactory)
    by = factory.SubFactory(UserFactory)
    text = "Is this still true?"


class NewsletterFactory(DjangoModelFactory):
    class Meta:
        model = Newsletter

    name = factory.Sequence(lambda n: f"Letter {n}")
    slug = factory.Sequence(lambda n: f"letter-{n}")
    sender_email = "letters@example.org"


class SubscriberFactory(DjangoModelFactory):
    """Active; ``newsletters`` takes a list of confirmed subscriptions."""

    class Meta:
        model = Subscriber
        skip_postgeneration_save = True

    class Params:
        pending = factory.Trait(status=Subscriber.Status.PENDING, confirmed_at=None)
        tracked = factory.Trait(analytics=Subscriber.Analytics.GRANTED)

    email = factory.Sequence(lambda n: f"reader{n}@example.org")
    status = Subscriber.Status.ACTIVE
    confirmed_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def newsletters(subscriber, create, extracted):
        for newsletter in extracted or []:
            Subscription.objects.create(
                subscriber=subscriber,
                newsletter=newsletter,
                confirmed_at=subscriber.confirmed_at,
            )


class InterestFactory(DjangoModelFactory):
    """In a topic that is given or made, unless it is in something else."""

    class Meta:
        model = Interest

    subscriber = factory.SubFactory(SubscriberFactory)
    topic = factory.Maybe("is_elsewhere", None, factory.SubFactory(TopicFactory))
    frequency = "daily"
    counts_from = factory.LazyFunction(lambda: timezone.now() - timedelta(days=30))

    class Params:
        is_elsewhere = factory.LazyAttribute(
            lambda i: bool(getattr(i, "author", None) or getattr(i, "programme", None))
        )


class EditionFactory(DjangoModelFactory):
    """A complete draft; ``articles`` takes a list of pieces."""

    class Meta:
        model = Edition
        skip_postgeneration_save = True

    class Params:
        due = factory.Trait(
            state="scheduled",
            scheduled_at=factory.LazyFunction(timezone.now),
            starts_at=factory.LazyFunction(timezone.now),
        )

    newsletter = factory.SubFactory(NewsletterFactory)
    subject = factory.Sequence(lambda n: f"The week in Europe, {n}")
    preheader = "What we published this week."
    introduction = "<p>Dear reader, this was the week.</p>"

    @factory.post_generation
    def articles(edition, create, extracted):
        for order, article in enumerate(extracted or []):
            EditionItem.objects.create(edition=edition, article=article, order=order)


class SegmentFactory(DjangoModelFactory):
    """Without criteria; ``topics`` and ``programmes`` take lists."""

    class Meta:
        model = Segment
        skip_postgeneration_save = True

    newsletter = factory.SubFactory(NewsletterFactory)
    name = factory.Sequence(lambda n: f"Segment {n}")

    @factory.post_generation
    def topics(segment, create, extracted):
        if extracted:
            segment.topics.set(extracted)

    @factory.post_generation
    def programmes(segment, create, extracted):
        if extracted:
            segment.programmes.set(extracted)


class WelcomeMailFactory(DjangoModelFactory):
    """In English, and sent."""

    class Meta:
        model = WelcomeMail

    newsletter = factory.SubFactory(NewsletterFactory)
    subject = "Welcome to our letter"
    preheader = "Good to have you."
    body = "<p>Thank you for joining. Begin with our <a href='/about/'>story</a>.</p>"
    active = True


class DeliveryFactory(DjangoModelFactory):
    """A message that was sent an hour ago."""

    class Meta:
        model = Delivery

    class Params:
        tracked = factory.Trait(
            subscriber=factory.SubFactory(SubscriberFactory, tracked=True)
        )

    edition = factory.SubFactory(
        EditionFactory,
        state="sent",
        started_at=factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1)),
    )
    subscriber = factory.SubFactory(SubscriberFactory)
    state = "sent"
    due_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    sent_at = factory.SelfAttribute("due_at")
    domain = "example.org"
