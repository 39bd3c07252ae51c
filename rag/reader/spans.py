"""From logits to spans: the decoding that all neural readers share, in numpy.

A span begins and ends where a unit does. A unit is a word (as `rag.text.words` has them, but the parts of
a hyphenated compound count by themselves, so that "Iran" can be quoted from "Iran-backed", and so does the
word before a possessive "'s"), or a token outside words; so no answer is cut inside a word, however the
tokenizer cuts. A unit's start (end) logit is
the greatest among its tokens. The score of a span is its start plus its end logit, less the two logits of
the no-answer token in the same window; where windows overlap, the best score counts.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.text import words

Logits: TypeAlias = NDArray[np.float32]
Positions: TypeAlias = NDArray[np.intp]

SPANS_A_PASSAGE: Final = 5
SPAN_TOKENS: Final = 30

_COMPOUND = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b", re.IGNORECASE)
_MARK_OR_SYMBOL = re.compile(r"[$+<=>^`|~]|[^\x00-\xa1\w\s]")
_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_CLOSING = {")": "(", "]": "[", "}": "{", "\u201d": "\u201c", "\u2019": "\u2018", "»": "«", '"': '"', "'": "'"}
_OPENING = {opening: closing for closing, opening in _CLOSING.items()}
_ABBREVIATION = re.compile(r"(?:\b\w\.)+\w\.$|\b(?:Jr|Sr|Inc|Co|Ltd|Corp|Bros|St|Mt|Dr|Mr|Mrs|Ms)\.$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a model said of a stretch of a text's tokens: one start and one end logit each.

    ``first`` is the number of the stretch's first token; ``no_answer`` the sum of both logits of the
    no-answer token.
    """

    first: int
    start: Logits
    end: Logits
    no_answer: float


class Scored(NamedTuple):
    """Half-open characters of a text, and how likely they are the answer: above 0 leans to one."""

    start: int
    end: int
    score: float


def decode(
    text: str,
    tokens: Sequence[tuple[int, int]],
    windows: Sequence[Window],
    *,
    limit: int = SPANS_A_PASSAGE,
    longest: int = SPAN_TOKENS,
) -> list[Scored]:
    """At most ``limit`` spans that do not overlap, best first, ties by place; none is longer than ``longest`` tokens.

    (A single word of more tokens than that is allowed.) Spans lose blanks and punctuation that does not
    belong to them; a text without anything but punctuation has none. ``tokens`` are character spans.
    """
    if not tokens:
        return []
    units = _Units.of(text, np.asarray(tokens, dtype=np.intp))
    scores = _scores(units, windows, longest=longest)
    spans = []
    for first, last, score in _best(scores, limit=limit):
        start, end = _trim(text, int(units.start[first]), int(units.end[last]))
        if start < end:  # a lone sign, such as a minus before a blank, is trimmed to nothing
            spans.append(Scored(start, end, score))
    return spans


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """The places where a span may begin and end; all arrays but ``of_token`` have one row a unit."""

    of_token: Positions
    first: Positions
    last: Positions
    start: Positions
    end: Positions
    content: NDArray[np.bool_]
    opens: NDArray[np.bool_]

    @classmethod
    def of(cls, text: str, tokens: Positions) -> "_Units":
        within, content, possessive = _characters(text)
        begins = ~within[tokens[:, 0]]
        begins[1:] &= tokens[1:, 0] >= tokens[:-1, 1]
        begins[0] = True
        first = np.flatnonzero(begins)
        start, end = tokens[first, 0], np.maximum.reduceat(tokens[:, 1], first)
        bounds = np.flatnonzero(~within)  # never empty: no word begins before 0 or ends after the text
        start = bounds[np.searchsorted(bounds, start, side="right") - 1]
        end = bounds[np.searchsorted(bounds, end)]
        before = np.concatenate([[0], np.cumsum(content[:-1])])
        return cls(
            of_token=np.cumsum(begins) - 1,
            first=first,
            last=np.append(first[1:], len(tokens)) - 1,
            start=start,
            end=end,
            content=before[end] > before[start],
            opens=~possessive[start] | (start != np.concatenate([[-1], end[:-1]])),
        )


