"""The record of a publication, as libraries and readers are told of it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from lxml import html

from articles.checklist.checklist import Checklist
from articles.history.snapshot import get_content, is_signed_by
from articles.models import Article, EditorialPolicy, Funder, Licence
from articles.rendering import split_points
from ecfr_site.institution.identifiers import validate_ror
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory, FunderFactory, SeriesFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def report():
    return ArticleFactory(
        published=True,
        kind="report",
        slug="grids",
        title="Grids",
        key_points="<ul><li>Build <em>more</em>.</li><li>Begin now.</li></ul>",
        report_number="Report 2026/4",
        doi="10.5555/grids",
        isbn="978-0-306-40615-7",
        page_count=34,
        funders=[FunderFactory(name="The Fund", url="https://fund.example/")],
        disclosure="Ada Pole owns a pylon.",
        licence="by-nc-nd",
        updated_on=timezone.localdate(),
        update_note="New figures.",
    )


def show(reader, path="/article/grids/"):
    return reader.get(path).content.decode()


def test_readers_see_all_of_it(report, reader):
    page = show(reader)

    for said in (
        "<li>Build <em>more</em>.</li>",
        "Report 2026/4",
        "10.5555/grids (to be registered)",
        "978-0-306-40615-7",
        "<dd>34</dd>",
        'Funded by <a href="https://fund.example/">The Fund</a>.',
        "Ada Pole owns a pylon.",
        "https://creativecommons.org/licenses/by-nc-nd/4.0/",
        "New figures.",
    ):
        assert said in page, said


def test_a_commentary_without_a_record_says_nothing_of_it(reader):
    page = show(reader, ArticleFactory(published=True).get_absolute_url())

    for name in ("key-points", "in-series", "funding", "record", "licence", "updated"):
        assert f'class="{name}"' not in page


def test_a_doi_is_linked_and_cited_once_it_is_registered(report, reader):
    assert "10.5555" not in show(reader, "/article/grids/cite.json")

    report.doi_registered = True
    report.save()

    assert 'href="https://doi.org/10.5555/grids"' in show(reader)
    assert '"DOI": "10.5555/grids"' in show(reader, "/article/grids/cite.json")
    assert reader.get("/api/v1/articles/grids").json()["doi"] == "10.5555/grids"


# What is typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://doi.org/10.1234/AbC.5", "10.1234/AbC.5"),
        ("doi: 10.1000.10/123(456)", "10.1000.10/123(456)"),
        (" 10.1234/x ", "10.1234/x"),
        ("https://www.doi.org/10.1234/x", "10.1234/x"),
        ("doi.org/10.1234/x", "10.1234/x"),
        ("DOI 10.1234/x", "10.1234/x"),
        ("\u200bhttps://doi.org/10.1234/G(7)%3C1%3E\u00a0", "10.1234/G(7)<1>"),
        ("10.1234/x\u200b", "10.1234/x"),
        ("10.1234/a%3Cb", "10.1234/a%3Cb"),
        ("", ""),
    ],
)
def test_a_doi_is_taken_as_it_is_pasted(typed, kept):
    assert Article._meta.get_field("doi").clean(typed, None) == kept


def test_the_address_of_a_doi_is_encoded_and_leads_back_to_it():
    doi = '10.1234/a#b?c%d"e<f>'
    address = "https://doi.org/10.1234/a%23b%3Fc%25d%22e%3Cf%3E"

    assert Article(doi=doi, doi_registered=True).doi_url == address
    assert Article._meta.get_field("doi").clean(address, None) == doi


@pytest.mark.parametrize("typed", ["10.12/x", "10.1234", "11.1234/x", "10.1234/a b"])
def test_what_is_no_doi_is_refused(typed):
    with pytest.raises(ValidationError, match="begins with 10"):
        Article._meta.get_field("doi").clean(typed, None)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("978-0-306-40615-7", "978-0-306-40615-7"),
        ("9780306406157", "9780306406157"),
        ("ISBN 0-306-40615-2", "0-306-40615-2"),
        ("ISBN-13: 978‑0‑306‑40615‑7", "978-0-306-40615-7"),
        ("0-8044-2957-x", "0-8044-2957-X"),
    ],
)
def test_an_isbn_is_taken_as_it_is_printed(typed, kept):
    assert Article._meta.get_field("isbn").clean(typed, None) == kept


@pytest.mark.parametrize(
    "typed", ["978-0-306-40615-8", "0-306-40615-3", "977-0-306-40615-7", "12345"]
)
def test_an_isbn_with_a_slip_is_refused(typed):
    with pytest.raises(ValidationError, match="ISBN"):
        Article._meta.get_field("isbn").clean(typed, None)


@pytest.mark.parametrize("typed", ["05a28rw58", "03yrm5c26", "00k4n6c32"])
def test_ror_ids_of_organisations_are_known(typed):
    validate_ror(typed)
    field = Funder._meta.get_field("ror")
    assert field.clean(f"https://ror.org/{typed}", None) == typed


@pytest.mark.parametrize("typed", ["05a28rw59", "15a28rw58", "05a28rw5", "0ilou1w58"])
def test_ror_ids_with_a_slip_are_refused(typed):
    with pytest.raises(ValidationError, match="no ROR ID"):
        validate_ror(typed)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"update_note": "New."}, "Say when"),
        ({"doi_registered": True}, "Enter the DOI"),
        ({"updated_on": date(2999, 1, 1)}, "still to come"),
    ],
)
def test_what_contradicts_itself_is_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        ArticleFactory(draft=True, **fields).clean()


@pytest.mark.parametrize(
    ("html", "points"),
    [
        ("<ul><li>One</li><li>Two</li></ul>", ["One", "Two"]),
        ("<p>One</p><p> </p><p>Two <em>2</em></p>", ["One", "Two <em>2</em>"]),
        ("<ul><li><p>One</p></li></ul>", ["One"]),
        ('<p>One<span class="footnote">note</span></p>', ["One"]),
        ("<table><tr><td>x</td></tr></table>", []),
        ("", []),
    ],
)
def test_points_are_lines_without_what_has_no_place_there(html, points):
    assert split_points(html) == points


def test_key_points_are_sanitised(reader):
    article = ArticleFactory(
        published=True, key_points="<p onclick=x()>A<script>evil()</script> b</p>"
    )

    page = show(reader, article.get_absolute_url())

    assert "evil" not in page
    assert "onclick" not in page


# At the desk


def test_an_editor_fills_it_in_and_a_mistake_loses_nothing(editor):
    funder, series = FunderFactory(), SeriesFactory()
    article = ArticleFactory(draft=True, kind="report")
    form = article_form(editor, article)
    form["isbn"], form["doi"] = "978-0-306-40615-8", "https://doi.org/10.5555/x"
    form["funders"], form["series"] = [str(funder.pk)], str(series.pk)
    form["series_number"], form["licence"] = "2", "by"
    form["key_points"] = "R&D pays.\n\nSo do <em>grids</em>."

    form.press("Save draft")
    assert "one is mistyped" in form.said
    assert form["series_number"] == "2"

    form["isbn"] = "978-0-306-40615-7"
    form.press("Save draft")
    article.refresh_from_db()
    assert (article.isbn, article.doi) == ("978-0-306-40615-7", "10.5555/x")
    assert (article.series, article.series_number) == (series, 2)
    assert list(article.funders.all()) == [funder]
    assert article.key_point_list == ["R&amp;D pays.", "So do <em>grids</em>."]
    assert form["key_points"].strip() == "R&D pays.\nSo do <em>grids</em>."


def test_key_points_keep_what_only_looks_like_a_tag(editor):
    lines = [
        "See <Title> here",
        "Growth of x<y in a year",
        "Read <https://example.org>",
    ]
    lines += ["Third <point>", "5 < 6 & <em>7</em>", "&lt; is typed so"]
    article = ArticleFactory(draft=True, kind="report")
    form = article_form(editor, article)
    form["key_points"] = "\n".join(lines)

    form.press("Save draft")

    article.refresh_from_db()
    assert article.key_point_list == [
        "See &lt;Title&gt; here",
        "Growth of x&lt;y in a year",
        "Read &lt;https://example.org&gt;",
        "Third &lt;point&gt;",
        "5 &lt; 6 &amp; <em>7</em>",
        "&lt; is typed so",
    ]
    assert form["key_points"].strip().splitlines() == [*lines[:5], "< is typed so"]


def test_a_working_copy_and_an_earlier_text_know_it(report, publisher):
    before = get_content(report)
    copy = report.start_working_copy(publisher.user)
    copy.isbn, copy.licence = "", "by"
    copy.save()
    copy.funders.clear()
    copy.publish(by=publisher.user)

    report.refresh_from_db()
    assert (report.isbn, report.licence) == ("", "by")
    assert not report.funders.exists()
    history = publisher.get(f"/admin/articles/article/{report.pk}/history/")
    assert history.status_code == 200
    assert before["funders"]
    assert before["isbn"]


def test_what_was_approved_before_the_fields_were_there_stays_approved(report):
    plain = ArticleFactory(draft=True)
    content = get_content(plain)
    young = {"key_points", "series", "doi", "funders", "licence", "updated_on"}
    signed = {name: value for name, value in content.items() if name not in young}

    assert is_signed_by(content, signed)
    assert not is_signed_by({**content, "doi": "10.5555/x"}, signed)


def test_words_under_embargo_are_found_in_it(report):
    policy = EditorialPolicy(embargoed_words="pylon\nfigures\nbuild more")

    found = Checklist(report, policy=policy).findings

    where = {each.where for each in found if each.rule == "embargo"}
    assert where >= {"disclosure", "update_note", "key_points"}


# Republishing


def test_a_free_licence_offers_the_text_to_take_along(report, reader):
    assert '<a href="/article/grids/republish/" rel="nofollow">' in show(reader)
    page = show(reader, "/article/grids/republish/")

    assert "Do not change, shorten or translate the text." in page
    assert "Not for commercial purposes." in page
    assert "&lt;p&gt;A first paragraph.&lt;/p&gt;" in page
    assert "&lt;h1&gt;Grids&lt;/h1&gt;" in page
    assert "http://" in page.partition("first published by")[2]


def test_who_takes_the_text_along_takes_points_funders_and_the_update(report, reader):
    page = html.fromstring(show(reader, "/article/grids/republish/"))

    for copy in page.xpath("//textarea"):
        text = " ".join(copy.text_content().split())
        said = ["Begin now.", "The Fund", "Ada Pole owns a pylon.", "New figures."]
        assert [each for each in said if each not in text] == []


def test_the_text_to_take_along_is_found_as_its_page_is(report, reader):
    report.slug = "lines"
    report.save()
    moved = reader.get("/article/grids/republish/")
    assert (moved.status_code, moved["Location"]) == (301, "/article/lines/republish/")

    report.withdraw(by=UserFactory(publisher=True), reason="Wrong.")
    assert reader.get("/article/lines/republish/").status_code == 410


def test_the_text_to_take_along_names_the_page_and_the_licence(report, reader):
    page = html.fromstring(show(reader, "/article/grids/republish/"))
    [_, text] = page.xpath("//textarea")

    said = text.text_content().rpartition("first published by")[2]
    assert "/article/grids/) on " in said
    assert "(https://creativecommons.org/licenses/by-nc-nd/4.0/)." in said


def test_notes_to_take_along_are_numbered_and_those_of_images_are_left_out(
    report, reader
):
    def note(words):
        return f'<span class="footnote">{words}</span>'

    report.body = (
        f"<p>One{note('First.')}.</p>"
        f'<figure><img src="/media/x.png" alt="">'
        f"<figcaption>Pylon{note('Drawn.')}</figcaption></figure>"
        f"<p>Two{note('<em>Last.</em>')}.</p>"
    )
    report.save()

    page = html.fromstring(show(reader, "/article/grids/republish/"))
    [markup, text] = [each.text_content() for each in page.xpath("//textarea")]
    assert "Drawn." not in markup + text
    copy = html.fromstring(markup)
    assert copy.xpath("//sup//text()") == ["1", "2"]
    assert [li.text_content().strip() for li in copy.xpath("//ol/li")] == [
        "First.",
        "Last.",
    ]
    lines = text.strip().split("\n")
    assert [line for line in lines if "[" in line] == [
        "One[1].",
        "Two[2].",
        "[1] First.",
        "[2] Last.",
    ]


def test_no_notes_are_announced_where_all_were_of_images(report, reader):
    report.body = (
        '<p>One.</p><figure><img src="/media/x.png" alt=""><figcaption>Pylon'
        '<span class="footnote">Drawn.</span></figcaption></figure>'
    )
    report.save()

    assert "Notes" not in html.fromstring(
        show(reader, "/article/grids/republish/")
    ).xpath("string(//textarea)")


@pytest.mark.parametrize(
    "fields",
    [
        {"licence": ""},
        {"licence": "reserved"},
        {"licence": "by", "original_outlet": "X"},
    ],
    ids=str,
)
def test_other_texts_are_not_offered(fields, reader):
    article = ArticleFactory(published=True, **fields)

    assert "/republish/" not in show(reader, article.get_absolute_url())
    path = f"{article.get_absolute_url()}republish/"
    assert reader.get(path).status_code == 404


def test_each_licence_but_one_has_an_address():
    for licence in Licence:
        assert bool(licence.url) == (licence != Licence.RESERVED)


def test_an_update_moves_the_page_in_feeds(report, reader):
    report.published_at = timezone.now() - timedelta(days=9)
    report.save()

    answer = reader.get("/api/v1/articles/grids").json()

    assert answer["updated_at"][:10] == timezone.localdate().isoformat()
    assert answer["update"]["note"] == "New figures."
