"""A scholar cites a publication: in a style, in a citation program, by its metadata."""

import json
import re
from datetime import date, datetime

import bibtexparser
import lxml.html
import pytest
import rispy
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles.citing.exports import write_bibtex, write_ris
from articles.citing.styles import STYLES
from ecfr_site.institution.citation_styles import cite
from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TITLE = "R&D: “enough” if x < 5% of $1_000?"


@pytest.fixture
def report():
    Institution.objects.create(name="The Example Council")
    article = ArticleFactory(
        published=True,
        kind="report",
        title=TITLE,
        slug="enough",
        standfirst="What it costs.",
        published_at=timezone.make_aware(datetime(2024, 5, 3, 9)),
        authors=[
            AuthorFactory(name="Anna van den Berg", sort_name="Berg, Anna van den"),
            AuthorFactory(name="Energy Group", kind="group"),
        ],
        topics=[TopicFactory(name="Energy"), TopicFactory(name="Trade")],
    )
    jean = AuthorFactory(name="Jean-Luc Fabre")
    BylineFactory(article=article, author=jean, role="translator")
    return article


def read(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def styled(client, path="/article/enough/cite/"):
    """{style: text} of the page."""
    page = lxml.html.fromstring(read(client, path))
    names = [dt.text_content() for dt in page.iter("dt")]
    texts = [dd.text_content() for dd in page.iter("dd")]
    return dict(zip(names, texts, strict=True))


def test_each_style_says_it_in_its_own_way(client, report, settings):
    settings.SITE_URL = "https://council.example"
    report.title = "Who pays?"
    report.save()

    address = "https://council.example/article/enough/"
    assert styled(client) == {
        "APA (7th edition)": "van den Berg, A., & Energy Group. (2024). Who pays? "
        f"(J.-L. Fabre, Trans.) [Report]. The Example Council. {address}",
        "Chicago (author-date)": "Berg, Anna van den, and Energy Group. 2024. Who "
        "Pays? Report. Translated by Jean-Luc Fabre. The Example Council. "
        f"{address}.",
        "MLA (9th edition)": "van den Berg, Anna, and Energy Group. Who Pays? Report. "
        f"Translated by Jean-Luc Fabre, The Example Council, 3 May 2024, {address}.",
        "Harvard": "van den Berg, A. and Energy Group (2024) Who pays? Translated by "
        "J.-L. Fabre. Report. The Example Council. "
        f"Available at: {address}.",
        "OSCOLA": "van den Berg A and Energy Group, ‘Who Pays?’ (Jean-Luc Fabre tr, "
        f"The Example Council 2024) Report <{address}>",
    }


@pytest.mark.parametrize(
    ("title", "as_it_is", "in_capitals"),
    [
        ("Who pays for “last miles”?", "pays for “last", "Pays for “Last Miles”?"),
        ("Grids (new) and 'old'", "(new) and &#x27;old", "(New) and &#x27;Old"),
    ],
)
def test_capitals_of_a_title_are_set_within_quotation_marks(
    title, as_it_is, in_capitals
):
    record = {
        "id": "x",
        "type": "report",
        "title": title,
        "issued": {"date-parts": [[2024]]},
        "language": "en",
        "author": [{"literal": "A"}],
    }
    assert as_it_is in cite(record, "apa")
    assert in_capitals in cite(record, "chicago-author-date")


# What follows the first name, in the order of the styles.
EDITOR = [
    ", A. (Ed.). (2024",
    ", Ada, ed. 2024.",
    ", Ada, editor.",
    ", A. (ed.) (2024)",
]
EDITOR += [" A (ed),"]
EDITORS = [", A., & Wei, L. (Eds). (2024", ", Ada, and Li Wei, eds. 2024."]
EDITORS += [", Ada, and Li Wei, editors.", ", A. and Wei, L. (eds) (2024)"]
EDITORS += [" A and Wei L (eds),"]


def test_what_two_people_did_is_one_sentence_in_mla(client, report):
    BylineFactory(article=report, author=AuthorFactory(name="Li Wei"), role="editor")

    said = styled(client)["MLA (9th edition)"]

    assert "Report. Edited by Li Wei, translated by Jean-Luc Fabre, The" in said


@pytest.mark.parametrize("kind", ["report", "commentary"])
def test_apa_names_an_institution_once_that_wrote_and_published(client, report, kind):
    report.bylines.all().delete()
    report.kind_id = kind
    report.save()

    assert styled(client)["APA (7th edition)"].count("The Example Council") == 1


def test_no_markup_comes_from_a_title_and_none_is_lost(client, report):
    report.title = "On <b>bold</b> & <i>plain</i>"
    report.save()

    page = read(client, "/article/enough/cite/")

    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;i&gt;plain&lt;/i&gt;" in page
    assert all("<b>bold</b> &" in text for text in styled(client).values())


def test_a_reprint_is_cited_as_it_first_appeared(client, report):
    report.original_outlet = "The Review"
    report.original_url = "https://review.example/enough"
    report.original_date = date(2023, 12, 31)
    report.save()

    for text in styled(client).values():
        assert "The Review" in text
        assert "2023" in text
        assert "https://review.example/enough" in text
        assert "Example Council" not in text


def test_who_wrote_with_the_authors_is_cited_with_them(client, report):
    BylineFactory(article=report, author=AuthorFactory(name="Li Wei"), role="with")

    assert "Energy Group, & Wei, L. (2024)" in styled(client)["APA (7th edition)"]
    assert "{Energy Group} and Wei, Li" in read(client, "/article/enough/cite.bib")


def test_an_edited_piece_without_author_is_its_editors(client, report):
    report.bylines.filter(role="author").update(role="editor")

    assert "author" not in read(client, "/article/enough/cite.bib")
    for text in styled(client).values():
        assert text.count("Berg") == 1
        assert text.count("Example Council") == 1


@pytest.mark.parametrize("kind", ["report", "commentary"])
def test_each_style_says_that_they_are_editors_where_there_is_no_author(
    client, report, kind
):
    report.bylines.all().delete()
    BylineFactory(article=report, author=AuthorFactory(name="Ada Pole"), role="editor")
    report.kind_id = kind
    report.save()

    said = [text.partition("Pole")[2] for text in styled(client).values()]
    assert [text[: len(begin)] for text, begin in zip(said, EDITOR, strict=True)] == [
        *EDITOR
    ]

    BylineFactory(article=report, author=AuthorFactory(name="Li Wei"), role="editor")
    said = [text.partition("Pole")[2] for text in styled(client).values()]
    assert [text[: len(begin)] for text, begin in zip(said, EDITORS, strict=True)] == [
        *EDITORS
    ]


@pytest.mark.parametrize(
    ("role", "people"),
    [
        ("author", "Max Weber and Energy Group"),
        ("editor", "Max Weber and Energy Group (eds)"),
        ("", ""),
    ],
)
def test_a_page_on_paper_names_people_as_citations_do(client, report, role, people):
    report.bylines.all().delete()
    for name in ["Prof. Dr. Max Weber, PhD", "Energy Group"] if role else []:
        kind = "group" if "Group" in name else "person"
        author = AuthorFactory(name=name, kind=kind)
        BylineFactory(article=report, author=author, role=role)

    page = lxml.html.fromstring(read(client, "/article/enough/"))
    [said] = page.xpath("//span[@class='paper']")
    before, _, after = said.text_content().partition("‘")
    assert before == (f"{people}, " if people else "")
    assert after.endswith("’, The Example Council, 3 May 2024, " + report.canonical_url)


@pytest.mark.parametrize("rest", ["cite/", "cite.bib"])
def test_old_addresses_of_citations_lead_on(client, report, rest):
    report.slug = "renamed"
    report.save()

    response = client.get(f"/article/enough/{rest}")

    assert (response.status_code, response["Location"]) == (
        301,
        f"/article/renamed/{rest}",
    )


def test_what_was_withdrawn_says_so(client, report):
    report.withdraw(by=UserFactory(publisher=True), reason="It was wrong.")

    response = client.get("/article/enough/cite/")

    assert response.status_code == 410
    assert "It was wrong." in response.content.decode()


def test_on_paper_a_reprint_names_its_first_place(client, report):
    report.original_outlet = "The Review"
    report.original_url = "https://review.example/enough"
    report.save()

    page = read(client, "/article/enough/")

    assert "The Review, 3 May 2024, https://review.example/enough</span>" in page


def test_a_piece_without_author_is_the_institutions(client, report):
    report.bylines.all().delete()

    assert styled(client)["APA (7th edition)"].startswith("The Example Council. (2024")


def test_whoever_an_article_names_it_can_be_cited(client, report):
    for role in ("with", "editor", "host"):
        BylineFactory(article=report, author=AuthorFactory(), role=role)

    assert len(styled(client)) == len(STYLES)


def test_bibtex_is_read_as_it_was_meant(client, report):
    text = read(client, "/article/enough/cite.bib")

    [entry] = bibtexparser.parse_string(text).entries
    fields = {field.key: field.value for field in entry.fields}
    assert (entry.entry_type, entry.key) == ("techreport", "enough")
    assert fields["author"] == "van den Berg, Anna and {Energy Group}"
    assert fields["translator"] == "Fabre, Jean-Luc"
    assert fields["title"] == r"{R\&D: “enough” if x < 5\% of \$1\_000?}"
    assert (fields["year"], fields["month"]) == ("2024", "may")
    assert fields["institution"] == "The Example Council"


def test_ris_is_read_as_it_was_meant(client, report):
    [entry] = rispy.loads(read(client, "/article/enough/cite.ris"))

    assert entry["type_of_reference"] == "RPRT"
    assert entry["authors"] == ["van den Berg, Anna", "Energy Group"]
    assert entry["title"] == TITLE
    assert entry["date"] == "2024/05/03/"
    assert entry["keywords"] == ["Energy", "Trade"]
    assert entry["publisher"] == "The Example Council"


def test_csl_json_is_the_record_itself(client, report):
    [record] = json.loads(read(client, "/article/enough/cite.json"))

    assert record["title"] == TITLE
    assert record["author"][0] == {
        "family": "Berg",
        "given": "Anna",
        "non-dropping-particle": "van den",
    }
    assert record["translator"] == [{"family": "Fabre", "given": "Jean-Luc"}]


def test_a_file_is_saved_under_the_articles_name(client, report):
    response = client.get("/article/enough/cite.bib")

    assert response["Content-Disposition"] == 'attachment; filename="enough.bib"'


@pytest.mark.parametrize("path", ["cite/", "cite.bib", "cite.json"])
def test_what_is_not_public_is_not_cited(client, path):
    ArticleFactory(slug="draft")

    assert client.get(f"/article/draft/{path}").status_code == 404


def test_other_endings_are_none(client, report):
    assert client.get("/article/enough/cite.exe").status_code == 404


def test_google_scholar_finds_the_record_in_the_articles_head(client, report):
    AttachmentFactory(article=report)

    page = read(client, "/article/enough/")

    tags = re.findall(r'<meta name="citation_(\w+)" content="([^"]*)">', page)
    assert ("title", "R&amp;D: “enough” if x &lt; 5% of $1_000?") in tags
    assert [name for key, name in tags if key == "author"] == [
        "van den Berg, Anna",
        "Energy Group",
    ]
    found = dict(tags)
    assert found["publication_date"] == "2024/05/03"
    assert found["technical_report_institution"] == "The Example Council"
    assert found["keywords"] == "Energy; Trade"
    assert found["pdf_url"].endswith(".pdf")
    assert 'href="/article/enough/cite/"' in page


def test_a_reprint_leaves_being_indexed_to_its_first_place(client, report):
    report.original_outlet = "The Review"
    report.save()

    assert "citation_title" not in read(client, "/article/enough/")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


@given(TEXT, TEXT)
def test_whatever_is_typed_is_read_back(title, name):
    record = {
        "id": "x",
        "type": "webpage",
        "title": title,
        "author": [{"literal": name}],
        "issued": {"date-parts": [[2024]]},
        "language": "en",
        "URL": "https://example.org/",
        "container-title": "Council",
    }
    [entry] = bibtexparser.parse_string(write_bibtex(record)).entries
    assert [field.key for field in entry.fields][:2] == ["author", "title"]
    [reference] = rispy.loads(write_ris(record))
    assert reference.get("title", "") == " ".join(title.split())


@given(TEXT, st.sampled_from(list(STYLES)))
def test_whatever_is_typed_is_cited(title, style):
    record = {
        "id": "x",
        "type": "report",
        "title": title,
        "author": [{"literal": title}],
        "issued": {"date-parts": [[2024, 2]]},
        "language": "de",
        "URL": "https://example.org/",
    }
    found = cite(record, style)
    assert "2024" in found
    assert not re.search("<(?!/?(i|bdi)>)", found)
