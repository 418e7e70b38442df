"""One format for every time at the desk: 24 hours, in the institution's zone."""

from datetime import UTC, datetime

import pytest
from django.utils.formats import localize
from django.utils.timezone import localtime

from ecfr_site.admin_site.wall_clock import describe_input, describe_zone
from ecfr_site.images.models import Image
from tests.factories import ArticleFactory, ImageFactory

EVENING = datetime(2026, 11, 3, 19, 51, tzinfo=UTC)


def test_the_formats_have_24_hours():
    assert localize(localtime(EVENING)) == "3 Nov 2026, 20:51"
    assert localize(localtime(EVENING).time()) == "20:51"


@pytest.mark.django_db
def test_the_list_of_images_has_24_hours(admin_client):
    image = ImageFactory()
    Image.objects.filter(pk=image.pk).update(created=EVENING)

    page = admin_client.get("/admin/images/image/").content.decode()

    assert "3 Nov 2026, 20:51" in page
    assert "p.m." not in page


@pytest.mark.django_db
def test_the_form_names_the_zone_of_its_times(admin_client):
    article = ArticleFactory(draft=True)
    page = admin_client.get(f"/admin/articles/article/{article.pk}/change/")
    assert "Brussels time, now CE" in page.content.decode()


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "Berlin time, now CE"),
        ("America/New_York", "New York time, now E"),
        ("UTC", "UTC"),
        ("Etc/GMT+2", "-02"),
    ],
)
def test_the_zone_has_a_name(settings, zone, words):
    settings.TIME_ZONE = zone
    assert describe_zone().startswith(words)


@pytest.mark.parametrize(
    ("day", "time", "words"),
    [
        ("30/11/2099", "09:00", "30 November 2099, 09:00 CET"),
        ("2099-11-30", "09:00:30", "30 November 2099, 09:00 CET"),
        ("31/10/2027", "02:30", "31 October 2027, 02:30 CEST"),
        ("31/10/2027", "03:00", "31 October 2027, 03:00 CET"),
        ("28/03/2027", "03:00", "28 March 2027, 03:00 CEST"),
    ],
)
def test_what_a_form_says_of_a_time(day, time, words):
    said = describe_input(day, time)
    assert said["words"] == words
    assert said["seconds"] > 0


@pytest.mark.parametrize(
    ("day", "time", "error"),
    [
        ("28/03/2027", "02:30", "There is no 02:30 on 28 March 2027"),
        ("31/02/2027", "09:00", "Enter a valid date."),
        ("", "09:00", "Enter a date as well"),
        ("30/11/2099", "", "Enter a time as well"),
        ("30/11/2099", "25:00", "Enter a valid time."),
        ("01/01/0001", "00:00", "Enter a year that exists in calendars."),
    ],
)
def test_what_a_form_says_of_no_time(day, time, error):
    assert error in describe_input(day, time)["error"]


def test_a_time_in_the_second_of_two_hours_stays_there():
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    said = describe_input("31/10/2027", "02:30", stored=second)
    assert said["words"] == "31 October 2027, 02:30 CET"


def test_no_time_at_all_is_now():
    assert describe_input("", "") == {}


@pytest.mark.django_db
def test_only_the_desk_answers(reader, editor):
    address = "/admin/moment/?day=30/11/2099&time=09:00&stored=nonsense"
    assert reader.get(address).status_code == 302
    answer = editor.get(address)
    assert answer.json()["words"] == "30 November 2099, 09:00 CET"
    assert "no-store" in answer["Cache-Control"]
