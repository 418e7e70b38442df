"""Job titles beside names are read in bylines, boxes and descriptions."""

import pytest

from articles.importing.job_titles import (
    find_in_description,
    find_in_text,
    list_employers,
    read_title,
)

NAMES = {"jane doe": "jane", "ben osei": "ben"}
PROGRAMMES = {"Africa": 1, "Asia": 2, "Wider Europe": 3}
EMPLOYERS = list_employers("European Council on Foreign Relations", "The Council")


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("By Jane Doe, director of the Africa programme", "director of the Africa"),
        ("Jane Doe is a senior policy fellow at ECFR.", "senior policy fellow at"),
        ("<em>Jane Doe</em> is the head of office in Rome.", "head of office in Rome"),
        ("Jane Doe – Senior Policy Fellow", "Senior Policy Fellow"),
        ("About the author: Jane Doe is a visiting fellow.", "visiting fellow"),
        ("Jane Doe was director of Asia and the author of a book.", "director of Asia"),
        ("Von Jane Doe, Leiterin des Berliner Büros", "Leiterin des Berliner Büros"),
        ("Jane Doe est chercheuse à Paris.", "chercheuse à Paris"),
    ],
)
def test_a_title_beside_a_name_is_read(sentence, said):
    found = list(find_in_text(f"<p>{sentence}</p>", NAMES))
    assert [whose for whose, _ in found] == ["jane"]
    assert found[0][1].startswith(said)


@pytest.mark.parametrize(
    "sentence",
    [
        "Jane Doe is the author of “The Last Fellow”.",
        "Jane Doe, who met the director in May, is right.",
        "Jane Roe is a senior policy fellow.",
        "As Jane Doe is director, she may say so.",
        "Jane Doe, Ben Osei",
        "Jane Doe is right to say that the new government in Kyiv needs a minister.",
    ],
)
def test_what_is_no_title_is_not(sentence):
    assert list(find_in_text(f"<p>{sentence}</p>", NAMES)) == []


def test_two_people_are_told_apart_in_one_box():
    box = "Jane Doe is a policy fellow. Ben Osei is director of the Africa programme."
    found = dict(find_in_text(f"<p>Words.</p><p>{box}</p>", NAMES))
    assert found == {"jane": "policy fellow", "ben": "director of the Africa programme"}


def test_the_middle_of_a_text_is_not_about_its_authors():
    text = "<p>Words.</p>" * 10
    html = f"{text}<p>Jane Doe is a policy fellow.</p>{text}"
    assert list(find_in_text(html, NAMES)) == []


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("director of the Africa programme", ("Director", 1, True, 0)),
        (
            "Senior Policy Fellow, Asia programme since 2019",
            ("Senior Policy Fellow", 2, False, 2019),
        ),
        (
            "senior policy fellow at the European Council on Foreign Relations",
            ("Senior policy fellow", None, False, 0),
        ),
        (
            "policy fellow with ECFR’s Wider Europe programme",
            ("Policy fellow", 3, False, 0),
        ),
        ("professor at Oxford", ("Professor at Oxford", None, False, 0)),
    ],
)
def test_programme_employer_and_year_are_parted_from_a_title(said, title):
    assert tuple(read_title(said, PROGRAMMES, EMPLOYERS)) == title


@pytest.mark.parametrize(
    ("description", "said"),
    [
        (
            "Senior Policy Fellow, Asia programme since 2019.",
            "Senior Policy Fellow, As",
        ),
        ("<p>Jane Doe is a <b>policy fellow</b>. She writes.</p>", "policy fellow"),
        ("She is a senior fellow in Berlin.", "senior fellow in Berlin"),
        ("Loves the sea, and writes about fellows.", ""),
        ("", ""),
    ],
)
def test_a_description_may_begin_with_a_title(description, said):
    found = find_in_description(description, "Jane Doe")
    assert found.startswith(said)
    assert bool(found) == bool(said)
