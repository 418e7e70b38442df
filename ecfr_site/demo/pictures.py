"""The demonstration's pictures, drawn by the program itself; the same for a seed."""

from random import Random

from ecfr_site.demo import landscapes, portraits, still_lifes
from ecfr_site.demo.printing import Sheet

SCENES = {
    "archive": still_lifes.archive,
    "border": landscapes.border,
    "bridge": landscapes.bridge,
    "circuit": still_lifes.circuit,
    "city": landscapes.city,
    "containers": still_lifes.containers,
    "desert": landscapes.desert,
    "forest": landscapes.forest,
    "harbour": landscapes.harbour,
    "map": still_lifes.chart,
    "mountains": landscapes.mountains,
    "parliament": still_lifes.parliament,
    "pylons": landscapes.pylons,
    "sea": landscapes.sea,
    "table": still_lifes.table,
    "wind": landscapes.wind,
}

# With this number the demonstration's people get hair that goes with their names.
CAST = 1383


def draw(motif, seed, size=(1600, 1067)):
    """An illustration as a Pillow image; ValueError if `SCENES` lack the motif."""
    if motif not in SCENES:
        raise ValueError(f"No picture of “{motif}”; there are {', '.join(SCENES)}.")
    sheet = Sheet(size, f"{motif} {seed}")
    SCENES[motif](sheet)
    return sheet.finished()


def portrait(seed, size=800):
    """A person, square."""
    sheet = Sheet((size, size), f"portrait {seed}")
    hair = Random(f"{CAST} {seed}").choice(list(portraits.STYLES))  # noqa: S311
    portraits.bust(sheet, hair)
    return sheet.finished()


def emblem(seed, size=800):
    """A group or an institution, square."""
    sheet = Sheet((size, size), f"emblem {seed}")
    portraits.emblem(sheet)
    return sheet.finished()
