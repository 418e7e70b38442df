"""The kind of an archive is known by its content, whatever its name says."""

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.detection import detect_kind
from articles.importing.records import NotAnExport
from tests.articles.importing.test_feeds import atom, rss
from tests.articles.importing.test_ghost import export as ghost
from tests.articles.importing.test_ghost import post
from tests.articles.importing.wxr import export as wxr


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (wxr(), "wordpress"),
        (ghost(post()), "ghost"),
        (rss(), "feed"),
        (atom(), "feed"),
        (io.BytesIO("\ufeffHeadline;Body\nÄ;b\n".encode()), "csv"),
        (io.BytesIO(b"name,position\nAda,Fellow\n"), "people"),
    ],
    ids=["wordpress", "ghost", "rss", "atom", "csv", "people"],
)
def test_each_kind_is_known(file, kind):
    assert detect_kind(file) == kind


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04...", "ZIP archive"),
        (b"\x1f\x8b...", "Unpack it first"),
        (b"%PDF-1.7", "not an export"),
        (b"\x89PNG", "not an export"),
        (b"<!doctype html><p>Hello", "This is a web page"),
        (b"What is this?", "not an export from WordPress or Ghost"),
        (b"[1, 2]", "not an export from WordPress or Ghost"),
        (b"<!DOCTYPE r [<!ENTITY a 'b'>]><rss></rss>", "declares entities"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_advice(content, words):
    with pytest.raises(NotAnExport, match=words):
        detect_kind(io.BytesIO(content))


@given(st.binary(max_size=300))
def test_whatever_bytes_come_they_are_of_a_kind_or_refused(content):
    with suppress(NotAnExport):
        detect_kind(io.BytesIO(content))
