"""The site, the desk, the editor and mails show the same colours."""

import re

import pytest
from django.conf import settings

from articles.documents.imprint import COLOURS
from articles.models import Kind
from ecfr_site.images.renditions import GROUNDS
from newsletter.composing.messages import HUES

STATIC = settings.BASE_DIR / "ecfr_site/static/ecfr_site"
TEMPLATES = settings.BASE_DIR / "templates"
COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b")
LIGHT, DARK = 0, 1


def whole(colour):
    """The colour with six digits."""
    return colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])


def declared(css):
    """{variable: colour} of the variables that are a colour."""
    found = re.findall(rf"--([a-z]+): ({COLOUR.pattern});", css)
    return {name: whole(colour) for name, colour in found}


@pytest.fixture(scope="module")
def site():
    """The site's variables on light and on dark paper, and in its foot."""
    css = (STATIC / "css/site.css").read_text()
    tokens = css.partition("@layer tokens {")[2].partition("@layer base")[0]
    light, dark, *_ = tokens.split("@media screen and (prefers-color-scheme: dark)")
    light = light.partition("/* The colour of a kind")[0]
    dark = dark.partition("/* The colour of a kind")[0]
    foot = re.search(r"\n  \.foot \{(.*?)color-scheme", css, re.S)[1]
    return declared(light), declared(dark), declared(foot)


@pytest.fixture(scope="module")
def covers():
    """{name: colour}, with the kinds by which editions of before named them."""
    css = (STATIC / "css/site.css").read_text()
    kinds = re.findall(r"\.kind-([a-z-]+) \{ --cover: (#[0-9a-f]{6}); \}", css)
    [rest] = re.findall(r'\[class\*="kind-"\] \{ --cover: (#[0-9a-f]{6});', css)
    return {"grey": rest, "open-letter": rest} | dict(kinds)


@pytest.fixture(scope="module")
def desk():
    css = (STATIC / "admin/colours.css").read_text()
    pairs = re.findall(r"--([a-z]+): light-dark\((#\w+), (#\w+)\);", css)
    return {name: (whole(light), whole(dark)) for name, light, dark in pairs}


def test_documents_have_the_covers_of_the_site(covers):
    assert {colour: covers[colour] for colour in Kind.Colour} == COLOURS


def test_the_desk_and_the_editor_have_the_colours_of_the_site(site, desk):
    light, dark, _ = site
    names = {name: name for name in desk.keys() & light.keys()} | {"red": "accent"}

    assert names.keys() >= {"paper", "panel", "ink", "soft", "line", "edge", "mark"}
    for name, ours in names.items():
        assert desk[name] == (light[ours], dark[ours]), name


def test_the_other_colours_of_the_desk_are_those_of_kinds(desk, covers):
    assert desk["good"][LIGHT] == covers["green"]
    assert desk["blue"][LIGHT] == covers["blue"]
    assert desk["amber"][LIGHT] == covers["ochre"]


def test_kinds_have_the_same_colours_in_mails(covers):
    assert {kind: light for kind, (light, _) in HUES.items()} == covers


def test_on_dark_paper_kinds_are_as_much_lighter_in_mails(covers):
    """Compute color-mix(in oklab, …, #fff 56%), which mail programs cannot."""
    assert (
        "color-mix(in oklab, var(--cover), #fff 56%)"
        in (STATIC / "css/site.css").read_text()
    )
    for kind, (_, dark) in HUES.items():
        mixed = mix_with_white(covers[kind], 0.56)
        differences = [abs(a - b) for a, b in zip(channels(dark), mixed, strict=True)]
        assert max(differences) <= 1, kind


def test_every_colour_that_a_kind_may_have_is_there(covers):
    assert covers.keys() >= set(Kind.Colour.values)


@pytest.mark.parametrize("colour", Kind.Colour.values)
def test_a_kind_is_read_on_its_cover_and_on_either_paper(site, covers, colour):
    """At 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    light, dark, _ = site
    _, on_dark = HUES[colour]

    assert measure_contrast(covers[colour], "#ffffff") >= 4.5
    assert measure_contrast(covers[colour], light["paper"]) >= 4.5
    assert measure_contrast(on_dark, dark["paper"]) >= 4.5


def measure_contrast(one, other):
    dim, bright = sorted(map(measure_luminance, (one, other)))
    return (bright + 0.05) / (dim + 0.05)


def measure_luminance(colour):
    red, green, blue = (linear(channel / 255) for channel in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["_style.html", "_letter.html"])
def test_mails_have_no_colours_but_those_of_the_site(site, name):
    """Mail programs know no variables: each colour stands there as it is."""
    light, dark, foot = site
    text = (TEMPLATES / "newsletter/email" / name).read_text()
    day, night = [], []
    for line in text.splitlines():
        # The rules for dark paper outweigh the inlined ones.
        (night if "!important" in line else day).extend(COLOUR.findall(line))

    assert day
    assert night
    assert set(map(whole, day)) <= {*light.values(), *foot.values()}
    assert set(map(whole, night)) <= set(dark.values())


def test_browsers_and_images_have_the_colours_of_the_paper(site, desk):
    light, dark, _ = site
    papers = {"light": light["paper"], "dark": dark["paper"]}
    base = (TEMPLATES / "_head.html").read_text()
    theme = r'theme-color" content="(#\w+)" media="\(prefers-color-scheme: (\w+)\)'

    assert {scheme: whole(colour) for colour, scheme in re.findall(theme, base)} == (
        papers
    )
    assert papers == GROUNDS
    for sheet in ("css/site.css", "images/admin.css"):
        grounds = re.findall(
            r"img\.ground-(\w+) \{ background: (#\w+);", (STATIC / sheet).read_text()
        )
        assert {name: whole(colour) for name, colour in grounds} == papers, sheet


@pytest.mark.parametrize("sheet", ["editor/content.css", "editor/frame.css"])
def test_the_editor_has_no_colours_of_its_own(sheet):
    assert not COLOUR.findall((STATIC / sheet).read_text())


def channels(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def mix_with_white(colour, part):
    """The channels of a colour mixed with so much white in Oklab.

    https://bottosson.github.io/posts/oklab/
    """
    red, green, blue = (linear(channel / 255) for channel in channels(colour))
    cones = [
        (a * red + b * green + c * blue) ** (1 / 3)
        for a, b, c in [
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        ]
    ]
    # White is 1 in each: to mix cones is to mix lightness and both axes.
    long, middle, short = ((1 - part) * cone + part for cone in cones)
    return [
        round(255 * encoded(a * long**3 + b * middle**3 + c * short**3))
        for a, b, c in [
            (4.0767416621, -3.3077115913, 0.2309699292),
            (-1.2684380046, 2.6097574011, -0.3413193965),
            (-0.0041960863, -0.7034186147, 1.7076147010),
        ]
    ]


def linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def encoded(value):
    small = value <= 0.0031308
    return 12.92 * value if small else 1.055 * value ** (1 / 2.4) - 0.055
