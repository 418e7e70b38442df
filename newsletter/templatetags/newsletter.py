from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, pgettext

from ecfr_site.database.queries import Rows
from newsletter.antispam import stamp
from newsletter.composing.plain_text import underlined, wrapped
from newsletter.models import Newsletter, Wording

register = template.Library()
register.filter(underlined)
register.filter(wrapped)


@register.inclusion_tag("newsletter/_signup.html")
def newsletter_signup(place="footer", form=None, newsletters=None):
    """The signup form with its promise; `place` keeps ids apart. One query.

    On the page of its own the `newsletters` are given, with their samples.
    """
    offered = Newsletter.objects.offered()
    fields = ("id", "name", "slug", "language", "cadence")
    wording = Wording.objects.annotate(offered=Rows(offered, *fields)).current()
    if newsletters is None:
        newsletters = wording.offered if wording else []
    chosen = form["newsletters"].value() or [] if form else []
    for newsletter in newsletters:
        newsletter.checked = str(newsletter.pk) in chosen
    return {
        "wording": wording,
        "newsletters": newsletters,
        "place": place,
        "form": form,
        "stamp": stamp(precise=place == "page"),
        "asks_about_analytics": settings.ANALYTICS_NEEDS_CONSENT,
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
def on_site(address):
    """An address of this site without the host, so that it is the reader's own."""
    return address.removeprefix(settings.SITE_URL)
