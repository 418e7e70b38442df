from functools import partial
from typing import Any
from urllib.parse import urlsplit

import reversion
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from articles.checklist import checklist
from articles.footnotes import SIDENOTES
from articles.history import restoring
from articles.history.snapshot import get_content
from articles.models import validation
from articles.models.article_status import ArticleStatus
from articles.models.byline import (
    build_byline_parts,
    build_credits_heading,
    format_byline,
    sort_bylines,
)
from articles.models.identifiers import build_doi_url
from articles.models.licence import Licence
from articles.models.queryset import ArticleManager
from articles.models.related_article import RelatedStatus
from articles.models.search_text import SearchText
from articles.models.search_word import SearchWord
from articles.rendering import find_image_paths, render_body, split_points
from articles.workflow import (
    State,
    rights,
    transitions,
    working_copies,
)
from ecfr_site.audit import log
from ecfr_site.database.compiled import compile_once
from ecfr_site.images.models import Image
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.plain_text import web_address
from ecfr_site.richtext.sanitizer import reading_time, sanitise

# What is made of the text as it is set.
_SET = ("body_html", "contents", "reading_time")
# People who are shown with portrait and position above the text, not after it.
_FEW_CREDITS = 4


@compile_once
def find_related(article, original):
    return Article.objects.related_to(article, original)[:3]


