"""The demonstration invents a past only for a newsletter that has none."""

import pytest

from ecfr_site.demo import newsletter as demonstration
from ecfr_site.management.commands import load_demo
from newsletter.models import Edition, Newsletter, Subscriber

pytestmark = pytest.mark.django_db


def test_a_site_with_an_edition_of_its_own_gets_no_past():
    newsletter = Newsletter.objects.get()
    Edition.objects.create(newsletter=newsletter, subject="Our own")

    demonstration.load(load_demo.get_demo_account())

    assert Edition.objects.count() == 1
    assert not Subscriber.objects.exists()
