"""Text as the store holds it: normalisation, sentences and words, all with exact offsets.

Offsets are code points, as Python counts them, half-open: ``text[start:end]``.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import sentencex

LONGEST_SENTENCE: Final = 10_000
"""Characters after which a sentence is cut; the splitter's time grows with the square of what it is given."""

STOP_WORDS: Final = frozenset(
    """a about after all also an and any are as at be been before being but by can could did do does during each for
    from had has have he her his how if in into is it its many may might much must no not of off on one or other our
    over per she should so some such than that the their them then there these they this those through to under until
    up was we were what when where which while who whom whose why will with would you your""".split()  # noqa: SIM905
)
"""English words that tell nothing of what a text or a question is about, in lower case."""

_NEWLINES = re.compile(r"\r\n?|[\x85\u2028\u2029\x0b\x0c]")
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_BLANK_RUN = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")

# Signs that `\w` leaves out though they stand inside words: combining marks of the living scripts and joiners.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u06df-\u06e4\u0711\u0730-\u074a\u0900-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d\u0a81-\u0a83"
    "\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6"
    "\u0d00-\u0d03\u0d3b-\u0d4d\u0d81-\u0d83\u0dca-\u0ddf\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
_WORD = re.compile(rf"\w[\w{_MARKS}]*(?:[\u2019'.,:\-]\w[\w{_MARKS}]*)*")

_JOINER = "\u200d"
_TIED_TO_THE_LEFT = re.compile("[\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")  # joiner, skin tones, tags
_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # regional indicators, A to Z
_LONGEST_FLAG_RUN = 100


def normalise(text: str) -> str:
    """The text as the archive stores it: NFC, line feeds for line ends, nothing that SQLite or JSON cannot hold.

    Characters that cannot be stored (NUL and other controls, byte-order marks, lone surrogates) are
    dropped; `unstorable` counts them. Runs of blank lines become one; blanks at both ends go.
    Normalising twice changes nothing.
    """
    text = _UNSTORABLE.sub("", _NEWLINES.sub("\n", text))
    text = unicodedata.normalize("NFC", text)
    return _BLANK_RUN.sub("\n\n", text).strip()


def unstorable(text: str) -> int:
    """How many characters `normalise` would drop because no store can hold them."""
    return len(_UNSTORABLE.findall(text))


def sentences(text: str, *, language: str = "en") -> list[tuple[int, int]]:
    """Spans of the sentences, in order, without surrounding blanks.

    Every non-blank character lies in exactly one span. A line break inside a paragraph does not end a
    sentence by itself; a blank line does. A sentence longer than `LONGEST_SENTENCE` is cut. The splitting
    rules are those of `sentencex`, which takes those of English where it does not know the language.
    """
    code = re.split("[-_]", language)[0].lower()
    edges = (edge for start, end in _paragraphs(text) for edge in _sentence_edges(text, start, end, code))
    spans = (strip(text, start, end) for start, end in edges)
    return [(start, end) for start, end in spans if start < end]


def words(text: str) -> list[tuple[int, int]]:
    """Spans of the words, in order: runs of letters and digits, joined by inner marks (``U.S``, ``3.5``, ``don't``)."""
    return [match.span() for match in _WORD.finditer(text)]


def strip(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the blanks at its ends; empty if nothing else is in it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


class Seam(IntEnum):
    """How well a text can be cut at a place; higher is better."""

    CHARACTER = 0
    LETTER = 1
    WORD = 2
    BLANK = 3


def seam(text: str, at: int) -> Seam:
    """What a cut before ``text[at]`` would part: a character as readers see it, letters, words, or nothing.

    Combining marks, emoji joined into one, and the two halves of a flag are one character to a reader. ``at``
    lies strictly inside the text.
    """
    before, after = text[at - 1], text[at]
    if before.isspace() or after.isspace():
        return Seam.BLANK
    if before == _JOINER or _TIED_TO_THE_LEFT.match(after) or _is_mark(after) or _parts_flag(text, at):
        return Seam.CHARACTER
    return Seam.LETTER if after.isalnum() and (before.isalnum() or _is_mark(before)) else Seam.WORD


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _parts_flag(text: str, at: int) -> bool:
    before = text[max(0, at - _LONGEST_FLAG_RUN) : at]
    return text[at] in _FLAG_HALVES and (len(before) - len(before.rstrip(_FLAG_HALVES))) % 2 == 1


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _PARAGRAPH_BREAK.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _sentence_edges(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    """Sentences of one paragraph, edge to edge, found in windows of bounded length.

    What a window cuts off at its end is looked at again at the start of the next one.
    """
    while start < end:
        stop = min(end, start + LONGEST_SENTENCE)
        found = sentencex.get_sentence_boundaries(language, text[start:stop])
        ends = [start + boundary["end_index"] for boundary in found[:-1]]
        if stop == end:
            ends.append(end)
        elif not ends:
            ends.append(max(range(stop - 100, stop), key=lambda at: (seam(text, at), at)))
        for sentence_end in ends:
            yield start, sentence_end
            start = sentence_end
