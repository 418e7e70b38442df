"""Names of hosts are shown in their own letters, but where these deceive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.mail.addresses import show_address
from ecfr_site.security.hosts import show_host


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("example.org", "example.org"),
        ("xn--strae-oqa.de", "straße.de"),
        ("www.xn--d-uga0v4h.pl", "www.łódź.pl"),
        ("xn--80a1acny.xn--p1ai", "почта.рф"),
        # Cyrillic letters that look like “apple”.
        ("xn--80ak6aa92e.com", "аррӏе.com (xn--80ak6aa92e.com)"),
        ("аррӏе.com", "аррӏе.com (xn--80ak6aa92e.com)"),
        ("paypаl.com", "paypаl.com (xn--paypl-7ve.com)"),
        ("straße.de", "straße.de"),
        ("xn--not-a-label-.de", "xn--not-a-label-.de"),
        ("xn--", "xn--"),
        ("", ""),
    ],
)
def test_a_name_is_shown_in_its_letters_or_in_both_ways(host, shown):
    assert show_host(host) == shown


def test_an_address_keeps_what_is_before_its_domain():
    assert show_address("Anna@xn--strae-oqa.de") == "Anna@straße.de"
    assert show_address("no address") == "no address"


@given(st.text())
def test_whatever_it_is_something_is_shown(host):
    assert bool(show_host(host)) == bool(host)
