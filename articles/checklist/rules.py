"""Checklist rules: each is data and a function.

A rule yields what it found in a Piece (articles/checklist/checklist.py), in editors'
words. Nothing here asks another server: what links lead to was asked before, in the
background (articles/tasks.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from articles.body import extract_words, is_note
from articles.checklist.limits import (
    DESCRIPTION_LONGEST,
    STANDFIRST_LONGEST,
    STANDFIRST_SHORTEST,
    SUBSTANTIAL,
)
from articles.checklist.text import (
    find_loose_marks,
    get_file_name,
    get_opening,
    says_nothing,
)
from articles.documents.captions import read_label
from articles.embargo import find_embargoed
from articles.rendering import find_lost_links, is_ours
from authors.models import Author

OFF, WARN, BLOCK = "off", "warn", "block"
LEVELS = {BLOCK: "Blocks publication", WARN: "Warning", OFF: "Not checked"}
# What nobody can correct: it is only said.
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

    def get_level(self, chosen):
        level = chosen.get(self.key)
        return level if level in list(LEVELS) and not self.always else self.default


@dataclass(frozen=True)
class Found:
    """A finding of a rule: a sentence, its field, and the place in the text."""

    text: str
    where: str
    passage: str = ""
    # The rule's own level at most.
    level: str = ""


# The title of a draft that has none yet.
WORKING_TITLE = "Untitled draft"
# What is asked for before somebody else reads it.
ESSENTIAL = ("title", "standfirst", "body", "lead_alt")

RULES: list[Rule] = []


def rule(label, asks, default, always=False):
    """Make the function, which yields what it found in a Piece, a rule.

    `check_title` is the rule "title": the editorial policy is stored under these keys.
    """

    def add(find):
        key = find.__name__.removeprefix("check_")
        RULES.append(Rule(key, label, asks, default, find, always))
        return find

    return add


# What readers cannot do without


@rule("Title", "There is one.", BLOCK, always=True)
def check_title(piece):
    if piece.article.title.strip() in ("", WORKING_TITLE):
        yield Found("A published article needs a title.", "title")


@rule("Standfirst", "There is one.", BLOCK)
def check_standfirst(piece):
    if not piece.article.standfirst.strip():
        yield Found("A published article needs a standfirst.", "standfirst")


@rule("Text", "There is one.", BLOCK)
def check_body(piece):
    if not piece.article.body.strip():
        yield Found("A published article needs a text.", "body")


@rule(
    "Image at the top",
    "It is described, or marked as decoration.",
    BLOCK,
    always=True,
)
def check_lead_alt(piece):
    if piece.article.image_is_undescribed:
        yield Found(
            "Describe the image at the top, or mark it as decoration.",
            "image_alt",
        )


@rule("Words under embargo", "None appears where readers would see it.", BLOCK)
def check_embargo(piece):
    for text, where, passage in find_embargoed(piece):
        yield Found(text, where, passage)


# What makes them stumble


@rule("Key points", "There are three to five, if any.", WARN)
def check_key_points(piece):
    count = len(piece.article.key_point_list)
    if count and not 3 <= count <= 5:
        yield Found(
            f"There {'is one key point' if count == 1 else f'are {count} key points'}: "
            "three to five are read.",
            "key_points",
        )


@rule("Data of figures", "Each file of data names a figure or table.", WARN)
def check_data_of(piece):
    files = [each for each in piece.get_rows("attachments") if each.data_of]
    if not files:
        return
    captions = piece.tree.iter("figcaption", "caption")
    labels = {read_label(extract_words(each)).casefold() for each in captions}
    for file in files:
        if file.data_of.casefold() not in labels:
            yield Found(
                f"“{file.title}” is the data of “{file.data_of}”, but no caption "
                f"begins with “{file.data_of}:”. Readers find it after the text.",
                "attachments",
            )


@rule("Length of the standfirst", "It keeps within the limits.", WARN)
def check_standfirst_length(piece):
    length = len(piece.article.standfirst.strip())
    least = piece.get_limit(STANDFIRST_SHORTEST)
    most = piece.get_limit(STANDFIRST_LONGEST)
    if 0 < length < least:
        yield Found(
            f"The standfirst has {length} characters; the minimum is {least}. Say what "
            "the piece argues.",
            "standfirst",
        )
    if length > most:
        yield Found(
            f"The standfirst has {length} characters; the maximum is {most}.",
            "standfirst",
        )


@rule("Positions", "Everybody named held one on the day of publication.", WARN)
def check_position(piece):
    for byline in piece.bylines:
        person = byline.author.kind == Author.Kind.PERSON
        if person and not byline.position:
            yield Found(
                f"{byline.author} held no position on that day, "
                f"{piece.article.date_text}.",
                "bylines",
            )


@rule("Topics", "There is a topic or a region.", WARN)
def check_topic(piece):
    if not piece.has_topic:
        yield Found("The article has no topic.", "topics")


@rule("Images in the text", "Each is described, or marked as decoration.", WARN)
def check_body_alt(piece):
    for img in piece.tree.iter("img"):
        if not img.get("alt") and img.get("role") != "presentation":
            name = get_file_name(img)
            yield Found(
                f"The image {name} has no alternative text: say what it shows, or "
                "mark it as decoration.",
                "body",
                get_opening(img),
            )


@rule("Images on other sites", "Every image in the text is uploaded.", WARN)
def check_borrowed_picture(piece):
    for img in piece.tree.iter("img"):
        if not is_ours(img.get("src")):
            name = get_file_name(img)
            yield Found(
                f"The image {name} is on another site, so readers do not see it. "
                "Upload it instead.",
                "body",
                get_opening(img),
            )


@rule("Headings", "They are in order and leave out no level.", WARN)
def check_headings(piece):
    above = 1
    for heading in piece.tree.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        level = int(heading.tag[1])
        words = extract_words(heading)
        if level == 1:
            yield Found(
                f"“{words}” is a second title on the page. Make it a Heading 2.",
                "body",
                get_opening(heading),
            )
        elif level > above + 1:
            before = "any main heading" if above == 1 else f"a Heading {level - 1}"
            yield Found(
                f"The subheading “{words}” stands before {before}: make it a Heading "
                f"{above + 1}.",
                "body",
                get_opening(heading),
            )
        above = level


@rule("Tables", "Each has a header row.", WARN)
def check_table_heads(piece):
    for table in piece.tree.iter("table"):
        if next(table.iter("th"), None) is None:
            yield Found(
                "A table has no header row. Add one, so that screen readers can "
                "announce its columns.",
                "body",
                get_opening(table),
            )


@rule("Footnotes", "None is empty, and no mark has lost its note.", WARN)
def check_footnotes(piece):
    notes = filter(is_note, piece.tree.iter("span"))
    empty = [note for note in notes if not extract_words(note, notes=True)]
    if empty:
        text = "A footnote is empty: write it or delete its mark."
        if len(empty) > 1:
            text = (
                f"{len(empty)} footnotes are empty: write them or delete their marks."
            )
        yield Found(text, "body", get_opening(empty[0]))
    for mark, element in find_loose_marks(piece.tree):
        yield Found(
            f"“{mark}” looks like the mark of a footnote, but there is none: make a "
            "footnote of it, or delete it.",
            "body",
            get_opening(element),
        )


@rule("Pasted text", "Nothing is missing, or somebody has looked for it.", WARN)
def check_losses(piece):
    for line in piece.article.losses.splitlines():
        yield Found(f"When the text was pasted: {line}", "losses_seen")


@rule("Link texts", "Each says where it leads, unlike “here”.", WARN)
def check_link_texts(piece):
    for a in piece.tree.iter("a"):
        words = extract_words(a)
        if says_nothing(words):
            yield Found(
                f"A link says only “{words}”: say where it leads.",
                "body",
                get_opening(a),
            )


@rule("Links within the text", "Each leads to a place in it.", WARN)
def check_places(piece):
    page = piece.article.get_absolute_url() if piece.article.slug else ""
    for link in find_lost_links(piece.tree, page):
        yield Found(
            f"The link “{extract_words(link)}” leads to a place that is not in the "
            f"text ({link.get('href')[:100]}): link it to another, or remove the link.",
            "body",
            get_opening(link),
        )


@rule("Links within the site", "Each leads to a page.", WARN)
def check_internal_links(piece):
    for link in piece.links:
        found = link.is_inside and piece.results.get(link.address)
        if found and found.level:
            yield Found(
                f"The link to {link.written} leads nowhere.", link.where, link.passage
            )


@rule("Links to other sites", "Each leads to a page.", WARN)
def check_external_links(piece):
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


@rule("Original publisher", "The first publisher is named with a link.", WARN)
def check_original_link(piece):
    if piece.article.original_outlet and not piece.article.original_url:
        yield Found(
            f"The article was first published by {piece.article.original_outlet}. Add "
            "its address there, for readers and search engines.",
            "original_url",
        )


@rule("Description for search engines", "It keeps within the limit.", WARN)
def check_seo_description(piece):
    length = len(piece.article.seo_description)
    most = piece.get_limit(DESCRIPTION_LONGEST)
    if length > most:
        yield Found(
            f"The description for search engines has {length} characters; search "
            f"engines show about {most}. Shorten it.",
            "seo_description",
        )


# What readers are told of an update


@rule("Version", "A new version has its note.", BLOCK)
def check_version(piece):
    article = piece.article
    if not article.live_id:
        return
    if article.update_kind == article.UpdateKind.VERSION:
        if not article.version_note.strip():
            yield Found("Say what is new in this version.", "version_note")
    elif article.version_note.strip():
        yield Found(
            "The note on what is new is shown with a new version alone: choose that, "
            "or empty the note.",
            "update_kind",
        )
    elif not article.update_kind:
        words = piece.changed_words
        if words >= piece.get_limit(SUBSTANTIAL):
            yield Found(
                f"Much has changed ({words} words): choose whether this is a new "
                "version or a correction.",
                "update_kind",
            )
