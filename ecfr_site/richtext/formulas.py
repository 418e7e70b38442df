"""Formulas in MathML Core: written anew for the page, and as text for all else.

Leaves hold text only and containers hold elements of MathML only, so that no parser of
HTML can find anything else in what is written here.
"""

import re
import unicodedata
from collections.abc import Iterable
from html import escape

from lxml.html import Element, HtmlElement

from ecfr_site.richtext.word_processors import prune

_BOOLEAN = {"true", "false"}
_LEAVES = {"mi", "mn", "mo", "mtext", "ms", "mspace"}
# The number of elements that a container must hold; without them it is a plain row.
_ARITY = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_ROWS = {"math", "mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtd"}
_SCRIPTS = {"mmultiscripts", "mprescripts", "none"}
# The elements that are kept, and the values that their attributes may have.
ELEMENTS: dict[str, dict[str, set[str]]] = {
    **{tag: {} for tag in sorted(_LEAVES | set(_ARITY) | _ROWS | _SCRIPTS)},
    **{tag: {} for tag in ("mtable", "mtr")},
    "math": {"display": {"block"}, "dir": {"rtl"}},
    "mi": {"mathvariant": {"normal"}},
    "mo": {
        "form": {"prefix", "infix", "postfix"},
        **dict.fromkeys(("stretchy", "largeop", "movablelimits", "fence"), _BOOLEAN),
    },
    "mfrac": {"linethickness": {"0"}},
    "mstyle": {"displaystyle": _BOOLEAN},
    **dict.fromkeys(("mover", "munderover"), {"accent": _BOOLEAN}),
}
# Read, and written as something else.
ALSO_READ = {"semantics", "mfenced", "maction", "merror", "menclose", "mlabeledtr"}
_BLOCKS = {"p", "div", "li", "td", "th", "h2", "h3", "blockquote"}
ATTRIBUTES_READ = {"mathvariant", "open", "close", "separators"}
# Other notations of the same formula, and what HTML hides in one.
DROPPED = {"annotation", "annotation-xml", "mglyph", "malignmark"}

# Boxes in which scripts draw formulas; the first is an element.
DRAWN = "mjx-container"
_DRAWN_CLASSES = {"katex", "MathJax", "MathJax_SVG", "MathJax_CHTML"}

_PREFIX = re.compile(r"<([a-z]{1,8}):math\b", re.I)

_VARIANTS = {
    "bold": ("MATHEMATICAL BOLD",),
    "bold-italic": ("MATHEMATICAL BOLD ITALIC",),
    "script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "double-struck": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
}


def remove_prefixes(html: str) -> str:
    """MathML as HTML has it, without the prefix that XML gives its elements."""
    found = _PREFIX.search(html)
    return re.sub(f"<(/?){found[1]}:", r"<\1", html, flags=re.I) if found else html


def is_formula(element: HtmlElement) -> bool:
    return bool(element.tag == "math")


def count_drawn(element: HtmlElement) -> int:
    """Count the formulas that a script drew and of which no MathML came along."""
    if element.tag == DRAWN or _DRAWN_CLASSES.intersection(
        element.get("class", "").split()
    ):
        return next(element.iter("math"), None) is None
    return sum(map(count_drawn, element))


def remove_twins(root: HtmlElement) -> None:
    """Remove what programs show for a formula beside its MathML, hidden from the ear.

    Its text or image would stand in the text a second time.
    """
    seen: set[HtmlElement] = set()
    for formula in list(root.iter("math")):
        element = formula
        for _ in range(3):
            parent = element.getparent()
            if parent is None or parent.tag in _BLOCKS or parent in seen:
                break
            seen.add(parent)
            prune(parent, lambda child: child.get("aria-hidden") == "true")
            element = parent


def serialize(element: HtmlElement) -> str:
    """The formula's MathML; nothing if there is nothing in it to see."""
    return _write(element) if "".join(element.itertext()).strip() else ""


def _write(element: HtmlElement) -> str:
    tag = element.tag
    if tag in _LEAVES:
        text = escape(_get_text(element), False)
        return f"<{tag}{_write_attributes(element)}>{text}</{tag}>"
    children = list(_list_children(element))
    if tag == "semantics" or (tag == "maction" and children):
        return _write(children[0]) if children else "<mrow></mrow>"
    if tag == "mfenced":
        return f"<mrow>{_write_fenced(element, children)}</mrow>"
    if tag == "mtable":
        rows = "".join(map(_write_row, children))
        return f"<mtable>{rows}</mtable>" if rows else "<mrow></mrow>"
    if tag not in ELEMENTS or _ARITY.get(tag, len(children)) != len(children):
        tag = "mrow"
    if tag in ("mtr", "mtd", "mprescripts", "none") and element.get("stray"):
        tag = "mrow"
    inner = "".join(map(_write, children))
    return f"<{tag}{_write_attributes(element, tag)}>{inner}</{tag}>"