def _characters(text: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each place in the text, its end included: is it inside a word, is the character content, is it a possessive.

    Content is what an answer cannot do without: the characters of words, and symbols. Combining marks and what a
    zero-width joiner joins belong to what stands before.
    """
    bounds = np.array(words(text), dtype=np.intp).reshape(-1, 2)
    changes = np.zeros(len(text) + 1, dtype=np.int8)
    changes[bounds[:, 0]] = 1
    changes[bounds[:, 1]] = -1
    content = np.cumsum(changes).astype(np.bool_)
    within = np.zeros_like(content)
    within[1:] = content[:-1] & content[1:]  # words never touch
    possessive = np.zeros_like(content)
    for match in _COMPOUND.finditer(text):
        within[[match.start(), match.end()]] = False
        content[match.start()] = False
    for match in _MARK_OR_SYMBOL.finditer(text):
        at, kind = match.start(), unicodedata.category(match[0])
        content[at] = kind[0] == "S"
        if kind[0] == "M" or match[0] in _JOINER + _SKIN_TONES:
            within[at] = at > 0
        follows = text[at + 1 : at + 2]
        if match[0] == _JOINER or (kind[0] == "M" and follows.isalnum()):
            within[at + 1] = follows != ""
    for match in _POSSESSIVE.finditer(text):
        within[match.start()] = False
        possessive[match.start()] = True
    return within, content, possessive


def _scores(units: _Units, windows: Sequence[Window], *, longest: int) -> Logits:
    """Row i, column d: the score of the span from unit i to unit i + d, minus infinity where none is allowed."""
    count = len(units.first)
    scores = np.full((count, longest), -np.inf, dtype=np.float32)
    for window in windows:
        covered = units.of_token[window.first : window.first + len(window.start)]
        head = np.flatnonzero(np.diff(covered, prepend=covered[0] - 1))
        ends = np.full(len(head) + longest - 1, -np.inf, dtype=np.float32)
        ends[: len(head)] = np.maximum.reduceat(window.end, head)
        band = np.lib.stride_tricks.sliding_window_view(ends, longest) - np.float32(window.no_answer)
        band += np.maximum.reduceat(window.start, head)[:, None]
        rows = scores[covered[0] : covered[-1] + 1]
        np.maximum(rows, band, out=rows)

    until = np.minimum(np.arange(count)[:, None] + np.arange(longest), count - 1)
    scores[:, 1:][units.last[until[:, 1:]] - units.first[:, None] >= longest] = -np.inf
    said = np.concatenate([[0], np.cumsum(units.content)])
    scores[said[until + 1] == said[:-1, None]] = -np.inf
    scores[~units.opens] = -np.inf
    return scores


def _best(scores: Logits, *, limit: int) -> Iterator[tuple[int, int, float]]:
    """First unit, last unit and score of the best span, then of the best that does not overlap it, and so on."""
    longest = scores.shape[1]
    rows = scores.max(axis=1)
    for _ in range(limit):
        first = int(rows.argmax())
        score = float(rows[first])
        if score == -np.inf:
            return
        last = first + int(scores[first].argmax())
        yield first, last, score
        scores[first : last + 1] = -np.inf
        earliest = max(0, first - longest + 1)
        reaches = np.arange(earliest, first)[:, None] + np.arange(longest) >= first
        scores[earliest:first][reaches] = -np.inf
        rows[earliest : last + 1] = scores[earliest : last + 1].max(axis=1)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blanks and stray punctuation at its ends.

    What stays: signs and symbols ("-5", "$5", "5%"), brackets and quotation marks that close within the
    span, the full stop of an abbreviation.
    """
    while start < end and not _may_open(text, start, end):
        start += 1
    while end > start and not _may_close(text, start, end):
        end -= 1
    return start, end


def _may_open(text: str, start: int, end: int) -> bool:
    mark = text[start]
    if mark in _OPENING:
        return _OPENING[mark] in text[start + 1 : end]
    if mark in "-\u2212.#@":  # not content by themselves, but of one piece with what follows: -5, .5, #tag, @name
        follows = text[start + 1 : start + 2]
        leads = start == 0 or text[start - 1].isspace() or text[start - 1] in _OPENING
        return leads and (follows.isalnum() if mark in "#@" else follows.isdigit())
    return mark == "_" or unicodedata.category(mark)[0] in "LNS"


def _may_close(text: str, start: int, end: int) -> bool:
    mark = text[end - 1]
    if mark in _CLOSING:
        inner, opening = text[start : end - 1], _CLOSING[mark]
        return inner.count(opening) % 2 == 1 if opening == mark else inner.count(opening) > inner.count(mark)
    if mark == ".":
        return _ABBREVIATION.search(text, start, end) is not None
    return mark in "_%‰" or unicodedata.category(mark)[0] in "LMNS"
