"""SPF, DKIM and DMARC of the domain that a newsletter is sent from."""

from datetime import timedelta

import dns.resolver
import pytest
from django.core.management import call_command
from django.utils import timezone

from newsletter.composing import authentication, preflight
from newsletter.models import SenderCheck
from tests.factories import EditionFactory, NewsletterFactory
from tests.newsletter.name_server import NameServer

pytestmark = pytest.mark.django_db

SPF = "v=spf1 include:mail.example -all"
KEY = "v=DKIM1; k=rsa; p=MIIBIjAN"


@pytest.fixture
def newsletter():
    return NewsletterFactory(sender_email="letters@news.example.org")


@pytest.fixture
def domain(settings, monkeypatch):
    """A name server that knows all that it should of the sender's domain."""
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "office@news.example.org"
    settings.DKIM_SELECTOR = "2026"
    monkeypatch.setattr(authentication, "DNS_SECONDS", 0.5)
    with NameServer() as server:
        server.records = {
            "news.example.org": ["some-other=text", SPF],
            "_dmarc.example.org": ["v=DMARC1; p=quarantine"],
            "2026._domainkey.news.example.org": [KEY],
        }
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield server


def found(newsletter, level="error"):
    findings = authentication.check(newsletter)
    return [finding["text"] for finding in findings if finding["level"] == level]


def only(newsletter, level="error"):
    """The one finding of the level."""
    [text] = found(newsletter, level)
    return text


def test_a_domain_with_its_three_records_is_good(newsletter, domain):
    assert authentication.check(newsletter) == []
    assert "_dmarc.news.example.org" in domain.asked


def test_it_is_part_of_the_preflight(newsletter, domain):
    del domain.records["_dmarc.example.org"]
    findings = preflight.find_problems(EditionFactory(newsletter=newsletter))
    assert "has no DMARC record" in str(findings)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("news.example.org", "The domain news.example.org has no SPF record"),
        ("_dmarc.example.org", "The domain news.example.org has no DMARC record"),
        ("2026._domainkey.news.example.org", "has no DKIM key named 2026"),
    ],
)
@pytest.mark.parametrize("records", [None, ["v=something else"]])
def test_a_missing_record_keeps_it_from_being_sent(
    newsletter, domain, name, said, records
):
    del domain.records[name]
    if records:
        domain.records[name] = records

    assert said in only(newsletter)


def test_a_key_that_was_revoked_is_no_key(newsletter, domain):
    domain.records["2026._domainkey.news.example.org"] = ["v=DKIM1; p="]
    assert "has no DKIM key" in only(newsletter)


def test_dmarc_may_stand_at_the_domain_itself(newsletter, domain):
    domain.records["_dmarc.news.example.org"] = domain.records.pop("_dmarc.example.org")
    assert found(newsletter) == []


def test_dmarc_is_not_looked_for_at_a_public_suffix(newsletter, domain):
    newsletter.sender_email = "letters@news.institute.org.uk"
    domain.records["_dmarc.org.uk"] = ["v=DMARC1; p=none"]

    assert "has no DMARC record" in str(found(newsletter))
    assert "_dmarc.institute.org.uk" in domain.asked
    assert "_dmarc.org.uk" not in domain.asked


def test_spf_is_looked_up_where_returned_messages_go(newsletter, domain, settings):
    settings.BOUNCE_ADDRESS = "returned@bounces.example.org"
    assert "The domain bounces.example.org has no SPF record" in only(newsletter)


def test_without_an_address_for_bounces_they_go_to_the_sites_own(
    newsletter, domain, settings
):
    settings.DEFAULT_FROM_EMAIL = "The office <office@example.org>"
    assert "The domain example.org has no SPF record" in only(newsletter)


def test_without_a_selector_dkim_is_only_noted(newsletter, domain, settings):
    settings.DKIM_SELECTOR = ""
    assert found(newsletter) == []
    assert "DKIM of news.example.org was not checked" in only(newsletter, "note")


def test_without_dns_it_is_only_noted(newsletter, domain):
    domain.silent = True
    assert found(newsletter) == []
    assert "no name server answers" in only(newsletter, "note")


def test_where_no_message_leaves_the_machine_nobody_is_asked(
    newsletter, domain, settings
):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    assert "Messages do not leave this machine" in only(newsletter, "note")
    assert domain.asked == []


# SPF


def test_of_two_spf_records_servers_use_none(newsletter, domain):
    domain.records["news.example.org"] = [SPF, "v=spf1 mx -all"]
    assert "has 2 SPF records" in only(newsletter)


@pytest.mark.parametrize(
    ("ending", "warned"), [("+all", 1), ("all", 1), ("-all", 0), ("~all", 0)]
)
def test_an_spf_record_that_lets_everybody_send_is_warned_of(
    newsletter, domain, ending, warned
):
    domain.records["news.example.org"] = [f"v=spf1 mx {ending}"]
    assert len(found(newsletter, "warning")) == warned


@pytest.mark.parametrize(("hosts", "errors"), [(6, 0), (7, 1)])
def test_the_look_ups_of_an_spf_record_are_counted(newsletter, domain, hosts, errors):
    several = " ".join(f"a:host{n}.example.org" for n in range(hosts))
    domain.records["news.example.org"] = [f"v=spf1 mx include:mail.example {several}"]
    domain.records["mail.example"] = ["v=spf1 ip4:192.0.2.1 a exists:%{i}.example -all"]

    said = found(newsletter)

    assert len(said) == errors
    assert all("takes more than 10 look-ups" in text for text in said)


