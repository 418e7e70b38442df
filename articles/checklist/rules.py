"""Checklist rules: each is data and a function.

A rule yields what it found in a Piece (articles/checklist/checklist.py), in editors'
words. Nothing here asks another server: what links lead to was asked before, in the
background (articles/tasks.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from articles.checklist.text import file_name, loose_marks, opening, says_nothing
from articles.embargo import find_embargoed
from articles.rendering import is_note, is_ours, lost_links, words_of
from authors.models import Author

OFF, WARN, BLOCK = "off", "warn", "block"
LEVELS = {BLOCK: "Blocks publication", WARN: "Warning", OFF: "Not checked"}
# What nobody can mend: it is only said.
NOTE = "note"


@dataclass(frozen=True)
class Rule:
    key: str
    label: str
    # What is well when it finds nothing.
    asks: str
    default: str
    find: Callable
    # What the database insists on cannot be turned off.
    always: bool = False

    def level(self, chosen):
        level = chosen.get(self.key)
        return level if level in list(LEVELS) and not self.always else self.default


@dataclass(frozen=True)
class Limit:
    key: str
    label: str
    default: int

    def value(self, chosen):
        value = chosen.get(self.key)
        return value if type(value) is int and value > 0 else self.default


@dataclass(frozen=True)
class Found:
    """A finding of a rule: a sentence, its field, and the place in the text."""

    text: str
    where: str
    passage: str = ""
    # The rule's own level at most.
    level: str = ""


STANDFIRST_SHORTEST = Limit(
    "standfirst_shortest", "Characters of a standfirst, at least", 30
)
STANDFIRST_LONGEST = Limit(
    "standfirst_longest", "Characters of a standfirst, at most", 300
)
DESCRIPTION_LONGEST = Limit(
    "seo_description_longest",
    "Characters of a description for search engines, at most",
    160,
)
LIMITS = (STANDFIRST_SHORTEST, STANDFIRST_LONGEST, DESCRIPTION_LONGEST)

# The title of a draft that has none yet.
WORKING_TITLE = "Untitled draft"
# What is asked for before somebody else reads it.
ESSENTIAL = ("title", "standfirst", "body", "lead_alt")

RULES: list[Rule] = []


def rule(label, asks, default, always=False):
    """Make the function, which yields what it found in a Piece, a rule of its name."""

    def add(find):
        RULES.append(Rule(find.__name__, label, asks, default, find, always))
        return find

    return add


# What readers cannot do without


@rule("Title", "There is one.", BLOCK, always=True)
def title(piece):
    if piece.article.title.strip() in ("", WORKING_TITLE):
        yield Found("A published article needs a title.", "title")


@rule("Standfirst", "There is one.", BLOCK)
def standfirst(piece):
    if not piece.article.standfirst.strip():
        yield Found("A published article needs a standfirst.", "standfirst")


@rule("Text", "There is one.", BLOCK)
def body(piece):
    if not piece.article.body.strip():
        yield Found("A published article needs a text.", "body")


@rule(
    "Image at the top",
    "It is described, or marked as decoration.",
    BLOCK,
    always=True,
)
def lead_alt(piece):
    if piece.article.image_is_undescribed:
        yield Found(
            "Describe the image at the top, or mark it as decoration.",
            "image_alt",
        )


@rule("Words under embargo", "None stands where readers would see it.", BLOCK)
def embargo(piece):
    for text, where, passage in find_embargoed(piece):
        yield Found(text, where, passage)


# What makes them stumble


@rule("Length of the standfirst", "It keeps within the limits.", WARN)
def standfirst_length(piece):
    length = len(piece.article.standfirst.strip())
    least = piece.limit(STANDFIRST_SHORTEST)
    most = piece.limit(STANDFIRST_LONGEST)
    if 0 < length < least:
        yield Found(
            f"The standfirst is short: {length} characters, where {least} are the "
            "least. Say what the piece argues.",
            "standfirst",
        )
    if length > most:
        yield Found(
            f"The standfirst is long: {length} characters, where {most} are the most.",
            "standfirst",
        )


@rule("Positions", "Everybody named held one on the day of publication.", WARN)
def position(piece):
    for byline in piece.bylines:
        person = byline.author.kind == Author.Kind.PERSON
        if person and not byline.position:
            yield Found(
                f"{byline.author} held no position on that day, "
                f"{piece.article.date_text}.",
                "bylines",
            )


@rule("Topics", "There is a topic or a region.", WARN)
def topic(piece):
    if not piece.has_topic:
        yield Found("The article has no topic.", "topics")


@rule("Images in the text", "Each is described, or marked as decoration.", WARN)
def body_alt(piece):
    for img in piece.tree.iter("img"):
        if not img.get("alt") and img.get("role") != "presentation":
            name = file_name(img)
            yield Found(
                f"The image {name} has no alternative text: say what it shows, or "
                "mark it as decoration.",
                "body",
                opening(img),
            )


@rule("Images of other sites", "None is in the text: each is uploaded.", WARN)
def borrowed_picture(piece):
    for img in piece.tree.iter("img"):
        if not is_ours(img.get("src")):
            name = file_name(img)
            yield Found(
                f"The image {name} is on another site, from where readers do not get "
                "it: upload it instead.",
                "body",
                opening(img),
            )


@rule("Headings", "They are in order and leave out no level.", WARN)
def headings(piece):
    above = 1
    for heading in piece.tree.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        level = int(heading.tag[1])
        words = words_of(heading)
        if level == 1:
            yield Found(
                f"“{words}” is set as a title, of which a page has one: make it a "
                "Heading 2.",
                "body",
                opening(heading),
            )
        elif level > above + 1:
            before = "any main heading" if above == 1 else f"a Heading {level - 1}"
            yield Found(
                f"The subheading “{words}” stands before {before}: make it a Heading "
                f"{above + 1}.",
                "body",
                opening(heading),
            )
        above = level


@rule("Tables", "Each has heads.", WARN)
def table_heads(piece):
    for table in piece.tree.iter("table"):
        if next(table.iter("th"), None) is None:
            yield Found(
                "A table has no heads: give it a header row, so that it can be "
                "followed by ear.",
                "body",
                opening(table),
            )


@rule("Footnotes", "None is empty, and no mark has lost its note.", WARN)
def footnotes(piece):
    notes = filter(is_note, piece.tree.iter("span"))
    empty = [note for note in notes if not words_of(note, notes=True)]
    if empty:
        text = "A footnote is empty: write it or delete its mark."
        if len(empty) > 1:
            text = (
                f"{len(empty)} footnotes are empty: write them or delete their marks."
            )
        yield Found(text, "body", opening(empty[0]))
    for mark, element in loose_marks(piece.tree):
        yield Found(
            f"“{mark}” looks like the mark of a footnote, but there is none: make a "
            "footnote of it, or delete it.",
            "body",
            opening(element),
        )


@rule("Words of links", "Each says where it leads, unlike “here”.", WARN)
def link_texts(piece):
    for a in piece.tree.iter("a"):
        words = words_of(a)
        if says_nothing(words):
            yield Found(
                f"A link says only “{words}”: let it say where it leads.",
                "body",
                opening(a),
            )


@rule("Links within the text", "Each leads to a place in it.", WARN)
def places(piece):
    page = piece.article.get_absolute_url() if piece.article.slug else ""
    for link in lost_links(piece.tree, page):
        yield Found(
            f"The link “{words_of(link)}” leads to a place that is not in the text "
            f"({link.get('href')[:100]}): link it to another, or remove the link.",
            "body",
            opening(link),
        )


@rule("Links within the site", "Each leads to a page.", WARN)
def internal_links(piece):
    for link in piece.links:
        found = link.is_inside and piece.results.get(link.address)
        if found and found.level:
            yield Found(
                f"The link to {link.written} leads nowhere.", link.where, link.passage
            )


@rule("Links to other sites", "Each leads to a page.", WARN)
def external_links(piece):
    unchecked = 0
    for link in piece.links:
        found = piece.results.get(link.address)
        if not link.address:
            yield Found(
                f"The link to {link.written[:100]}… is too long to be checked: try it "
                "yourself.",
                link.where,
                link.passage,
                WARN,
            )
        elif not found:
            unchecked += 1
        elif found.level and not link.is_inside:
            # What a robot is refused may well open for a reader.
            sure = found.level == "error"
            yield Found(
                f"The link to {link.written} {found.trouble}"
                + (": correct it or remove it." if sure else ": try it yourself."),
                link.where,
                link.passage,
                "" if sure else WARN,
            )
    if unchecked:
        yield Found(
            "1 link is still being checked."
            if unchecked == 1
            else f"{unchecked} links are still being checked.",
            "body",
            level=NOTE,
        )


@rule("Original publisher", "Whoever published it first is named with a link.", WARN)
def original_link(piece):
    if piece.article.original_outlet and not piece.article.original_url:
        yield Found(
            f"It was first published by {piece.article.original_outlet}, but there is "
            "no address: readers and search engines need it.",
            "original_url",
        )


@rule("Description for search engines", "It keeps within the limit.", WARN)
def seo_description(piece):
    length = len(piece.article.seo_description)
    most = piece.limit(DESCRIPTION_LONGEST)
    if length > most:
        yield Found(
            f"The description for search engines is long: {length} characters, of "
            f"which about {most} are shown.",
            "seo_description",
        )
