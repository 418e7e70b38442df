"""The decision on bounces prints the table of answers, and how well it judges."""

import re
from collections import Counter
from pathlib import Path

from newsletter.bounces.answers import COSTS, ROWS
from tests.newsletter.test_bounce_labels import BOUNCES, HARD, parse_bounce

DOC = Path(__file__).parents[2] / "docs" / "decisions" / "0009-bounces.md"


def format_row(*cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def format_answers():
    yield format_row("fault", "reason", "costs", "stages", "codes", "for instance")
    yield format_row(*["---"] * 6)
    for row in ROWS:
        yield format_row(
            row.fault,
            row.reason,
            f"{COSTS.get(row.fault, 0):g}",
            ", ".join(row.stages) or "any",
            ", ".join(row.codes) or ("words" if row.words else "any"),
            f"`{row.examples[0]}`",
        )


def format_samples():
    counted = {True: Counter(), False: Counter()}
    for sample in BOUNCES:
        counted[sample["label"] in HARD][parse_bounce(sample).verdict.is_hard] += 1
    yield format_row("label", "judged hard", "judged soft")
    yield format_row(*["---"] * 3)
    for is_hard, judged in counted.items():
        share = 100 * judged[True] // judged.total()
        cells = f"{judged[True]} ({share} %)", judged[False]
        yield format_row("hard" if is_hard else "soft", *cells)


def fill(text):
    for name, lines in [("table", format_answers()), ("samples", format_samples())]:
        table = "\n".join([f"<!-- {name} -->", *lines, "<!-- end -->"])
        found = re.search(rf"<!-- {name} -->\n.*?<!-- end -->", text, re.DOTALL)
        text = text.replace(found[0], table)
    return text


def write():
    DOC.write_text(fill(DOC.read_text("utf-8")), "utf-8")


def test_the_decision_prints_the_table_as_it_is():
    text = DOC.read_text("utf-8")

    assert fill(text) == text