@reversion.register(
    follow=["bylines", "corrections", "attachments"],
    # What is made from the rest, or is about the desk and not about the text.
    exclude=[
        "approved_content",
        "authors",
        "body_images",
        "check_asked_at",
        "checked_at",
        "doi_answer",
        "doi_checked_at",
        "contents",
        "losses",
        "reading_time",
        "problems",
        "body_html",
        "version",
        "version_at",
        "version_note",
        "update_kind",
    ],
)
class Article(ArticleStatus):
    """A publication of any kind, from a commentary to a report."""

    objects = ArticleManager()

    # The FormerVersion that it was put together of (articles/history/preview.py).
    former: Any = None
    # Rows of an article from `for_page()`
    page_topics: list[Any]
    page_attachments: list[Any]
    page_documents: list[Any]

    def __str__(self):
        return f"{self.title} (changes)" if self.live_id else self.title

    def namesakes(self):
        """Other articles, with the addresses that their working copies will give."""
        own = self.original_id
        return Article.objects.exclude(Q(pk=own) | Q(live=own) if own else Q(pk=None))

    @property
    def unnamed_slug(self):
        return slugify(self.kind_id)

    def clean(self) -> None:
        validation.check_article(self)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        images = self.set_text()
        super().save(*args, **kwargs)
        self.body_images.set(images)
        self.index()
        RelatedStatus.objects.mark_changed([self.pk])

    def index(self) -> None:
        """Write what searches find it by; new words are learnt once it is saved."""
        SearchText.objects.index([self])
        learn = partial(SearchWord.objects.learn_from, self.pk)
        transaction.on_commit(learn, robust=True)

    def get_absolute_url(self):
        return get_path("article", self.slug)

    def get_version_url(self):
        """The address of this very version; its citation stands below it."""
        page = self.get_absolute_url()
        return f"{page}versions/{self.version}/" if self.former else page

    def get_deletion_refusal(self):
        """The reason why nobody deletes it, as a sentence; empty for a mere draft.

        Deleting a working copy would leave its history behind.
        """
        if self.live_id:
            return "These are changes to a live article: discard them instead."
        if self.state == State.WITHDRAWN:
            return (
                "Readers have seen this article, so it is not deleted: it stays "
                "withdrawn, and its address says why it is gone."
            )
        if self.was_public:
            return (
                "Readers have seen this article, so it is not deleted: withdraw it "
                "instead, and its address will say why it is gone."
            )
        return ""

    # What may be done, and by whom (articles/workflow/rights.py)

    get_refusal = rights.get_refusal
    may = rights.may
    may_be_seen_by = rights.may_be_seen_by
    may_be_traced_by = rights.may_be_traced_by
    may_be_changed_by = rights.may_be_changed_by
    is_own_work_of = rights.is_own_work_of
    list_transitions = rights.list_transitions

    # Steps on the way to readers (articles/workflow/transitions.py)

    submit = transitions.submit
    return_to_author = transitions.return_to_author
    approve = transitions.approve
    publish = transitions.publish
    unschedule = transitions.unschedule
    withdraw = transitions.withdraw
    feature = transitions.feature

    has_sign_off = property(transitions.has_sign_off)
    sign_off = transitions.sign_off
    void_sign_off = transitions.void_sign_off

    # What it lacks (articles/checklist/checklist.py)

    check_written = checklist.check_written
    check_complete = checklist.check_complete
    check_end = checklist.check_end

    # Changes aside (articles/workflow/working_copies.py), and earlier texts

    start_working_copy = working_copies.start_working_copy
    build_working_copy = working_copies.build_working_copy
    save_as_begun = working_copies.save_as_begun
    match_rows = working_copies.match_rows
    replace_live = working_copies.replace_live
    discard = working_copies.discard
    restore = restoring.restore
    recover = classmethod(restoring.recover)

    @property
    def original(self) -> "Article":
        """The article itself, of which this may be the working copy."""
        # The abstract base does not know which class it becomes.
        return self.live or self  # type: ignore[return-value]

    @property
    def original_id(self) -> int:
        return self.live_id or self.pk

    @property
    def changes(self) -> "Article | None":
        """The article's working copy, or None; a query."""
        return type(self).objects.filter(live=self.pk).first() if self.pk else None

    @property
    def is_changed_aside(self) -> bool:
        """True if changes to it make a working copy: once it has been published."""
        return (
            not self.live_id
            and self.state == State.PUBLISHED
            and self.published_at is not None
            and self.published_at <= timezone.now()
        )

    @property
    def is_not_begun(self):
        return self.live_id is not None and self.live_id == self.pk

    @property
    def differs_from_live(self):
        """True if a working copy says something else than the live article."""
        return get_content(self) != get_content(self.live)

    def log_act(self, by: User | None, message: str, action: str = "change") -> None:
        """On the article itself, so that what a working copy leaves is the log."""
        if by is None:
            # What goes by itself may outlive the account that scheduled it.
            log.record(action, object=self.original, detail=message)
        else:
            log.log(action, by, self.original, message)

    # What readers see

    @property
    def published_replacement(self):
        """The public article that readers of a withdrawn one are sent to, or None."""
        if not self.replaced_by_id:
            return None
        published = type(self).objects.published()
        return (
            published.filter(pk=self.replaced_by_id)
            .only("kind", "slug", "title")
            .first()
        )

    @property
    def credits(self):
        """Bylines in printed order: what page, feed, JSON-LD and citation share."""
        for byline in (bylines := sort_bylines(self.bylines.all())):
            byline.article = self
        return bylines

    @property
    def credits_heading(self):
        return build_credits_heading(self.credits)

    @property
    def credits_are_few(self):
        """True if the page's head has room for who they are."""
        return len(self.bylines.all()) <= _FEW_CREDITS

    @property
    def byline(self):
        return format_byline(self.bylines.all())

    @property
    def byline_parts(self):
        return build_byline_parts(self.bylines.all())

    @property
    def disclaimer_text(self):
        """The nearest: its own, or that of its programme, its kind; "" for none.

        What is left then is the institution's. Needs an article for pages.
        """
        of_programmes = [programme.disclaimer for programme in self.page_programmes]
        nearest = [self.disclaimer, *of_programmes, self.kind.disclaimer]
        return next((text for text in nearest if text.strip()), "")

    @property
    def key_point_list(self):
        """The key points as sanitised HTML within a line each."""
        return split_points(self.key_points)

    @property
    def doi_url(self):
        """The address of a registered DOI; "" without one."""
        return build_doi_url(self.doi) if self.doi and self.doi_registered else ""

    @property
    def licence_terms(self):
        """The Licence of its own text, or None where nothing is said."""
        return Licence(self.licence) if self.licence else None

    @property
    def may_be_republished(self):
        """Return whether others may take the text: never that of another outlet."""
        terms = self.licence_terms
        return bool(terms and terms.allows_republishing and not self.original_outlet)

    @property
    def tag_uri(self) -> str:
        """Its name for feed readers and machines, whatever its address (RFC 4151)."""
        host = urlsplit(settings.SITE_URL).hostname
        return f"tag:{host},{self.created:%Y-%m-%d}:article-{self.pk}"

    @property
    def description(self):
        return self.seo_description or self.standfirst

    @property
    def canonical_url(self):
        """Absolute: where it first appeared, or the page itself."""
        return (
            web_address(self.original_url)
            or f"{settings.SITE_URL}{self.get_absolute_url()}"
        )

    @property
    def image_is_undescribed(self):
        """Return whether the image at the top lacks the text it needs."""
        return self.image_id and not (self.image_alt or self.image_decorative)

    @property
    def caption(self):
        return self.image_caption or (self.image.caption if self.image else "")

    def related(self):
        """Other published work: what editors pinned, then what is most like it."""
        return find_related(article=self.pk, original=self.original_id)

    # Text

    def images_in_body(self):
        """The images shown in the text, found by the files' names; one query."""
        paths = find_image_paths(self.body)
        return list(Image.objects.filter(file__in=paths)) if paths else []

    def set_text(self):
        """Clean the text and set it for the page; returns the images in it."""
        # Render what will be stored, not what was posted.
        self.body = sanitise(self.body, self.language)
        images = self.images_in_body()
        self.set_body_html(images)
        return images

    def set_body_html(self, images):
        page = self.get_absolute_url() if self.slug else ""
        by_name = {image.file.name: image for image in images}
        result = render_body(self.body, by_name, page)
        self.body_html = result.html
        self.contents = result.contents
        self.reading_time = reading_time(self.body)

    @property
    def has_sidenotes(self):
        """True if its notes find room beside the text on a wide screen."""
        return SIDENOTES in self.body_html

    def refresh_text(self):
        """Set the text anew: an image in it got its renditions, or an upgrade sets it
        differently. Nothing else is saved, and nothing where it stays the same."""
        before = [getattr(self, name) for name in _SET]
        self.set_body_html(list(self.body_images.all()))
        now = [getattr(self, name) for name in _SET]
        if now != before:
            Article.objects.filter(pk=self.pk).update(
                **dict(zip(_SET, now, strict=True))
            )
