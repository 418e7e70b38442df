"""Match two texts, in time linear in their length.

difflib compares all with all, and takes four times as long for texts twice as long.
Here only short passages are compared so. Long ones are first divided at the pieces that
stand once on each side, as in a patience diff; where there are none, all of a long
passage differs.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

# Pieces on one side times pieces on the other, up to which difflib is asked.
_SHORT = 100 * 100
# How often a passage is divided again.
_DEEPEST = 6

Opcode = tuple[str, int, int, int, int]
Pieces = Sequence[Hashable]
IsJunk = Callable[[Hashable], bool]
Match = tuple[int, int, int]


def find_opcodes(
    old: Pieces, new: Pieces, is_junk: IsJunk | None = None
) -> Iterator[Opcode]:
    """As `SequenceMatcher.get_opcodes`; what is junk is never an anchor alone."""
    i = k = 0
    for at, there, size in _join(_find_matches(old, new, is_junk, _DEEPEST)):
        if i < at or k < there:
            kind = (
                "replace" if i < at and k < there else "delete" if i < at else "insert"
            )
            yield kind, i, at, k, there
        if size:
            yield "equal", at, at + size, there, there + size
        i, k = at + size, there + size


def _join(matches: Iterator[Match]) -> Iterator[Match]:
    """Matches that touch on both sides as one."""
    last = (0, 0, 0)
    for at, there, size in matches:
        if (last[0] + last[2], last[1] + last[2]) == (at, there):
            last = (last[0], last[1], last[2] + size)
        else:
            yield last
            last = (at, there, size)
    yield last


def _find_matches(
    old: Pieces, new: Pieces, is_junk: IsJunk | None, depth: int
) -> Iterator[Match]:
    """Matching blocks in order; the last, of no size, marks the ends."""
    if len(old) * len(new) <= _SHORT:
        matcher = SequenceMatcher(is_junk, old, new, autojunk=False)
        yield from matcher.get_matching_blocks()
        return
    start = _count_common(zip(old, new, strict=False))
    yield 0, 0, start
    least = min(len(old), len(new)) - start
    end = min(least, _count_common(zip(reversed(old), reversed(new), strict=False)))
    i, k = start, start
    stops = (len(old) - end, len(new) - end)
    inside = old[i : stops[0]], new[k : stops[1]]
    anchors = _find_anchors(*inside, is_junk) if depth else []
    for at, there in [*anchors, (len(inside[0]), len(inside[1]))]:
        at, there = at + start, there + start
        if anchors:
            for a, b, size in _find_matches(
                old[i:at], new[k:there], is_junk, depth - 1
            ):
                yield a + i, b + k, size
        yield at, there, 0 if (at, there) == stops else 1
        i, k = at + 1, there + 1
    yield *stops, end
    yield len(old), len(new), 0


def _count_common(pairs: Iterable[tuple[Hashable, Hashable]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _find_anchors(
    old: Pieces, new: Pieces, is_junk: IsJunk | None
) -> list[tuple[int, int]]:
    """Places of what stands once on each side: the longest row in the same order."""
    ours, theirs = Counter(old), Counter(new)
    places = {piece: place for place, piece in enumerate(new) if theirs[piece] == 1}
    pairs = [
        (place, places[piece])
        for place, piece in enumerate(old)
        if ours[piece] == 1 and piece in places and not (is_junk and is_junk(piece))
    ]
    # The last pair of the best row of each length, and the pair before each pair.
    ends: list[int] = []
    rows: list[int] = []
    before: list[int | None] = []
    for number, (_, there) in enumerate(pairs):
        length = bisect_left(ends, there)
        before.append(rows[length - 1] if length else None)
        ends[length : length + 1] = [there]
        rows[length : length + 1] = [number]
    row = []
    last = rows[-1] if rows else None
    while last is not None:
        row.append(pairs[last])
        last = before[last]
    return row[::-1]
