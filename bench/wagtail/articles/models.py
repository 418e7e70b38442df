"""An article as a Wagtail page, with the fields and the readers' page of this site.

Where there was a choice, the faster way that is usual with Wagtail was taken: what the
page shows is asked for once each, in `get_context`; contents and reading time are
known since it was saved; words that an editor changes once a year stand in the
templates, not in settings in the database; the bar for editors is left out.
"""

import json
import re

from django.db import models
from django.utils.html import strip_tags
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import RichTextField
from wagtail.images import get_image_model_string
from wagtail.models import Orderable, Page, Site
from wagtail.snippets.models import register_snippet

IMAGE = {
    "to": get_image_model_string(),
    "null": True,
    "blank": True,
    "on_delete": models.SET_NULL,
    "related_name": "+",
}
WORDS_A_MINUTE = 230


class Named(models.Model):
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/{self.folder}/{self.slug}/"


@register_snippet
class Kind(Named):
    plural = models.CharField(max_length=200)
    colour = models.CharField(max_length=20)
    folder = "publications"


@register_snippet
class Programme(Named):
    folder = "programmes"


@register_snippet
class Topic(Named):
    folder = "topics"


@register_snippet
class Person(Named):
    sort_name = models.CharField(max_length=200, help_text="Family name first.")
    position = models.CharField(max_length=200)
    portrait = models.ForeignKey(**IMAGE)
    folder = "people"


class ArticlePage(Page):
    standfirst = models.TextField()
    body = RichTextField()
    date = models.DateField()
    kind = models.ForeignKey(Kind, models.PROTECT)
    image = models.ForeignKey(**IMAGE)
    caption = models.CharField(max_length=300, blank=True)
    programmes = ParentalManyToManyField(Programme, blank=True)
    topics = ParentalManyToManyField(Topic, blank=True)
    contents = models.JSONField(default=list, editable=False)
    reading_time = models.PositiveSmallIntegerField(default=1, editable=False)

    content_panels = [
        *Page.content_panels,
        "standfirst",
        "date",
        "kind",
        "image",
        "caption",
        InlinePanel("authors", heading="Authors"),
        "programmes",
        "topics",
        "body",
        InlinePanel("related", heading="Related work", max_num=3),
    ]

    def save(self, *args, **kwargs):
        self.contents = []
        self.body = re.sub(r"<h2[^>]*>(.*?)</h2>", self.anchor, self.body)
        words = len(strip_tags(self.body).split())
        self.reading_time = max(1, round(words / WORDS_A_MINUTE))
        return super().save(*args, **kwargs)

    def anchor(self, heading):
        """The heading with an id, which is noted for the list of contents."""
        text = heading[1]
        found = {"id": f"section-{slugify(strip_tags(text))}", "text": strip_tags(text)}
        self.contents.append(found)
        return f'<h2 id="{found["id"]}">{text}</h2>'

    def get_context(self, request, *args, **kwargs):
        site = Site.find_for_request(request)
        people = Person.objects.filter(articles__page=self)
        related = ArticlePage.objects.live().filter(related_to__page=self)
        pages = Page.objects.live().in_menu().only("title", "url_path", "path")
        context = {
            "site": site,
            "address": self.get_full_url(request),
            "menu": pages.child_of(site.root_page),
            "footer_menu": pages.filter(depth=site.root_page.depth + 2),
            "people": list(
                people.select_related("portrait").order_by("articles__sort_order")
            ),
            "programmes": list(self.programmes.all()),
            "topics": list(self.topics.all()),
            "related": related.select_related("kind")
            .defer("body")
            .order_by("related_to__sort_order")[:3],
        }
        context["json_ld"] = self.build_json_ld(context)
        return super().get_context(request, *args, **kwargs) | context

    def build_json_ld(self, context):
        root, name = context["site"].root_url, "Meridian Council on European Affairs"
        address, day = context["address"], self.date.isoformat()
        steps = [
            (context["site"].site_name, f"{root}/"),
            (self.kind.plural, root + self.kind.get_absolute_url()),
            (self.title, address),
        ]
        article = {
            "@type": "Article",
            "headline": self.title,
            "description": self.search_description or self.standfirst,
            "inLanguage": "en",
            "url": address,
            "mainEntityOfPage": address,
            "datePublished": day,
            "dateModified": day,
            "timeRequired": f"PT{self.reading_time}M",
            "author": [
                {
                    "@type": "Person",
                    "name": person.name,
                    "url": root + person.get_absolute_url(),
                    "jobTitle": person.position,
                }
                for person in context["people"]
            ],
            "publisher": {"@type": "Organization", "name": name, "url": f"{root}/"},
            "keywords": [topic.name for topic in context["topics"]],
            "image": root + self.image.file.url if self.image else None,
        }
        breadcrumb = {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": number, "name": name, "item": item}
                for number, (name, item) in enumerate(steps, 1)
            ],
        }
        data = {"@context": "https://schema.org", "@graph": [article, breadcrumb]}
        return mark_safe(json.dumps(data).replace("<", "\\u003c"))  # noqa: S308


class Author(Orderable):
    page = ParentalKey(ArticlePage, related_name="authors")
    person = models.ForeignKey(Person, models.CASCADE, related_name="articles")

    panels = [FieldPanel("person")]


class RelatedArticle(Orderable):
    page = ParentalKey(ArticlePage, related_name="related")
    other = models.ForeignKey(ArticlePage, models.CASCADE, related_name="related_to")

    panels = [FieldPanel("other")]
