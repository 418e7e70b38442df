from django import template
from django.conf import settings
from django.db.models import Subquery
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, override, pgettext

from ecfr_site.caching.responses import cached_fragment
from ecfr_site.database.queries import Rows
from newsletter.antispam import renew_stamp
from newsletter.composing.plain_text import underline, wrap
from newsletter.languages import active_language, language_query, page_language
from newsletter.models import Edition, Newsletter, Wording

register = template.Library()
register.filter(underline)
register.filter(wrap)


@register.simple_tag(takes_context=True)
def newsletter_signup(
    context,
    place="footer",
    language=None,
    programmes=(),
    programme=None,
    newsletter=None,
):
    """One field for one newsletter, with its promise; `place` keeps ids apart.

    It is in the `language` of an article, else in that of the page. The newsletter is
    the given one, or fits the page's programmes or its language. One query, and none
    where pages are kept: then so is the text, which changes with the stamp.
    """
    asked = language or active_language()
    slugs = sorted(each.slug for each in (programme, *programmes) if each)
    guard = _guard(place, None, asked)
    named = f"{get_language()} {slugs} {newsletter and newsletter.pk} {guard}"
    return cached_fragment(
        context.get("request"),
        f"sign-up form {named}",
        lambda: render_to_string(
            "newsletter/_signup.html",
            guard | _build_signup(asked, slugs, newsletter),
        ),
    )


def _build_signup(asked, slugs, newsletter):
    active = page_language(asked)
    with override(active):
        language = active_language()
    best = Newsletter.objects.in_order_for(asked, slugs, newsletter)
    latest = Edition.objects.public().filter(newsletter=Subquery(best.values("pk")[:1]))
    wording = Wording.objects.annotate(
        # Another one tells that there is a choice.
        offered=Rows(best[:2], "id", "name", "slug", "language", "cadence"),
        latest=Rows(latest.newest_first()[:1], "id"),
    ).current(language)
    newsletters = wording.offered if wording else []
    editions = wording.latest if newsletters else []
    for edition in editions:
        edition.newsletter = newsletters[0]
    return {
        "wording": wording,
        "newsletter": newsletters[0] if newsletters else None,
        "has_others": len(newsletters) > 1,
        "edition": editions[0] if editions else None,
        "active": active,
        "language": language,
    }


@register.inclusion_tag("newsletter/_form.html")
def signup_form(form, newsletters):
    """The form of the sign-up page, which offers all the `newsletters`. One query."""
    chosen = form["newsletters"].value() or []
    for newsletter in newsletters:
        newsletter.checked = str(newsletter.pk) in chosen
    language = active_language()
    return {
        "wording": Wording.objects.current(language),
        "newsletters": newsletters,
        **_guard("page", form, language),
    }


@register.inclusion_tag("newsletter/_correction.html")
def signup_correction(form):
    """A form that signs up again for the same, with another address than was typed."""
    asked = form.cleaned_data
    return {
        "wording": asked["wording"],
        "newsletters": asked.get("newsletters", ()),
        "frequency": asked.get("frequency", ""),
        "analytics": asked["analytics"],
        **_guard("correction", form, active_language()),
    }


@register.inclusion_tag("newsletter/_follow_form.html")
def follow_form(form):
    """The form for alerts with its promise. One query."""
    return {
        "wording": Wording.objects.current(active_language()),
        **_guard("page", form, active_language()),
    }


@register.inclusion_tag("newsletter/_press.html")
def signup_press(form):
    """A form that signs up for what was asked for on another site, by one press."""
    asked = form.cleaned_data
    return {
        "asked": asked,
        "wording": asked["wording"],
        **_guard("press", form, active_language()),
    }


def _guard(place, form, language):
    """Context of newsletter/_guard.html beside the wording."""
    return {
        "place": place,
        "form": form,
        "language": language,
        "stamp": renew_stamp(
            (form and form["stamp"].value()) or "", precise=place == "page"
        ),
        "proof_of_work": settings.SIGNUP_PROOF_OF_WORK,
    }


@register.filter(expects_localtime=True)
def day_in_words(day):
    """“24 November 2026”, as the active language writes it."""
    return date_format(day, pgettext("a date in words", "j F Y"), use_l10n=False)


@register.filter
def in_language(text, language):
    """The text, marked where it is not in the language of the page."""
    page = get_language() or settings.LANGUAGE_CODE
    if language.partition("-")[0] == page.partition("-")[0]:
        return text
    return format_html('<span lang="{}">{}</span>', language, text)


@register.filter
def in_site_language(text):
    """The same of what editors write in the language of the site."""
    return in_language(text, settings.LANGUAGES[0][0])


@register.simple_tag(name="language_query")
def active_language_query():
    """The query of links to the sign-up page in the active language."""
    return language_query(active_language())


@register.filter
def on_site(address):
    """An address of this site without the host, so that it is the reader's own."""
    return address.removeprefix(settings.SITE_URL)
