"""Losses: named to the editor."""

import pytest
from hypothesis import given

from articles.models import Article
from ecfr_site.richtext.fields import MAX_LENGTH
from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.sanitizer import sanitise
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import UserFactory
from tests.richtext.html_strategies import documents

UNREACHABLE = (
    '<p>Before</p><p><img src="file:///C:/Users/x/clip_image002.png" alt="Map"></p>'
    '<p><img src="blob:https://docs.google.com/1234" alt="Blob"></p><p>After</p>'
)


@pytest.mark.parametrize(
    ("html", "named"),
    [
        (UNREACHABLE, ["2 images that cannot be shown (clip_image002.png)"]),
        ("<img src=map.png>", ["1 image that cannot be shown (map.png)"]),
        ("<img src='cid:1'><img src='data:image/png;base64,AA'>",)
        + (["2 images that cannot be shown"],),
        ("<img src=/a.png><img src=https://x.example/b.png>", []),
        ("<video src=/x></video><iframe src=/y></iframe>",)
        + (["1 video", "1 embedded page"],),
        ("<iframe><p>Your browser shows no frames.</p></iframe>",)
        + (["1 embedded page"],),
        ("<iframe src=/y>&#11;<img src=a.png></iframe>\x0b", ["1 embedded page"]),
        ("<svg><path/></svg><canvas></canvas>", ["2 drawings"]),
        ("<math></math>", ["1 formula"]),
        ("<math><mi>x</mi></math>", []),
        ("<p><span class=katex><span aria-hidden=true>x2</span></span></p>",)
        + (["1 formula"],),
        ("<p><mjx-container>x2</mjx-container></p>", ["1 formula"]),
        ("<p><span class=katex><math><mi>x</mi></math></span></p>", []),
        ("<p>a<span class=footnote>b<span class=footnote>c</span></span></p>",)
        + (["1 footnote inside a footnote (its words stand in the outer one)"],),
        ("<ol style='list-style: lower-greek'><li>x</ol>",)
        + (["1 list’s own letters or signs"],),
        ("<ol style='list-style-type:lower-alpha'><li>x</ol>", []),
        ("<p><u>x</u> <mark>y</mark> <font color=red>z</font></p>", []),
    ],
)
def test_losses_are_named(html, named):
    assert find_losses(html) == named


@given(documents)
def test_a_text_that_was_kept_loses_nothing_again(html):
    assert find_losses(sanitise(html)) == []


def filled(form, body):
    for name, value in {
        "title": "A title",
        "slug": "a-title",
        "standfirst": "What it says.",
        "body": body,
    }.items():
        form[name] = value
    return form


def test_saving_a_draft_says_what_was_left_out(contributor):
    form = filled(article_form(contributor), UNREACHABLE)

    form.press("Save draft")

    assert "Left out of the text: 2 images that cannot be shown" in form.said
    assert "Insert images from a file" in form.said
    assert Article.objects.get().body == "<p>Before</p>\n<p>After</p>"


def test_publishing_stops_once_and_then_goes_on(publisher):
    form = filled(article_form(publisher), UNREACHABLE)

    form.press("Publish now")

    assert "2 images that cannot be shown" in form.said
    assert not Article.objects.exists()
    assert form["body"].strip() == "<p>Before</p>\n<p>After</p>"

    form.press("Publish now")

    assert "The page is live" in form.said


def test_a_programme_says_what_was_left_out(client, db):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    form = OpenForm(client, "/admin/authors/programme/add/")
    form["name"] = "Northern Seas"
    form["slug"] = "northern-seas"
    form["description"] = "<p>x</p><iframe src='https://x.example/'></iframe>"

    form.press("Save")

    assert "Left out of the text: 1 embedded page" in form.said
    assert "Insert images" not in form.said


def test_a_text_that_is_too_long_is_refused_in_words(contributor):
    body = "<p>" + "word " * (MAX_LENGTH // 5) + "</p>"
    form = filled(article_form(contributor), body)

    form.press("Save draft")

    assert "At most 1,000,000 can be saved" in form.said
    assert not Article.objects.exists()


def test_a_text_that_stopped_keeps_the_quotation_marks_of_its_language(publisher):
    form = filled(article_form(publisher), f"<p><q>Nein</q></p>{UNREACHABLE}")
    form["language"] = "de"

    form.press("Publish now")

    assert "2 images that cannot be shown" in form.said
    assert "„Nein“" in form["body"]
