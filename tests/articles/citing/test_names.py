"""Names of everywhere: parted, shortened where a script has initials, else whole."""

import bibtexparser
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from articles.citing.exports import write_bibtex, write_ris
from articles.citing.record import build_name
from articles.citing.styles import STYLES
from authors.models import Author
from authors.names import build_sort_name, strip_name
from ecfr_site.institution.citation_styles import cite

APA, CHICAGO, HARVARD = "apa", "chicago-author-date", "harvard-cite-them-right"


def part(name, sort_name=""):
    sort_name = sort_name or build_sort_name(name)
    return build_name(Author(name=name, sort_name=sort_name, kind="person"))


def build_report(*names):
    return {
        "id": "x",
        "type": "report",
        "title": "T",
        "author": [part(name) for name in names],
        "issued": {"date-parts": [[2024]]},
        "language": "en",
        "URL": "https://example.org/",
    }


def name_in(style, *names):
    """What a citation says before its year."""
    return cite(build_report(*names), style).partition("2024")[0].rstrip(" (")


@pytest.mark.parametrize(
    ("name", "sort_name", "kind", "parts"),
    [
        ("Ada Verne", "Verne, Ada", "person", "family=Verne given=Ada"),
        (
            "Karl von Moor",
            "Moor, Karl von",
            "person",
            "family=Moor given=Karl dropping-particle=von",
        ),
        (
            "Karl von Moor",
            "von Moor, Karl",
            "person",
            "family=Moor given=Karl dropping-particle=von",
        ),
        (
            "Sam Hill Jr.",
            "Hill, Sam, Jr.",
            "person",
            "family=Hill given=Sam suffix=Jr.",
        ),
        (
            "Max Müller, PhD",
            "",
            "person",
            "family=Müller given=Max",
        ),
        ("Jean d’Arc III", "", "person", "family=d’Arc given=Jean suffix=III"),
        ("王小明", "王小明", "person", "literal=王小明"),
        ("Energy, Inc.", "Energy, Inc.", "institution", "literal=Energy, Inc."),
        ("e e", "e, e", "person", "family=e given=e"),
    ],
)
def test_a_name_is_parted_as_lists_sort_it(name, sort_name, kind, parts):
    found = build_name(
        Author(name=name, sort_name=sort_name or build_sort_name(name), kind=kind)
    )

    assert " ".join(f"{part}={text}" for part, text in found.items()) == parts


@pytest.mark.parametrize(
    ("name", "sort_name"),
    [
        ("Dr. Jane Doe", "Doe, Jane"),
        ("Prof. Dr. Karl Müller", "Müller, Karl"),
        ("Dr. (h.c.) Max Frei", "Frei, Max"),
        ("Dr. phil. Max Frei", "Frei, Max"),
        ("H.E. Omar Said", "Said, Omar"),
        ("Univ.-Prof. Dr. Max Weber", "Weber, Max"),
        ("Ass.-Prof. Dr. Max Weber", "Weber, Max"),
        ("Assoc. Prof. Max Weber", "Weber, Max"),
        ("Assistant Professor Max Weber", "Weber, Max"),
        ("Hon.-Prof. Max Weber", "Weber, Max"),
        ("apl. Prof. Dr. Max Weber", "Weber, Max"),
        ("Priv.-Doz. Dr. Max Weber", "Weber, Max"),
        ("PD Dr. Max Weber", "Weber, Max"),
        ("Dipl.-Pol. Dr. rer. nat. Max Weber", "Weber, Max"),
        ("DDr. Max Weber", "Weber, Max"),
        ("Prof.in Dr.in Eva Weber", "Weber, Eva"),
        ("Max Weber M.A.", "Weber, Max"),
        ("Max Weber, M.A.", "Weber, Max"),
        ("Vincent Van Gogh", "Van Gogh, Vincent"),
        ("Ursula Von der Leyen", "Von der Leyen, Ursula"),
        ("Oscar De La Hoya", "De La Hoya, Oscar"),
        ("Sir Ken Adams", "Adams, Ken"),
        ("Jane Doe PhD", "Doe, Jane"),
        ("Dr. Jane Doe, Ph.D.", "Doe, Jane"),
        ("Tom Smith MP", "Smith, Tom"),
        ("Ann Lee CBE", "Lee, Ann"),
        ("Ann Lee OBE, FBA", "Lee, Ann"),
        ("Sam Hill, Jr., PhD", "Hill, Sam, Jr."),
        ("Robert (Bob) Smith", "Smith, Robert"),
        ('Robert "Bob" O\'Neil-Smith, Jr.', "O'Neil-Smith, Robert, Jr."),
        ("Robert “Bob” Hill", "Hill, Robert"),
        # Families' names, though written as degrees and titles are.
        ("Marie LI", "LI, Marie"),
        ("Cindy McCain", "McCain, Cindy"),
        ("Marie MA", "MA, Marie"),
        ("P.D. James", "James, P.D."),
        ("M.A. Jinnah Khan", "Khan, M.A. Jinnah"),
        ("Hon Lee", "Lee, Hon"),
        ("Van Morrison", "Morrison, Van"),
        ("Di Wu", "Wu, Di"),
        ("M. Night Shyamalan", "Shyamalan, M. Night"),
        ("Gen Urobuchi", "Urobuchi, Gen"),
        # Nothing else is left of these.
        ("Lord Dannatt", "Dannatt, Lord"),
        ("Dr", "Dr"),
        ("Pelé", "Pelé"),
        # No rule says which word is the family's.
        ("محمد بن سلمان", "محمد بن سلمان"),
        ("דוד בן גוריון", "דוד בן גוריון"),
        ("王 小明", "王 小明"),
        ("王小明 (Wang Xiaoming)", "王小明"),
    ],
)
def test_lists_sort_people_by_their_names_not_by_titles_and_degrees(name, sort_name):
    assert build_sort_name(name) == sort_name


