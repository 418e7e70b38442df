"""An item that is cut off in an archive costs the items after it nothing."""

import io

import pytest

from articles.importing import broken_xml
from articles.importing.feeds import read_feed
from articles.importing.records import PieceRecord, Site, Unreadable
from articles.importing.wxr import read_export
from tests.articles.importing.wxr import export, item


def read(*parts):
    records = list(read_export(export(*parts), Site()))
    pieces = [each for each in records if isinstance(each, PieceRecord)]
    return pieces, [each for each in records if isinstance(each, Unreadable)]


def cut(number, place):
    whole = item(number, f"Piece {number}", text="<p>One two three</p>")
    return whole[: whole.index(place)]


@pytest.mark.parametrize("chunk", [500, 1 << 16])
@pytest.mark.parametrize(
    "place",
    ["two", "three", "</content", "<wp:post_id", "<wp:post_pass", "<wp:status>"],
)
def test_an_item_that_is_cut_off_is_named_and_the_next_ones_come(
    place, chunk, monkeypatch
):
    monkeypatch.setattr(broken_xml, "_CHUNK", chunk)
    pieces, unreadable = read(item(1), cut(2, place), item(3), item(4))
    assert [piece.source_id for piece in pieces] == ["1", "3", "4"]
    assert [each.reason for each in unreadable] == [
        "“Piece 2” is incomplete in the file and was left out."
    ]


def test_one_that_lacks_only_its_end_comes_and_says_so():
    pieces, unreadable = read(item(1), cut(2, "</item>"), item(3))
    assert [piece.source_id for piece in pieces] == ["1", "2", "3"]
    assert pieces[1].html == "<p>One two three</p>"
    assert pieces[1].losses == ("anything after a damaged place in the item",)
    assert not unreadable


def test_the_last_one_is_named_as_well():
    pieces, unreadable = read(item(1), cut(2, "<wp:post_id"))
    assert [piece.source_id for piece in pieces] == ["1"]
    assert "Piece 2" in unreadable[0].reason
    pieces, unreadable = read(item(1), cut(2, "two"))
    assert [piece.source_id for piece in pieces] == ["1"]
    assert "ends in the middle" in unreadable[0].reason


def test_an_export_that_a_text_quotes_is_text():
    quoted = f"<pre>{item(9, 'Quoted')}</pre>"
    pieces, unreadable = read(item(1, text=quoted), item(2))
    assert [piece.source_id for piece in pieces] == ["1", "2"]
    assert "Quoted" in pieces[0].html
    assert not unreadable


def test_tags_that_a_text_leaves_open_end_with_it():
    open_ = item(1, text="@@").replace("<![CDATA[@@]]>", "<p>One<br>two</b></p><div>")
    pieces, unreadable = read(open_, item(2))
    assert [piece.source_id for piece in pieces] == ["1", "2"]
    assert not unreadable


def test_items_of_a_feed_are_named_as_well():
    items = "".join(
        f"<item><title>Piece {number}</title><guid>{number}</guid>"
        f"<description>Words.</description>{'</item>' if number != 2 else ''}"
        for number in (1, 2, 3)
    )
    file = io.BytesIO(f"<rss><channel>{items}</channel></rss>".encode())
    records = list(read_feed(file, Site()))
    found = [r.source_id for r in records if isinstance(r, PieceRecord)]
    assert found == ["1", "3"]
    assert "Piece 2" in next(r for r in records if isinstance(r, Unreadable)).reason
