"""Parts of pages whose text is the same for all: kept as long as pages are."""

from django import template
from django.template.loader import render_to_string
from django.utils.translation import get_language

from ecfr_site.caching.responses import cached_fragment

register = template.Library()


@register.simple_tag(takes_context=True)
def kept_text(context, template_name, **variables):
    """Include a template that shows the institution and these variables alone.

    Its text is kept under these and the language.
    """

    def render():
        institution = context.get("institution")
        return render_to_string(
            template_name, {"institution": institution, **variables}
        )

    named = f"{template_name} {get_language()} {variables}"
    return cached_fragment(context.get("request"), named, render)


@register.simple_block_tag(takes_context=True)
def masthead(context, content):
    """The masthead around a page of a section: "people page" for the page that it
    links to, "people true" for those below."""
    section, _, current = content.strip().partition(" ")
    return kept_text(context, "_masthead.html", section=section, current=current)