def _list_children(element: HtmlElement) -> Iterable[HtmlElement]:
    """The elements within; loose text becomes one of them, rows stay in tables."""
    for text, child in [(element.text, None), *((c.tail, c) for c in element)]:
        if child is not None:
            scripts = element.tag == "mmultiscripts"
            if child.tag in ("mtr", "mtd", "mlabeledtr") or (
                child.tag in ("mprescripts", "none") and not scripts
            ):
                child.set("stray", "1")
            yield child
        if text and text.strip():
            loose = Element("mtext")
            loose.text = text
            yield loose


def _write_row(row: HtmlElement) -> str:
    cells = []
    children = list(_list_children(row)) if row.tag in ("mtr", "mlabeledtr") else [row]
    for cell in children[row.tag == "mlabeledtr" :]:
        inside = _list_children(cell) if cell.tag == "mtd" else [cell]
        cells.append(f"<mtd>{''.join(map(_write, inside))}</mtd>")
    return f"<mtr>{''.join(cells)}</mtr>"


def _write_fenced(element: HtmlElement, children: list[HtmlElement]) -> str:
    """The brackets that browsers no longer draw, as operators."""

    def sign(text: str) -> str:
        return f"<mo>{escape(text, False)}</mo>" if text else ""

    signs = "".join(element.get("separators", ",").split())
    inner = ""
    for place, child in enumerate(children):
        if place and signs:
            inner += sign(signs[min(place, len(signs)) - 1])
        inner += _write(child)
    opening = " ".join(element.get("open", "(").split())
    closing = " ".join(element.get("close", ")").split())
    return sign(opening) + inner + sign(closing)


def _write_attributes(element: HtmlElement, tag: str = "") -> str:
    if tag and tag != element.tag:
        return ""
    found = {name: element.get(name, "").lower() for name in ELEMENTS[element.tag]}
    if re.fullmatch(r"0(\.0+)?[a-z%]*", found.get("linethickness", "")):
        found["linethickness"] = "0"
    return "".join(
        f' {name}="{found[name]}"'
        for name, values in ELEMENTS[element.tag].items()
        if found[name] in values
    )


def _get_text(leaf: HtmlElement) -> str:
    """The leaf's text, in the letters of the alphabet that its variant stands for."""
    text = " ".join("".join(leaf.itertext()).split())
    names = _VARIANTS.get(leaf.get("mathvariant", "").lower(), ())
    return "".join(_style(letter, names) for letter in text) if names else text


def _style(letter: str, names: tuple[str, ...]) -> str:
    if not (letter.isascii() and letter.isalpha()):
        return letter
    case = "CAPITAL" if letter.isupper() else "SMALL"
    for name in names:
        try:
            return unicodedata.lookup(f"{name} {case} {letter.upper()}")
        except KeyError:
            continue
    return letter


# As text

_ACCENTS = {
    **dict.fromkeys("¯‾\u0304_", "bar"),
    **dict.fromkeys("^ˆ\u0302", "hat"),
    **dict.fromkeys("~˜\u0303", "tilde"),
    **dict.fromkeys("→⃗", "vec"),
    **dict.fromkeys("˙.\u0307", "dot"),
}
_INVISIBLE = {0x2061: " ", 0x2062: None, 0x2063: ",", 0x2064: None, 0x200B: None}
_OPENING, _CLOSING = "([{⟨⌈⌊", ")]}⟩⌉⌋"
_CLOSE_UP = set("|‖∣/!'′″∂∇√∑∏∫∮¬%°^_")
_SCRIPTED = frozenset({"msub", "msup", "msubsup"})
_BRACKETED = re.compile(r"[A-Za-z]*(\([^()]*\)|\[[^\[\]]*\])|")


def linearise(element: HtmlElement) -> str:
    """The formula as text on one line: d = r/g, x^2, sqrt(x), a_(ij), [a, b; c, d]."""
    return " ".join(_linearise(element).split())


def _linearise(element: HtmlElement) -> str:
    """The element's text; it is kept, since those around it ask for it repeatedly."""
    line: str | None = element.get("line")
    if line is None:
        line = _linearise_composed(element)
        element.set("line", line)
    return line


