"""Limits are shared by all workers, and slowness is forgotten again."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsletter.models import Pace
from newsletter.sending import throttle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stopped_clock():
    """Times are exact, however long the machine takes from one call to the next."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def seconds_from_now(slots):
    now = timezone.now()
    return [round((slot - now).total_seconds(), 1) if slot else None for slot in slots]


def reserve(*domains):
    return seconds_from_now(throttle.reserve(list(domains), throttle.find_limits()))


def test_without_limits_everything_goes_at_once():
    assert reserve("a.example", "b.example") == [0, 0]
    assert not Pace.objects.exists()


def test_two_workers_share_the_limit_of_all(settings):
    settings.NEWSLETTER_RATE = 2

    assert reserve("a.example", "b.example") == [0, 0.5]
    assert reserve("a.example", "b.example") == [1.0, 1.5]


def test_a_domain_has_a_limit_of_its_own(settings):
    settings.NEWSLETTER_DOMAIN_RATES = {"slow.example": 0.5}

    slots = reserve("slow.example", "a.example", "slow.example", "a.example")

    assert slots == [0, 0, 2.0, 0]


def test_what_has_no_place_soon_waits_without_booking_one(settings):
    settings.NEWSLETTER_DOMAIN_RATES = {"slow.example": 0.2}

    assert reserve(*["slow.example"] * 5) == [0, 5.0, 10.0, None, None]
    assert throttle.find_exhausted(throttle.find_limits()) == {"slow.example"}


def test_whoever_asks_for_it_is_mailed_more_slowly_each_time():
    throttle.back_off("busy.example")
    first = throttle.compute_interval(Pace.objects.get(), timezone.now())
    throttle.back_off("busy.example")
    second = throttle.compute_interval(Pace.objects.get(), timezone.now())
    for _ in range(20):
        throttle.back_off("busy.example")

    assert round(first, 1) == 1
    assert round(second, 1) == 2
    assert Pace.objects.get().slowed_to == throttle.SLOWEST


def test_slowness_is_halved_in_time_and_then_forgotten():
    throttle.back_off("busy.example")
    later = timezone.now() + throttle.HALF_LIFE

    assert round(throttle.compute_interval(Pace.objects.get(), later), 1) == 0.5
    assert (
        throttle.compute_interval(Pace.objects.get(), later + timedelta(hours=1)) == 0
    )
    Pace.objects.update(slowed_at=timezone.now() - timedelta(hours=1))
    assert throttle.find_limits() == {}
