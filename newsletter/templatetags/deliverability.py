from django import template

from newsletter.models import DomainHold

register = template.Library()


@register.inclusion_tag("admin/newsletter/deliverability/_desk.html")
def held_domains():
    """A section about the domains that are left alone, if there are any. One query."""
    return {"holds": DomainHold.objects.active().with_waiting()}
