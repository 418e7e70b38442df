"""Addresses of the old site are known however a text writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.addresses import OldSite, list_media_keys, make_media_key
from ecfr_site.redirects.paths import LONGEST

HOME = "https://www.old.example/blog"
ADDRESSES = st.text() | st.builds(
    "{}{}{}".format,
    st.sampled_from(["", HOME, "//old.example", "http://old.example:80/", "https://["]),
    st.sampled_from(["", "/", "?p=1", "/a/../b", "/%zz", "/wp-content/uploads/"]),
    st.text(),
)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://www.old.example/blog/2019/a/", "/blog/2019/a/"),
        ("http://old.example/blog/2019/a/#notes", "/blog/2019/a/"),
        ("//OLD.example/?p=3", "/?p=3"),
        ("https://old.example?p=3", "/?p=3"),
        ("/blog/%C3%BC/", "/blog/ü/"),
        ("https://old.example", "/"),
        ("https://other.example/blog/", ""),
        ("mailto:ada@old.example", ""),
        ("#notes", ""),
        ("page", ""),
    ],
)
def test_paths_of_the_old_site(url, path):
    assert OldSite(HOME).find_path(url) == path


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://a.example/wp-content/uploads/2019/03/a.jpg?x=1", "2019/03/a.jpg"),
        ("https://i0.wp.com/a.example/wp-content/uploads/a.jpg", "a.jpg"),
        ("/wp-content/uploads/sites/7/2019/%C3%BC.jpg", "2019/ü.jpg"),
        ("2019/03/a.jpg", "2019/03/a.jpg"),
    ],
)
def test_a_file_is_known_by_its_place_in_the_media_folder(url, key):
    assert make_media_key(url) == key


def test_smaller_copies_are_of_their_image():
    assert list_media_keys("/wp-content/uploads/a-300x200.jpg") == [
        "a-300x200.jpg",
        "a.jpg",
        "a-scaled.jpg",
    ]


@given(ADDRESSES)
def test_whatever_a_text_links_to_is_one_path_or_none(url):
    site = OldSite(HOME)
    path = site.find_path(url)
    assert path == "" or (path.startswith("/") and len(path) <= LONGEST)
    assert list_media_keys(url)