@pytest.mark.parametrize(
    ("name", "sort_name", "cited"),
    [
        ("Dr. Jane Doe", "Doe, Dr. Jane", "Doe, J."),
        ("Dr. Jane Doe PhD", "PhD, Dr. Jane Doe", "Doe, J."),
        ("Univ.-Prof. Max Weber", "Weber, Univ.-Prof. Max", "Weber, M."),
        ("Max Weber M.A.", "Weber, Max, M.A.", "Weber, M."),
        ("Vincent Van Gogh", "Gogh, Vincent Van", "Gogh, V. V."),
        ("J. R. R. Tolkien", "Tolkien, J. R. R.", "Tolkien, J. R. R."),
        ("Sam Hill Jr.", "Hill Jr., Sam", "Hill, S., Jr."),
        ("Jane Doe, PhD", "Doe, Jane, PhD", "Doe, J."),
        ("محمد بن سلمان", "بن سلمان, محمد", "<bdi>محمد بن سلمان</bdi>."),
        ("王小明", "王, 小明", "王小明."),
    ],
)
def test_what_an_editor_wrote_as_sort_name_is_understood(name, sort_name, cited):
    record = {**build_report(), "author": [part(name, sort_name)]}

    assert cite(record, APA).partition(" (2024")[0] == cited


@pytest.mark.parametrize(
    ("name", "apa", "chicago", "harvard"),
    [
        ("Иван Петров", "Петров, И.", "Петров, Иван.", "Петров, И."),
        ("Γιώργος Ρίτσος", "Ρίτσος, Γ.", "Ρίτσος, Γιώργος.", "Ρίτσος, Γ."),
        ("Արամ Սարյան", "Սարյան, Ա.", "Սարյան, Արամ.", "Սարյան, Ա."),
        ("J R R Tolkien", "Tolkien, J. R. R.", "Tolkien, J R R.", "Tolkien, J.R.R."),
        ("JRR Tolkien", "Tolkien, J. R. R.", "Tolkien, JRR.", "Tolkien, J.R.R."),
        ("ANNA Hill", "Hill, A.", "Hill, ANNA.", "Hill, A."),
        ("J.R.R. Tolkien", "Tolkien, J. R. R.", "Tolkien, J.R.R.", "Tolkien, J.R.R."),
        ("J.-P. Sartre", "Sartre, J.-P.", "Sartre, J.-P.", "Sartre, J.-P."),
        ("Jean-Paul Sartre", "Sartre, J.-P.", "Sartre, Jean-Paul.", "Sartre, J.-P."),
        ('Bob "Bo" Hill, Jr.', "Hill, B., Jr.", "Hill, Bob, Jr.", "Hill, B., Jr."),
        (
            "Gerard ’t Hooft",
            "’t Hooft, G.",
            "Hooft, Gerard ’t.",
            "’t Hooft, G.",
        ),
        ("Vincent Van Gogh", "Van Gogh, V.", "Van Gogh, Vincent.", "Van Gogh, V."),
        ("bell hooks", "bell hooks.", "hooks, bell.", "bell hooks"),
        (
            "Nasr al-Din al-Rashed",
            "Nasr al-Din al-Rashed.",
            "al-Rashed, Nasr al-Din.",
            "Nasr al-Din al-Rashed",
        ),
        *(
            (name, f"{name}.", f"{name}.", name)
            for name in ("王 小明", "김 정은", "राम शर्मा", "สมชาย ใจดี", "Lord Dannatt")
        ),
        *(
            (name, f"<bdi>{name}</bdi>.", f"<bdi>{name}</bdi>.", f"<bdi>{name}</bdi>")
            for name in ("محمد بن سلمان", "דוד בן גוריון")
        ),
    ],
)
def test_only_names_with_initials_are_shortened(name, apa, chicago, harvard):
    assert [name_in(style, name) for style in (APA, CHICAGO, HARVARD)] == [
        apa,
        chicago,
        harvard,
    ]


def test_each_of_several_names_from_right_to_left_is_isolated():
    assert name_in(APA, "محمد علي", "Jane Doe", "فاطمة حسن") == (
        "<bdi>محمد علي</bdi>, Doe, J., &amp; <bdi>فاطمة حسن</bdi>."
    )


@pytest.mark.parametrize("style", STYLES)
def test_a_title_from_right_to_left_is_isolated_and_ends_with_its_own_mark(style):
    text = cite({**build_report("Jane Doe"), "title": "من يدفع؟"}, style)

    assert "<bdi>من يدفع؟</bdi>" in text
    assert "؟</bdi>." not in text
    assert "؟</bdi></i>." not in text


def test_citation_programs_get_such_a_name_whole():
    record = build_report("محمد بن سلمان", "Dr. Jane Doe")

    [entry] = bibtexparser.parse_string(write_bibtex(record)).entries
    assert entry.fields_dict["author"].value == "{محمد بن سلمان} and Doe, Jane"
    assert rispy.loads(write_ris(record))[0]["authors"] == [
        "محمد بن سلمان",
        "Doe, Jane",
    ]


NAMES = st.text(
    st.sampled_from("aA bB.-,()\"'“” éÉ عب 王小 дД JrDPh"), min_size=1, max_size=24
).filter(str.strip)


@given(NAMES)
def test_whatever_a_name_is_something_of_it_is_cited_with_no_stray_stop(name):
    assert strip_name(name)[0]
    text = name_in(APA, name)
    assert text
    if not set(name) & set(".,()"):
        assert " ." not in text
