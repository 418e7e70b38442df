"""Slips in the domain of an address, as in anna@gmial.com: asked about, not mended."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Of a name as long as “gmail”; shorter ones are one letter from too many real domains.
LONG_NAME = 5
GENERIC = {"com", "net", "org", "eu", "uk", "info", "biz", "edu", "gov", "int", "email"}
# Countries' endings that are one slip from “com”, where no such provider is.
SLIPS_OF_COM = {"co", "cm", "om"}


def suggest_address(address: str) -> str:
    """The address with a common domain that was probably meant, or ""."""
    local, at, domain = address.rpartition("@")
    meant = _suggest_domain(domain.lower())
    return f"{local}{at}{meant}" if meant else ""


def _suggest_domain(domain: str) -> str:
    common, real = common_domains()
    name, _, ending = domain.partition(".")
    if domain in real or not ending:
        return ""
    if any(known.partition(".")[0] == name for known in common):
        # One of many countries' yahoo, or an ending that there is not.
        last = ending.rpartition(".")[2]
        if last in _endings() and not (
            ending in SLIPS_OF_COM and f"{name}.com" in common
        ):
            return ""
        common = [known for known in common if known.partition(".")[0] == name]
    else:
        common = [d for d in common if len(d.partition(".")[0]) >= LONG_NAME]
    found = process.extractOne(domain, common, scorer=OSA.distance, score_cutoff=1)
    return found[0] if found else ""


@cache
def common_domains() -> tuple[list[str], frozenset[str]]:
    """Those to suggest, and with them all that are never asked about."""
    lines = (Path(__file__).parent / "common_domains.txt").read_text().split("\n")
    common = [line for line in lines if line and line[0] not in "#="]
    return common, frozenset(line.lstrip("=") for line in lines)


@cache
def _endings() -> frozenset[str]:
    """The endings of countries, and the usual others."""
    rows = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8")
    countries = {row[:2].lower() for row in rows.splitlines() if row[:1] != "#"}
    return frozenset(countries | GENERIC)
