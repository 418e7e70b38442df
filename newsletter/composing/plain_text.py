"""HTML as plain text that is pleasant to read in an e-mail."""

from textwrap import fill

from ecfr_site.richtext.blocks import BOUNDARIES, HEADINGS
from ecfr_site.richtext.numerals import format_number
from ecfr_site.richtext.sanitizer import STRUCK_OUT, linear_formulas
from ecfr_site.richtext.tree import parse_fragment

COLUMNS = 72


def render_plain_text(html):
    """The text of sanitised HTML in paragraphs of 72 columns.

    Where a paragraph links to follows it, by number.
    """
    setter = _Setter()
    setter.set(parse_fragment(linear_formulas(html)))
    setter.end_paragraph()
    return "\n\n".join(setter.paragraphs)


def underline(text, sign="="):
    longest = max(map(len, text.splitlines()), default=0)
    return f"{text}\n{sign * longest}"


def wrap(text, first="", later=""):
    """`text` in lines of 72 columns; addresses are never broken."""
    return fill(
        " ".join(text.split()),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


class _Setter:
    """Sets a tree's text, element by element."""

    def __init__(self):
        self.paragraphs = []
        self.links = 0
        # Of the lists around: None for bullets, or how the items are numbered.
        self.lists = []
        self.quotes = 0
        self.begin_paragraph()

    def begin_paragraph(self, sign=""):
        # Each a list of pieces, joined once.
        self.lines = [[]]
        self.addresses = []
        self.sign = sign

    def end_paragraph(self, heading=False):
        margin = "> " * self.quotes
        hang = margin + " " * len(self.sign)
        lines = [
            wrap(line, hang if number else margin + self.sign, hang)
            for number, line in enumerate(map("".join, self.lines))
            if line.strip()
        ]
        if lines:
            text = "\n".join(lines)
            text = underline(text, "-") if heading else text
            self.paragraphs.append("\n".join([text, *self.addresses]))
        # What was a bullet's first paragraph is its only one with a bullet.
        self.begin_paragraph(" " * len(self.sign) if lines else self.sign)

    def set(self, element):
        self.begin(element)
        self.lines[-1].append(element.text or "")
        for child in element:
            self.set(child)
            self.lines[-1].append(child.tail or "")
        self.end(element)

    def begin(self, element):
        tag = element.tag
        if tag in BOUNDARIES:
            self.end_paragraph()
        if tag in ("ul", "ol"):
            self.lists.append(_Numbers(element) if tag == "ol" else None)
        elif tag == "li" and self.lists:
            numbers = self.lists[-1]
            self.begin_paragraph(f"{numbers.next(element)} " if numbers else "- ")
        elif tag == "blockquote":
            self.quotes += 1
        elif tag == "br":
            self.lines.append([])
        elif tag == "s":
            self.lines[-1].append(STRUCK_OUT)
        elif tag == "a":
            self.address = element.get("href", "")
            self.before = len(self.lines[-1])

    def end(self, element):
        tag = element.tag
        if tag in BOUNDARIES:
            self.end_paragraph(heading=tag in HEADINGS)
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            self.begin_paragraph()
        elif tag == "blockquote":
            self.quotes -= 1
        elif tag == "s":
            self.lines[-1].append(STRUCK_OUT)
        elif tag == "a" and self.address.startswith(("http://", "https://")):
            words = "".join(self.lines[-1][self.before :]).strip()
            if words and words != self.address:
                self.links += 1
                self.lines[-1].append(f" [{self.links}]")
                self.addresses.append(f"[{self.links}] {self.address}")


class _Numbers:
    """The numbers of a list's items, as letters and Roman ones too."""

    def __init__(self, ol):
        self.kind = ol.get("type", "1")
        self.step = -1 if "reversed" in ol.attrib else 1
        self.number = int(ol.get("start") or 1)

    def next(self, item):
        """The number of the item, and its stop."""
        number = int(item.get("value") or self.number)
        self.number = number + self.step
        return f"{format_number(number, self.kind)}."
