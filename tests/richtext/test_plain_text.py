"""Plain text is stored without characters that nobody sees."""

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.flatpages.models import FlatPage
from django.db import models

from ecfr_site.richtext.plain_text import (
    CLEANED,
    clean_fields,
    clean_line,
    clean_text,
    web_address,
)
from tests.factories import ArticleFactory, CommentFactory, UserFactory

# An override, a bell, a line break of a word processor.
HOSTILE = "cod\u202egnitekram\u202c\x07 \u2066and\u2069\x0bmore\r\n\x00"


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        (HOSTILE, "codgnitekram and more ", "codgnitekram and\nmore\r\n"),
        ("One\u2028two\u2029three\x85four", *["One two three four"] * 2),
        ("One\r\n\r\n\ttwo", "One two", "One\r\n\r\n\ttwo"),
        ("\ufeffA\ud800\ufffe\uffffZ", "AZ", "AZ"),
        # Marks of direction, joiners and soft hyphens belong to the words.
        *[
            (kept, kept, kept)
            for kept in ("א\u200f!\u200e", "می\u200cخواهم", "👩\u200d🔬")
        ],
    ],
)
def test_characters_that_nobody_sees_are_removed(text, line, lines):
    assert clean_line(text) == line
    assert clean_text(text) == lines
    assert clean_line(line) == line
    assert clean_text(lines) == lines


@pytest.mark.django_db
def test_every_plain_text_that_is_printed_is_cleaned_when_it_is_saved():
    for model in apps.get_models():
        if model._meta.app_label not in CLEANED:
            continue
        row = model()
        fields = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
        ]
        for field in fields:
            setattr(row, field.attname, HOSTILE)

        clean_fields(row)

        for field in fields:
            value = getattr(row, field.attname)
            assert not set(value) & set("\u202e\u202c\u2066\u2069\x07\x0b\x00"), field
            assert isinstance(field, models.TextField) or "\n" not in value, field


@pytest.mark.django_db
def test_what_packages_look_up_again_stays_as_it_was_told():
    for _ in range(2):
        AccessAttempt.objects.get_or_create(
            username="a\x1b", defaults={"failures_since_start": 1}
        )

    assert AccessAttempt.objects.get().username == "a\x1b"


@pytest.mark.django_db
def test_what_is_saved_reads_in_its_own_direction_and_feeds_stay_whole(reader):
    article = ArticleFactory(published=True, title=HOSTILE, standfirst=HOSTILE)
    comment = CommentFactory(article=article, text=HOSTILE)
    user = UserFactory(first_name=HOSTILE)
    page = FlatPage.objects.create(url="/x/", title=HOSTILE)

    for row, field in (
        (article, "title"),
        (article, "standfirst"),
        (comment, "text"),
        (user, "first_name"),
        (page, "title"),
    ):
        row.refresh_from_db()
        assert not set(getattr(row, field)) & set(
            "\u202e\u202c\u2066\u2069\x07\x0b\x00"
        )
    assert reader.get("/feed/").status_code == 200


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("HTTP://EXAMPLE.ORG/", "HTTP://EXAMPLE.ORG/"),
        ("javascript:alert(1)//https://", ""),
        ("data:text/html,x", ""),
        (" https://example.org/", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_become_links(text, address):
    assert web_address(text) == address
