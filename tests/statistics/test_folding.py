"""Sites that brought few readers are summed up when the week is over."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ecfr_site.statistics.folding import fold_rare_referrers
from ecfr_site.statistics.models import ReferrerCount
from ecfr_site.statistics.referrers import OTHER

pytestmark = pytest.mark.django_db


def monday(weeks_ago):
    today = timezone.localdate()
    return today - timedelta(days=today.weekday(), weeks=weeks_ago)


def add(day, **sites):
    ReferrerCount.objects.add(
        {(day, "home", 0, f"{site}.example"): n for site, n in sites.items()}
    )


def stored(weeks_ago):
    first = monday(weeks_ago)
    rows = ReferrerCount.objects.between(first, first + timedelta(days=6))
    return sorted(rows.values_list("day", "site", "number"))


def test_rare_sites_of_weeks_that_are_over_are_summed_up():
    day, later = monday(1), monday(1) + timedelta(days=6)
    add(day, often=4, rare=2, rarer=1)
    add(later, often=1, rare=2)
    add(monday(0), rare=1)

    call_command("run_due")

    assert stored(1) == [
        (day, "often.example", 4),
        (day, OTHER, 3),
        (later, "often.example", 1),
        (later, OTHER, 2),
    ]
    assert stored(0) == [(monday(0), "rare.example", 1)]
    add(monday(2), rare=1)
    call_command("run_due")
    assert stored(2) == [(monday(2), "rare.example", 1)], "It is too soon."


def test_weeks_are_looked_at_one_by_one_and_known_names_stay():
    add(monday(2), blog=4)
    add(monday(1), blog=4)
    ReferrerCount.objects.add({(monday(1), "home", 0, "Google"): 1})

    assert fold_rare_referrers() == 2

    assert stored(2) == [(monday(2), OTHER, 4)]
    assert stored(1) == [(monday(1), "Google", 1), (monday(1), OTHER, 4)]


def test_nothing_to_do_is_one_query(django_assert_num_queries):
    add(monday(1), often=5)
    add(date(2026, 1, 2), long_ago=1)

    with django_assert_num_queries(1):
        assert fold_rare_referrers() == 0
