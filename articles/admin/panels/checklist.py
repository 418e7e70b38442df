from django.contrib import messages
from django.utils.html import format_html, format_html_join

from articles.admin.panels.panel import Panel, get_policy
from articles.checklist.checklist import Checklist
from articles.models import Article
from articles.workflow import State

# How many things to look at are said after publishing; the checklist has them all.
MOST_SAID = 5
# Where the form shows rows, which are no fields.
GROUPS = {"bylines", "attachments", "corrections"}


class ChecklistPanel(Panel):
    """The checklist as last saved; each finding leads to its place in the form."""

    def get_context(self, request, article):
        if article is None or article.pk is None:
            return {}
        if request.method == "POST":
            # The form has written into this one what was typed and not saved.
            article = Article.objects.select_related("image").get(pk=article.pk)
        checklist = Checklist(article, policy=get_policy(request))
        findings = [
            {"finding": finding, "anchor": get_anchor(finding)}
            for finding in checklist.findings
        ]
        return {"checklist": checklist, "findings": findings}


def get_anchor(finding):
    """The id in the form of what the finding is about."""
    if finding.where in GROUPS:
        return f"{finding.where}-group"
    return f"id_{finding.where}"


def show_warnings(request, article):
    """After a text went live or on the schedule: what did not keep it from that."""
    if article.pk is None or article.state != State.PUBLISHED:
        return
    warnings = Checklist(article).warnings
    if not warnings:
        return
    said = format_html_join(
        "", "<li>{}</li>", ((found.text,) for found in warnings[:MOST_SAID])
    )
    more = len(warnings) - MOST_SAID
    if more > 0:
        said += format_html("<li>And {} more: see the checklist.</li>", more)
    messages.warning(
        request, format_html("Check “{}” again:<ul>{}</ul>", article, said)
    )
