"""Links to other sites are followed, but lead the server to nothing private."""

import time

import pytest

from ecfr_site.richtext import link_checker
from ecfr_site.security import outbound
from tests.other_site import serving


def visit(url):
    return link_checker.visit([url]).get(url)


@pytest.mark.parametrize("path", ["/200", "/204", "/get-only", "/to?/200"])
def test_a_page_that_answers_is_fine(elsewhere, path):
    assert visit(f"{elsewhere.url}{path}") is None


@pytest.mark.parametrize("path", ["/404", "/410", "/to?/404"])
def test_a_page_that_is_gone_is_an_error(elsewhere, path):
    level, what = visit(f"{elsewhere.url}{path}")
    assert (level, what[:13]) == ("error", "leads nowhere")


@pytest.mark.parametrize("path", ["/403", "/429", "/500"])
def test_a_page_that_refuses_a_robot_is_only_a_warning(elsewhere, path):
    level, what = visit(f"{elsewhere.url}{path}")
    assert (level, what) == ("warning", f"was answered with an error ({path[1:]})")


def test_a_circle_ends(elsewhere):
    level, _ = visit(f"{elsewhere.url}/round")
    assert level == "warning"
    assert len(elsewhere.asked) > 2


def test_a_slow_page_is_not_waited_for(elsewhere, monkeypatch):
    monkeypatch.setattr(link_checker, "SECONDS", 0.2)
    assert visit(f"{elsewhere.url}/slow") == ("warning", "took too long to answer")

    monkeypatch.setattr(link_checker, "SECONDS", 5)
    monkeypatch.setattr(link_checker, "SECONDS_IN_ALL", 0.2)
    assert visit(f"{elsewhere.url}/slow") == ("warning", "took too long to answer")


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://exa mple.org/", "http://x:port/"]
)
def test_what_is_no_address_is_an_error(url, settings):
    settings.LINKS_MAY_BE_PRIVATE = True
    level, _ = visit(url)
    assert level == "error"


def test_a_closed_port_is_a_warning(elsewhere):
    closed = elsewhere.url
    elsewhere.shutdown()
    elsewhere.server_close()
    level, what = visit(f"{closed}/200")
    assert (level, what[:20]) == ("warning", "could not be opened ")


# The server is not sent to look at what only it can reach


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",  # noqa: S104
    ],
)
def test_no_link_leads_the_server_to_itself(elsewhere, settings, host):
    settings.LINKS_MAY_BE_PRIVATE = False

    level, what = visit(f"http://{host}:{elsewhere.server_port}/200")

    assert (level, what) == ("error", "leads to an address that readers cannot reach")
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "number",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::",
        "64:ff9b::169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b:1::1",
        "fec0::1",
        "5f00::1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "2001:0:7f00:1::",
        "100::1",
        "3fff::1",
        "0.1.2.3",
        "192.0.0.1",
        "192.0.0.9",
        "192.88.99.1",
        "198.18.0.1",
        "240.0.0.1",
    ],
)
def test_private_addresses_are_not_public(number):
    assert not outbound.is_public(number)


@pytest.mark.parametrize(
    "number", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::9.9.9.9"]
)
def test_public_addresses_are(number):
    assert outbound.is_public(number)


def test_a_redirect_leads_to_nothing_private_either(settings, monkeypatch):
    """127.0.0.1 stands for the public Internet, 127.0.0.2 for the private network."""
    monkeypatch.setattr(outbound, "is_public", lambda number: number == "127.0.0.1")
    with serving("127.0.0.1") as public, serving("127.0.0.2") as private:
        target = f"http://127.0.0.2:{private.server_port}/200"

        level, what = visit(f"http://127.0.0.1:{public.server_port}/to?{target}")

        assert public.asked
        assert private.asked == []
    assert (level, what) == ("error", "leads to an address that readers cannot reach")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_leads_to_nothing_but_the_web(elsewhere, target):
    level, _ = visit(f"{elsewhere.url}/to?{target}")
    assert level == "warning"


def test_a_proxy_is_not_asked(elsewhere, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert visit(f"{elsewhere.url}/200") is None


# Where nobody waits


def test_pages_of_one_site_are_asked_for_one_after_the_other(elsewhere, monkeypatch):
    at_once = []
    most = []

    def look(url):
        at_once.append(url)
        most.append(len(at_once))
        time.sleep(0.02)
        at_once.remove(url)

    monkeypatch.setattr(link_checker, "check_page", look)
    urls = [f"{elsewhere.url}/{number}" for number in range(5)]

    assert link_checker.visit_slowly(urls) == dict.fromkeys(urls)
    assert max(most) == 1


def test_what_is_not_reached_in_time_is_left_out(elsewhere, monkeypatch):
    monkeypatch.setattr(link_checker, "SECONDS_IN_ALL", 0.3)
    slow, next_one = f"{elsewhere.url}/slow", f"{elsewhere.url}/200"

    assert link_checker.visit_slowly([slow, next_one]) == {slow: link_checker.LATE}


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://example.org/Österreich?q=ä", "/%C3%96sterreich?q=%C3%A4"),
        ("https://bücher.example/a%20b", "https://xn--bcher-kva.example/a%20b"),
    ],
)
def test_addresses_are_spelt_as_browsers_spell_them(url, sent):
    assert outbound.encode_address(url).endswith(sent)
