"""Portraits come over, and replace none."""

import io

import pytest

from articles.importing.pipeline import receive
from authors.models import Author
from ecfr_site.images.models import Image
from tests.articles.importing.archives import (
    State,
    finish,
    get_losses,
    move_in,
    outcomes,
    pack,
    work,
)
from tests.articles.importing.test_ghost import export as ghost
from tests.articles.importing.test_ghost import post
from tests.articles.importing.wxr import author, item
from tests.factories import AuthorFactory, ImageFactory, jpeg

pytestmark = pytest.mark.django_db

FILE = "https://old.example/wp-content/uploads/2019/03/ada.jpg"
GUEST = item(
    9,
    "Ada Verne",
    type="guest-author",
    slug="cap-ada",
    meta=[("cap-display_name", "Ada Verne"), ("_thumbnail_id", "7")],
)


def photo(number=7, **fields):
    link = f"https://old.example/ada-{number}/"
    return item(number, "Ada", "", type="attachment", link=link, file=FILE, **fields)


def images():
    return pack(**{"uploads/2019/03/ada.jpg": jpeg()})


def bring(file, source, **files):
    found = receive(file, "old", None, source, pack(**files))
    finish(found)
    return work(found, State.IMPORTING)


def test_a_guest_author_gets_the_featured_image():
    move_in(GUEST, photo(), media=images())
    assert Author.objects.get().photo == Image.objects.get()


def test_a_user_gets_the_avatar_that_says_whose_it_is():
    avatar = photo(meta=[("_wp_attachment_wp_user_avatar", "1")])
    move_in(author(), avatar, media=images())
    assert Author.objects.get().photo == Image.objects.get()


def test_a_user_of_ghost_gets_the_profile_image():
    address = "__GHOST_URL__/content/images/2019/ada.jpg"
    ada = {"id": "u", "name": "Ada Verne", "slug": "ada", "profile_image": address}
    bring(ghost(post(), users=[ada]), "ghost", **{"2019/ada.jpg": jpeg()})
    assert Author.objects.get().photo.title == "Ada Verne"


def test_a_table_of_people_names_portraits():
    rows = b"name,portrait,position,from\nAda Verne,,Fellow,2019\nAda Verne,ada.jpg,,\n"
    bring(io.BytesIO(rows), "people", **{"ada.jpg": jpeg()})
    assert Author.objects.get().photo == Image.objects.get()


def test_who_has_a_portrait_keeps_it():
    here = AuthorFactory(name="Ada Verne", photo=ImageFactory())
    found = move_in(GUEST, photo(), media=images())
    kept = here.photo
    here.refresh_from_db()
    assert here.photo == kept
    lost = get_losses(found, "person", "guest-9")
    assert lost == ["portrait, because the author already has one"]


def test_a_portrait_that_did_not_come_over_is_named_also_in_a_trial():
    for state in (State.TRYING, State.IMPORTING):
        found = move_in(GUEST, photo(), state=state)
        [loss] = get_losses(found, "person", "guest-9")
        assert loss.startswith("portrait (2019/03/ada.jpg), which was not imported")
    assert Author.objects.get().photo is None


def test_the_same_archive_again_changes_no_portrait():
    move_in(GUEST, photo(), media=images())
    other = ImageFactory()
    again = move_in(GUEST, photo())
    assert get_losses(again, "person", "guest-9") == []
    Author.objects.update(photo=other)
    move_in(GUEST, photo())
    assert Author.objects.get().photo == other


def test_undoing_takes_portraits_back():
    here = AuthorFactory(name="Ada Verne")
    found = move_in(GUEST, photo(), media=images())
    work(found, State.UNDOING)
    here.refresh_from_db()
    assert here.photo is None
    assert outcomes(found, "media") == {"7": "undone"}
    assert not Image.objects.exists()
