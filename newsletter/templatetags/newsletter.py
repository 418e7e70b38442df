from django import template

from newsletter.models import Newsletter

register = template.Library()


@register.inclusion_tag("newsletter/_signup.html")
def newsletter_signup(place="footer", form=None):
    """The signup form with its promise; `place` keeps ids apart. One query."""
    return {"newsletter": Newsletter.objects.first(), "place": place, "form": form}
