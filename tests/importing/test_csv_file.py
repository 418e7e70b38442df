"""CSV files of any make: how they are written is found, and each row stands alone."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.importing import csv_file
from ecfr_site.importing.csv_file import Format, Unreadable, detect_format, read_table

HEAD = "email,newsletters,consent_source\n"


def rows_of(text, encoding="utf-8"):
    """The rows as they are found to be, by the names of the columns."""
    content = io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding))
    names, records = read_table(content, detect_format(content))
    return [dict(zip(names, record.cells, strict=True)) for record in records]


def records_of(text):
    content = io.BytesIO(text.encode())
    return list(read_table(content, Format("utf-8-sig", ",")).records)


def problems(text):
    return {r.cells[0]: r.problem for r in records_of(text) if r.problem}


def first_cells(text):
    return [record.cells[0] for record in records_of(text)]


# Rows that cannot be read


def test_a_comma_too_many_refuses_its_row_alone():
    text = (
        HEAD + "ok@example.org,weekly,src\n"
        "long@example.org,weekly,Form at the Brussels conference, 3 March 2025\n"
        "last@example.org,weekly,src\n"
    )

    assert problems(text) == {
        "long@example.org": "More cells than columns: put quotation marks around a "
        "text with a comma."
    }
    assert first_cells(text)[2] == "last@example.org"
    # All that stood in it is kept.
    assert records_of(text)[1].cells[2].endswith("conference, 3 March 2025")


def test_empty_cells_at_the_end_of_a_row_are_none_too_many():
    assert not problems(HEAD + "ok@example.org,weekly,src,,\n")


def test_a_comma_too_many_is_seen_where_the_last_cells_are_empty():
    text = HEAD + "ok@example.org,weekly,src\na@example.org,Ada, L,\n"

    assert list(problems(text)) == ["a@example.org"]


@pytest.mark.parametrize("ending", ["b@example.org,y\n", 'b@example.org,"y"\n', ""])
def test_open_quotes_swallow_nothing(ending):
    text = 'email,source\na@example.org,"Form\nc@example.org,x\n' + ending

    assert list(problems(text)) == ["a@example.org"]
    assert "is never closed" in problems(text)["a@example.org"]
    assert first_cells(text)[:2] == ["a@example.org", "c@example.org"]
    assert len(first_cells(text)) == (3 if ending else 2)


def test_quotes_within_a_text_and_lines_within_quotes_are_read():
    text = 'email,s\na@example.org,"Two\nlines, ""one"" cell"\nb@example.org,"A" form\n'

    assert [r.cells[1] for r in records_of(text)] == [
        'Two\nlines, "one" cell',
        "A form",
    ]
    assert not problems(text)


def test_marks_with_a_backslash_are_read_as_mailpoet_writes_them():
    text = 'email,name\n"a@example.org","Ada \\"the first\\", L"\n"b@example.org","B"\n'

    assert [r.cells[1] for r in records_of(text)] == ['Ada "the first", L', "B"]
    assert not problems(text)


def test_a_row_is_named_by_the_line_that_it_begins_in():
    text = 'email,s\na@example.org,"Two\nlines"\n\nb@example.org,x\n'

    assert [record.line for record in records_of(text)] == [2, 5]


def test_a_character_that_no_database_stores_refuses_its_row():
    text = HEAD + "a@example.org,weekly,\0src\nb@example.org,weekly,src\n"

    assert list(problems(text)) == ["a@example.org"]


def test_a_cell_without_end_refuses_its_row():
    text = f"email,s\na@example.org,{'x' * 200_000}\nb@example.org,y\n"

    [said] = problems(text).values()
    assert "longer than" in said
    assert first_cells(text)[1] == "b@example.org"


def test_many_open_quotes_take_no_time():
    text = "email,s\n" + 'a@example.org,"x\n' * 5_000

    assert len(records_of(text)) == 5_000


# How others write


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Email,Town\nada@example.org,Köln\n", "utf-8"),
        ("Email,Town\nada@example.org,Köln\n", "utf-8-sig"),
        ("Email;Town\r\nada@example.org;Köln\r\n", "cp1252"),
        ("Email\tTown\r\nada@example.org\tKöln\r\n", "utf-16"),
        ("Email\tTown\r\nada@example.org\tKöln\r\n", "utf-16-le"),
        ("Email\tTown\r\nada@example.org\tKöln\r\n", "utf-16-be"),
        ("Email|Town\nada@example.org|Köln\n", "utf-8"),
        ("sep=;\r\nEmail;Town\r\nada@example.org;Köln\r\n", "utf-8-sig"),
        ("\n\n Email , Town \n\nada@example.org,Köln\n,\n", "utf-8"),
        ("Email,Town\rada@example.org,Köln\r", "utf-8"),
        ('"Email","Town"\n"ada@example.org","Köln"\n', "utf-8"),
    ],
)
def test_what_spreadsheets_write_is_read(text, encoding):
    [row] = rows_of(text, encoding)

    assert row == {"Email": "ada@example.org", "Town": "Köln"}


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", ["Jürgen Großmann", "Françoise Lefèvre", "José García"]),
        ("cp1250", ["Lech Wałęsa", "Antonín Dvořák", "Małgorzata Świętosław"]),
        ("mac_roman", ["Jürgen Großmann", "Françoise Lefèvre", "José García"]),
        ("utf-8", ["Lech Wałęsa", "Ирина", "José García"]),
    ],
)
def test_names_tell_the_encoding_even_if_there_is_one(encoding, names):
    for some in (names[:1], names):
        text = "Email;Name\r\n" + "".join(f"x@example.org;{n}\r\n" for n in some)
        assert [row["Name"] for row in rows_of(text, encoding)] == some


def test_one_spoilt_letter_does_not_make_a_file_another_encoding():
    text = "Email,Town\n" + "a@example.org,Köln\n" * 20
    content = text.encode() + b"b@example.org,K" + b"\xf6ln\n"

    assert rows_of(content)[0]["Town"] == "Köln"
    assert rows_of(content)[-1]["Town"] == "K\ufffdln"


def test_texts_full_of_commas_do_not_hide_the_semicolons():
    text = "E-Mail;Text\n" + "ada@example.org;One, two, three, four\n" * 5

    assert rows_of(text)[0] == {
        "E-Mail": "ada@example.org",
        "Text": "One, two, three, four",
    }


def test_a_file_without_names_of_columns_loses_no_row():
    assert rows_of("ada@example.org,Ada\nbo@example.org,Bo\n") == [
        {"Column 1": "ada@example.org", "Column 2": "Ada"},
        {"Column 1": "bo@example.org", "Column 2": "Bo"},
    ]


def test_a_person_overrules_what_was_found():
    content = io.BytesIO("a;b|c\n1;2|3\n".encode("cp1250"))

    names, [record] = read_table(content, Format("cp1250", "|", header=True))

    assert names == ["a;b", "c"]
    assert record.cells == ["1;2", "3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\n \n", "The file is empty"),
        (b"PK\x03\x04 and so on", "This is an Excel workbook"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(content, said):
    with pytest.raises(Unreadable, match=said):
        rows_of(content)


# Whatever comes

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8)


@given(TABLES, st.sampled_from(sorted(csv_file.DELIMITERS)))
def test_what_was_written_as_a_table_is_read_as_it_was(table, delimiter):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["x", "y", "z"], *table])
    content = io.BytesIO(text.getvalue().encode())

    _, records = read_table(content, Format("utf-8", delimiter))
    filled = [row for row in table if any(cell.strip() for cell in row)]
    if all("\n" not in cell and "\r" not in cell for row in table for cell in row):
        assert [record.cells for record in records] == filled


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_break_the_reader(content):
    file = io.BytesIO(content)
    try:
        names, records = read_table(file, detect_format(file))
    except Unreadable:
        return

    assert all(len(record.cells) == len(names) for record in records)


@given(st.text(max_size=300), st.sampled_from(sorted(csv_file.ENCODINGS)))
def test_a_row_after_any_nonsense_in_quotes_is_kept(text, encoding):
    """Of some fifty lines, an open quote may cost its own."""
    nonsense = '"' + text.replace('"', "").replace("\n", " ").replace("\r", " ")
    lines = ["a,b", nonsense, *(f"r{n}@example.org,x" for n in range(60))]
    content = io.BytesIO("\n".join(lines).encode(encoding, "replace"))

    records = list(read_table(content, Format(encoding, ",")).records)

    assert [r.cells[0] for r in records][-60:] == [
        f"r{n}@example.org" for n in range(60)
    ]
