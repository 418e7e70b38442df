"""The desk lists topics and regions as the tree that they are."""

import re

import pytest

from tests.factories import TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def regions():
    europe = TopicFactory(name="Europe", slug="europe", kind="region")
    TopicFactory(name="Baltic Sea", slug="baltic-sea", kind="region", parent=europe)
    TopicFactory(name="Asia", slug="asia", kind="region")


def read_list(desk, query=""):
    page = desk.get(f"/admin/articles/topic/{query}").content.decode()
    return re.findall(r'field-indented"><a [^>]+>([^<]+)<', page)


def test_a_region_stands_below_the_one_that_it_is_part_of(publisher, regions):
    assert read_list(publisher) == ["Asia", "Europe", "— Baltic Sea"]


def test_what_is_searched_for_stands_in_the_same_order(publisher, regions):
    assert read_list(publisher, "?q=e") == ["Europe", "— Baltic Sea"]


def test_a_column_still_sorts_them(publisher, regions):
    assert read_list(publisher, "?o=-3") == ["Europe", "— Baltic Sea", "Asia"]
