"""The sign-up form for a page of another site."""

from django.conf import settings
from django.template.loader import render_to_string

from newsletter.composing.links import make_links_absolute
from newsletter.languages import active_language, override_language
from newsletter.models import Newsletter, Wording


def render_form(newsletter: Newsletter) -> str:
    """Its HTML, in the newsletter's language.

    "" without a wording, and of a press list.
    """
    if newsletter.is_press_list:
        return ""
    with override_language(newsletter.language):
        language = active_language()
        wording = Wording.objects.current(language)
        if wording is None:
            return ""
        context = {
            "newsletter": newsletter,
            "wording": wording,
            "language": language,
            "asks_about_analytics": settings.ANALYTICS_NEEDS_CONSENT,
        }
        html = str(render_to_string("newsletter/embedded.html", context))
    # It stands on another site.
    html = html.replace('action="/', f'action="{settings.SITE_URL}/')
    lines = str(make_links_absolute(html)).splitlines()
    return "\n".join(line for line in lines if line.strip())