def _linearise_composed(element: HtmlElement) -> str:
    tag = element.tag
    parts = [_linearise(child) for child in element if child.tag != "mprescripts"]
    if tag in _LEAVES:
        return _linearise_leaf(element)
    if tag == "mphantom":
        return ""
    if len(parts) == _ARITY.get(tag):
        return _linearise_structure(element, parts)
    if tag == "msqrt":
        return f"sqrt({_linearise_row(element)})"
    if tag == "mtable":
        return f"[{'; '.join(parts)}]"
    if tag == "mtr":
        return ", ".join(parts)
    if tag == "mmultiscripts" and parts:
        return _linearise_multiscripts(element)
    return _linearise_row(element)


def _linearise_leaf(element: HtmlElement) -> str:
    text = _get_text(element)
    if element.tag == "mspace":
        return " "
    if element.tag == "ms":
        return f'"{text}"'
    return text.translate(_INVISIBLE)


def _linearise_structure(element: HtmlElement, parts: list[str]) -> str:
    """A fraction, a root or scripts, of two or three parts."""
    tag, base = element.tag, parts[0].strip()
    if tag == "mfrac" and element.get("linethickness") == "0":
        return f"binom({base}, {parts[1].strip()})"
    if tag == "mfrac":
        return "/".join(_linearise_atom(child, also=_SCRIPTED) for child in element)
    if tag == "mroot":
        return f"root({base}, {parts[1].strip()})"
    if tag in ("mover", "munder") and parts[1].strip() in _ACCENTS:
        return f"{_ACCENTS[parts[1].strip()]}({base})"
    signs = {"msub": "_", "munder": "_", "msup": "^", "mover": "^"}.get(tag, "_^")
    scripts = zip(signs, element[1:], strict=True)
    return _linearise_atom(element[0]) + "".join(
        _linearise_script(*script) for script in scripts
    )


def _linearise_script(sign: str, element: HtmlElement) -> str:
    return f"{sign}{_linearise_atom(element)}" if _linearise(element).strip() else ""


def _linearise_multiscripts(element: HtmlElement) -> str:
    base, *scripts = list(element)
    tags = [child.tag for child in scripts]
    end = tags.index("mprescripts") if "mprescripts" in tags else len(scripts)
    after, before = (
        "".join(
            _linearise_script("_^"[place % 2], child) for place, child in enumerate(run)
        )
        for run in (scripts[:end], scripts[end + 1 :])
    )
    return f"{before}{_linearise_atom(base)}{after}"


def _linearise_atom(element: HtmlElement, also: frozenset[str] = frozenset()) -> str:
    """The element's text, in brackets unless it holds together without them."""
    while element.tag in _ROWS - {"msqrt"} and len(element) == 1:
        element = element[0]
    text = _linearise(element).strip()
    alone = element.tag in ({"mi", "mn", "mo", "msqrt", "mroot", "mtable"} | also)
    return text if alone or _BRACKETED.fullmatch(text) else f"({text})"


def _linearise_row(element: HtmlElement) -> str:
    """Elements side by side: space around operators between two, and between words."""
    line = (element.text or "").strip()
    before: HtmlElement | None = None
    for child in element:
        text = _linearise(child)
        if child.tag == "mo" and text.strip():
            text = _space_operator(text.strip(), child, line)
        elif child.tag == "mtable" and line[-1:] in tuple("([{|‖"):
            text = text[1:-1]
        elif _is_word(before) or (before is not None and _is_word(child)):
            text = f" {text}"
        line += text
        if child.tail and child.tail.strip():
            line += f" {child.tail.strip()} "
        before = child
    return line


def _is_word(element: HtmlElement | None) -> bool:
    """Such as “sin” or “x^2”, which would run together with what stands beside it."""
    if element is None or element.tag in ("mo", "mn"):
        return False
    return element.tag not in ("mi", "mtext") or len(_get_text(element)) > 1


def _space_operator(sign: str, element: HtmlElement, before: str) -> str:
    if sign in ("", *_OPENING, *_CLOSING) or sign in _CLOSE_UP:
        return sign
    if sign in (",", ";", ":"):
        return f"{sign} "
    last = before.rstrip()[-1:]
    follows = last.isalnum() or last in (*_CLOSING, *"!'′%°|")
    if element.get("form") == "prefix" or not (last and follows):
        return sign if sign in "+-−±∓" else f"{sign} "
    return f" {sign} "
