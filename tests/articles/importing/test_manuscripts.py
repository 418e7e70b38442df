"""A manuscript becomes a draft with its notes and images, and says what is lost."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from articles.importing.manuscripts import read_manuscript
from articles.importing.packages import UnreadableManuscript
from articles.models import Article
from ecfr_site.images.models import Image
from tests.articles.importing.docx import (
    build,
    deleted,
    footnote,
    image,
    inserted,
    p,
)

FORMULA = "<m:oMath><m:r><m:t>x</m:t></m:r></m:oMath>"


def read(data, name="draft.docx", **options):
    return read_manuscript(io.BytesIO(data), name, **options)


def draw():
    content = io.BytesIO()
    Pillow.new("RGB", (40, 30), "teal").save(content, "PNG")
    return content.getvalue()


def test_title_and_standfirst_are_taken_by_their_styles():
    found = read(
        build(
            p("The veto", style="Title"),
            p("What it hides.", style="Subtitle"),
            p("Part", style="heading1"),
            p("Words."),
        )
    )
    assert (found.title, found.standfirst) == ("The veto", "What it hides.")
    assert found.html == "<h2>Part</h2>\n<p>Words.</p>"


def test_a_heading_alone_at_the_beginning_is_the_title():
    found = read(build(p("The veto", style="heading1"), p("Words.")))
    assert (found.title, found.html) == ("The veto", "<p>Words.</p>")


def test_without_a_title_it_is_the_name_of_the_file():
    assert read(build(p("Words.")), "C:\\x\\The_veto v3.docx").title == "The veto v3"


def test_headings_keep_their_levels_below_the_title():
    found = read(
        build(
            p("The veto", style="Title"),
            p("Part", style="heading1"),
            p("Section", style="heading2"),
        )
    )
    assert found.html == "<h2>Part</h2>\n<h3>Section</h3>"


def test_a_caption_belongs_to_its_image():
    found = read(
        build(
            p(image()),
            p("Figure 1: A table", style="caption"),
            files={"media/a.png": draw()},
        )
    )
    assert "<figcaption>Figure 1: A table</figcaption></figure>" in found.html


def test_footnotes_and_endnotes_become_ours_where_their_numbers_are():
    found = read(
        build(
            p("Said", footnote(1), " and done", footnote(1, "endnote"), "."),
            p("Again", footnote(2), "."),
            notes=["See the annex.", "Page 4."],
            endnotes=["The last word."],
        )
    )
    assert found.html == (
        '<p>Said<span class="footnote">See the annex.</span> and done'
        '<span class="footnote">The last word.</span>.</p>\n'
        '<p>Again<span class="footnote">Page 4.</span>.</p>'
    )
    assert not found.losses


def test_tracked_changes_are_accepted_or_rejected():
    data = build(p("It is ", deleted("old"), inserted("new"), "."))
    assert read(data).html == "<p>It is new.</p>"
    assert read(data, reject_changes=True).html == "<p>It is old.</p>"


def test_what_cannot_be_kept_is_told():
    found = read(
        build(
            p("So ", FORMULA, image(), "."),
            comments=["Really?"],
            files={"media/a.emf": b"no image that a browser shows"},
        )
    )
    assert set(found.losses) == {
        "1 formula",
        "1 reviewer’s comment",
        "1 image that cannot be shown",
    }
    assert "Really" not in found.html


def test_text_from_right_to_left_says_so():
    found = read(build(p("مرحبا بالعالم"), p("Hello.")))
    assert found.html == '<p dir="rtl">مرحبا بالعالم</p>\n<p>Hello.</p>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a manuscript"),
        (b"%PDF-1.7", "not a manuscript"),
        (b"\xd0\xcf\x11\xe0old", "old Word"),
        (build(p("x"))[:-40], "not a manuscript"),
    ],
)
def test_other_files_are_refused_with_what_they_are(data, words):
    with pytest.raises(UnreadableManuscript, match=words):
        read(data)


def pack(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name.replace("__", "/") + ".xml", content)
    return file.getvalue()


# Made when their turn comes: one is of 320 MB.
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pack(other="<x/>"), "not a manuscript"),
        (
            lambda: pack(word__document="<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
            "entities",
        ),
        (lambda: pack(word__document="<x>" + " " * 43_000_000), "is too long"),
        (
            lambda: pack(word__document="<x/>", a=b"\0" * 320_000_000),
            "too large when unpacked",
        ),
        (lambda: pack(word__document="<x>"), "damaged"),
    ],
)
def test_bombs_and_other_packages_are_refused(make, words):
    with pytest.raises(UnreadableManuscript, match=words):
        read(make())


WHOLE = build(p("Said", footnote(1)), notes=["So."])


@given(st.integers(0, len(WHOLE)), st.binary(max_size=40))
def test_any_damage_is_refused_in_words(place, noise):
    try:
        found = read(WHOLE[:place] + noise + WHOLE[place + len(noise) :])
    except UnreadableManuscript:
        return
    assert found.title


def test_a_part_that_would_begin_before_the_file_is_refused_in_words():
    # The archive says of its list of parts that it begins 256 bytes further on.
    data = bytearray(WHOLE)
    data[-5] += 1
    with pytest.raises(UnreadableManuscript, match="not a manuscript"):
        read(bytes(data))


# LibreOffice

ODT = """<office:document-content
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
xmlns:xlink="http://www.w3.org/1999/xlink"><office:automatic-styles>
<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>
<style:style style:name="B" style:family="text">
<style:text-properties fo:font-weight="bold"/></style:style>
<text:list-style style:name="L1"><text:list-level-style-number text:level="1"/>
</text:list-style></office:automatic-styles><office:body><office:text>%s</office:text>
</office:body></office:document-content>"""


def odt(body, **files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("content.xml", ODT % body)
        for name, content in files.items():
            package.writestr(f"Pictures/{name}.png", content)
    return file.getvalue()


def test_a_file_of_libreoffice_is_read_as_one_of_word():
    found = read(
        odt(
            '<text:p text:style-name="P1">The veto</text:p>'
            '<text:p text:style-name="Subtitle">What it hides.</text:p>'
            '<text:h text:outline-level="1">Part</text:h>'
            '<text:p>A <text:span text:style-name="B">bold</text:span>'
            "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>See p. 3.</text:p></text:note-body></text:note> word.</text:p>"
            '<text:list text:style-name="L1"><text:list-item><text:p>One</text:p>'
            "</text:list-item></text:list><table:table><table:table-row>"
            '<table:table-cell table:number-columns-spanned="2"><text:p>x</text:p>'
            "</table:table-cell></table:table-row></table:table>"
            "<text:p><office:annotation><text:p>Really?</text:p></office:annotation>"
            '<draw:frame><draw:image xlink:href="Pictures/a.png"/>'
            "<svg:desc>A table</svg:desc></draw:frame></text:p>",
            a=draw(),
        ),
        "x.odt",
    )
    assert (found.title, found.standfirst) == ("The veto", "What it hides.")
    assert found.html == (
        "<h2>Part</h2>\n<p>A <strong>bold</strong>"
        '<span class="footnote">See p. 3.</span> word.</p>\n<ol><li>One</li></ol>\n'
        '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>\n'
        '<figure><img src="https://manuscript.invalid/image-1.png" alt="A table">'
        "</figure>"
    )
    assert found.losses == ("1 reviewer’s comment",)
    assert [row.alt for row in found.images] == ["A table"]


def test_tracked_changes_of_libreoffice_are_accepted_or_rejected():
    data = odt(
        '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion>'
        "<text:p>old</text:p></text:deletion></text:changed-region>"
        '<text:changed-region text:id="c2"><text:insertion/></text:changed-region>'
        '</text:tracked-changes><text:p>It is <text:change text:change-id="c1"/>'
        '<text:change-start text:change-id="c2"/>new<text:change-end '
        'text:change-id="c2"/>.</text:p>'
    )
    assert read(data).html == "<p>It is new.</p>"
    assert read(data, reject_changes=True).html == "<p>It is old.</p>"


# At the desk


@pytest.fixture
def send(contributor):
    def send(*files, **fields):
        uploads = [SimpleUploadedFile(name, data) for name, data in files]
        return contributor.post(
            "/admin/articles/article/manuscripts/",
            {"manuscripts": uploads, "language": "en", "changes": "accept", **fields},
        ).text

    return send


def test_each_manuscript_becomes_a_draft_of_the_editors(send, contributor):
    page = send(
        ("one.docx", build(p("One", style="Title"), p("Words."))),
        ("two.docx", build(p("Two", style="Title"), p(FORMULA, "More."))),
    )

    one, two = Article.objects.order_by("pk")
    assert (one.title, one.body, one.state) == ("One", "<p>Words.</p>", "draft")
    assert one.created_by == contributor.user
    assert f"/admin/articles/article/{two.pk}/change/" in page
    assert "Left out: 1 formula." in page


def test_images_are_in_the_library_and_in_the_text(send):
    send(
        ("one.docx", build(p(image(alt="A long table")), files={"media/a.png": draw()}))
    )

    [article] = Article.objects.all()
    [kept] = Image.objects.all()
    assert kept.alt == "A long table"
    assert kept.file.url in article.body
    assert list(article.body_images.all()) == [kept]


def test_a_file_that_cannot_be_read_costs_the_others_nothing(send):
    page = send(("bad.docx", b"no"), ("one.docx", build(p("Words."))))

    assert "This is not a manuscript" in page
    assert Article.objects.count() == 1


def test_what_is_too_long_for_its_field_goes_on_in_the_text(send):
    long = "Many words that go on. " * 40
    send(("one.docx", build(p("One", style="Title"), p(long, style="Subtitle"))))

    [article] = Article.objects.all()
    whole = f"{article.standfirst} {article.body}"
    assert whole.count("Many words") == 40


def test_who_may_not_write_may_not_send_manuscripts(newsletter_editor):
    page = newsletter_editor.get("/admin/articles/article/manuscripts/")
    assert page.status_code == 403


def test_too_many_files_are_refused_at_the_field(send):
    page = send(*[(f"{n}.docx", b"x") for n in range(21)])
    assert "at most 20 files" in page
    assert not Article.objects.exists()