def test_records_that_include_each_other_come_to_an_end(newsletter, domain):
    domain.records["mail.example"] = ["v=spf1 include:news.example.org -all"]
    assert "takes more than 10 look-ups" in only(newsletter)


# Alignment


@pytest.fixture
def meridian(domain, settings):
    """A sender whose messages are returned to another organisation."""
    settings.DKIM_SELECTOR = ""
    settings.BOUNCE_ADDRESS = "bounces@news.example.org"
    domain.records["_dmarc.meridian.example"] = ["v=DMARC1; p=reject"]
    return NewsletterFactory(sender_email="letters@meridian.example")


def test_a_message_that_nothing_stands_for_would_be_refused(meridian):
    said = only(meridian)

    assert said.startswith(
        "Messages would be refused: they come from meridian.example, whose DMARC "
        "record says p=reject, but SPF stands for news.example.org and no DKIM key is "
        "known (DKIM_SELECTOR)."
    )


@pytest.mark.parametrize(
    ("policy", "level", "said"),
    [
        ("p=quarantine", "error", "Messages would be filed as spam"),
        ("p=none", "warning", "Gmail and Yahoo may refuse the messages"),
        ("rua=mailto:dmarc@example.org", "warning", "Gmail and Yahoo may refuse"),
    ],
)
def test_what_follows_depends_on_the_policy(meridian, domain, policy, level, said):
    domain.records["_dmarc.meridian.example"] = [f"v=DMARC1; {policy}"]
    assert only(meridian, level).startswith(said)


def test_the_policy_for_subdomains_holds_for_them(meridian, domain):
    meridian.sender_email = "letters@news.meridian.example"
    domain.records["_dmarc.meridian.example"] = ["v=DMARC1; p=reject; sp=none"]
    assert "p=none" in only(meridian, "warning")


def test_a_dkim_key_of_the_senders_domain_is_enough(meridian, domain, settings):
    settings.DKIM_SELECTOR = "2026"
    domain.records["2026._domainkey.meridian.example"] = [KEY]
    assert authentication.check(meridian) == []


@pytest.mark.parametrize(("mode", "errors"), [("adkim=r", 0), ("adkim=s", 1)])
def test_strict_dkim_wants_the_very_domain(meridian, domain, settings, mode, errors):
    settings.DKIM_SELECTOR = "2026"
    meridian.sender_email = "letters@news.meridian.example"
    domain.records["2026._domainkey.meridian.example"] = [KEY]
    domain.records["_dmarc.meridian.example"] = [f"v=DMARC1; p=reject; {mode}"]

    assert len(found(meridian)) == errors


@pytest.mark.parametrize(("mode", "errors"), [("aspf=r", 0), ("aspf=s", 1)])
def test_strict_spf_wants_the_very_domain(meridian, domain, settings, mode, errors):
    settings.BOUNCE_ADDRESS = "bounces@mail.meridian.example"
    domain.records["mail.meridian.example"] = [SPF]
    domain.records["_dmarc.meridian.example"] = [f"v=DMARC1; p=reject; {mode}"]

    assert len(found(meridian)) == errors


def test_an_spf_record_that_does_not_work_stands_for_nobody(meridian, domain, settings):
    settings.BOUNCE_ADDRESS = "bounces@meridian.example"
    domain.records["meridian.example"] = [SPF, "v=spf1 mx -all"]

    two_records, not_aligned = found(meridian)

    assert "has 2 SPF records" in two_records
    assert "SPF of meridian.example does not work" in not_aligned


def test_neighbours_under_a_public_suffix_do_not_align(domain, settings):
    settings.DKIM_SELECTOR = ""
    settings.BOUNCE_ADDRESS = "bounces@other.org.uk"
    domain.records["other.org.uk"] = [SPF]
    domain.records["_dmarc.institute.org.uk"] = ["v=DMARC1; p=reject"]

    said = only(NewsletterFactory(sender_email="letters@institute.org.uk"))

    assert "SPF stands for other.org.uk" in said


# What is kept


def test_what_was_found_is_kept_with_the_newsletter(meridian):
    authentication.check(meridian)

    kept = SenderCheck.objects.get(newsletter=meridian)
    assert kept.domain == "meridian.example"
    assert [(r["name"], r["domain"], r["aligned"]) for r in kept.records] == [
        ("SPF", "news.example.org", False),
        ("DKIM", "?._domainkey.meridian.example", None),
        ("DMARC", "_dmarc.meridian.example", None),
    ]
    assert [finding["level"] for finding in kept.findings] == ["note", "error"]


def test_the_next_check_takes_its_place(meridian, domain):
    authentication.check(meridian)
    domain.records["_dmarc.meridian.example"] = ["v=DMARC1; p=none"]
    authentication.check(meridian)

    kept = SenderCheck.objects.get()
    assert kept.records[2]["text"] == "v=DMARC1; p=none"
    assert [finding["level"] for finding in kept.findings] == ["note", "warning"]


def test_each_domain_is_looked_up_once_a_day(newsletter, domain):
    call_command("run_due", verbosity=0)
    assert SenderCheck.objects.filter(newsletter=newsletter).exists()
    domain.asked.clear()

    call_command("run_due", verbosity=0)
    assert domain.asked == []

    SenderCheck.objects.update(checked_at=timezone.now() - timedelta(hours=25))
    call_command("run_due", verbosity=0)
    assert "_dmarc.news.example.org" in domain.asked


def test_newsletters_that_have_ended_are_not_looked_up(newsletter, domain):
    ended = NewsletterFactory(active=False)
    call_command("run_due", verbosity=0)
    assert not SenderCheck.objects.filter(newsletter=ended).exists()
