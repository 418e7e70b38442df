"""A new SECRET_KEY breaks nothing that the old one signed, and signs what is new."""

import re

import pytest

from articles.models import PreviewLink
from ecfr_site.security import tokens
from newsletter.antispam import sign_stamp
from newsletter.models import Newsletter, Subscriber
from tests.factories import ArticleFactory, SubscriberFactory
from tests.newsletter.mail_helpers import link_in
from tests.test_settings import PRODUCTION, manage  # noqa: F401

NEW = "the new key, as long and as random as the old one was said to be"


@pytest.fixture
def rotate(settings):
    """Put a new key in the old one's place; `keep`: the old one stays good."""

    def rotate(keep=True):
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
        settings.SECRET_KEY = NEW

    return rotate


@pytest.fixture
def old_links(reader, editor, mailoutbox, settings):
    """Links sent and shown under the old key: name to path."""
    weekly = Newsletter.objects.get()
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    reader.post(
        "/newsletter/",
        {"email": "bo@example.org", "newsletters": [weekly.pk], "stamp": sign_stamp()},
    )
    link = PreviewLink.make(
        ArticleFactory(draft=True), by=editor.user, recipient="Ms Jonas"
    )
    token = tokens.sign("preferences", ada.pk)
    return {
        "confirm": link_in(mailoutbox[0], "confirm"),
        "preferences": f"/newsletter/preferences/{token}/",
        "preview": f"/preview/{link.token}/",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["confirm", "preferences", "preview"])
def test_links_in_old_messages_stay_good_as_long_as_the_old_key_is_kept(
    old_links, reader, rotate, name
):
    rotate()
    assert reader.get(old_links[name]).status_code == 200

    rotate(keep=False)
    assert signing_refuses(reader, old_links[name])


def signing_refuses(reader, path):
    token = re.search(r"/([a-z2-7]{45})/", path)[1]
    for purpose in ("confirm", "preferences"):
        with pytest.raises(tokens.BadToken):
            tokens.check(purpose, token, max_age=tokens.timedelta(days=1))
    return True


@pytest.mark.django_db
def test_the_button_of_an_old_mail_still_confirms(old_links, reader, rotate):
    rotate()

    reader.post(old_links["confirm"])

    assert Subscriber.objects.get(email="bo@example.org").status == "active"


@pytest.mark.django_db
def test_sessions_go_on_with_the_old_key_and_end_without_it(editor, rotate):
    rotate()
    assert editor.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_sessions_end_when_the_old_key_is_dropped(editor, rotate):
    rotate(keep=False)
    assert editor.get("/admin/").status_code == 302


def test_what_is_new_is_signed_with_the_new_key(rotate, settings):
    rotate()
    token = tokens.sign("preferences", 7)
    settings.SECRET_KEY_FALLBACKS = []

    day = tokens.timedelta(days=1)
    assert tokens.check("preferences", token, max_age=day) == 7


def test_a_new_key_asks_for_the_one_that_erased_addresses_are_known_by(manage):  # noqa: F811
    rotated = PRODUCTION | {"SECRET_KEY_FALLBACKS": "the-former-key"}

    code, said = manage("check", **rotated)
    assert code != 0
    assert "SUPPRESSION_KEY must be given" in said

    assert manage("check", **rotated, SUPPRESSION_KEY="the-former-key")[0] == 0


def test_a_secret_may_stand_in_a_file(manage, tmp_path):  # noqa: F811
    file = tmp_path / "key"
    file.write_text("x" * 60 + "\n")
    show = "from django.conf import settings; print(repr(settings.SECRET_KEY))"
    environment = PRODUCTION | {"SECRET_KEY_FILE": str(file)}
    del environment["SECRET_KEY"]

    assert repr("x" * 60) in manage("shell", "-v0", "-c", show, **environment)[1]

    code, said = manage("check", **environment | {"SECRET_KEY_FILE": "/none"})
    assert code != 0
    assert "/none" in said
