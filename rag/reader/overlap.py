"""A reader without a model: the sentence that shares the most telling words, and the likeliest phrase in it."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rag.protocols import Reader
from rag.text import STOP_WORDS, sentences, words
from rag.types import Hit, Span

_MONTH: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
_TIME: Final = rf"(?:{_MONTH}|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_CAPITALISED: Final = r"[^\W\d_a-z][\w'\u2019.-]*\w"
_NUMBER: Final = re.compile(r"(?<!\w)[$€£]?\d(?:[\d.,:]*\d)?(?!\w)%?")
_NAME: Final = re.compile(rf"(?<!\w){_CAPITALISED}(?: (?:of |the |de |van |al-)?{_CAPITALISED})*")
_DATE: Final = re.compile(
    rf"\b(?:{_TIME}(?: \d{{1,2}})?(?:,? \d{{4}})?|\d{{1,2}} {_TIME}(?: \d{{4}})?|[12]\d{{3}})\b", re.IGNORECASE
)
_ABSENT: Final = 0.5


class OverlapReader(Reader):
    """A baseline that any trained reader must beat; deterministic, far below a millisecond a passage.

    A sentence scores by the share of the question's telling words it holds, the rarer among the passages
    the more, less one half: above 0, more than half of the question is there.
    """

    @property
    def fingerprint(self) -> str:
        """Names the method."""
        return "overlap/1"

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """At most one span a sentence and five a passage, best first, ties in the order of the hits."""
        asked = _terms(question)
        weights = _weights(asked, [_terms(hit.passage.text) for hit in hits])
        total = sum(weights.values())
        ranked: list[tuple[float, int, int, Span]] = []
        for number, hit in enumerate(hits):
            text = hit.passage.text
            spans: list[Span] = []
            for start, end in sentences(text):
                shared = _terms(text[start:end]) & asked
                score = (sum(weights[term] for term in sorted(shared)) / total if total else 0.0) - _ABSENT
                first, last = _phrase(text, start, end, question=question, asked=asked)
                spans.append(Span(hit=hit, start=first, end=last, score=score))
            spans.sort(key=lambda span: (-span.score, span.start))
            ranked += [(-span.score, number, span.start, span) for span in spans[:5]]
        return [span for *_, span in sorted(ranked, key=lambda item: item[:3])]


def _terms(text: str) -> frozenset[str]:
    return frozenset(text[start:end].casefold() for start, end in words(text)) - STOP_WORDS


def _weights(asked: frozenset[str], passages: Sequence[frozenset[str]]) -> dict[str, float]:
    found = Counter(term for terms in passages for term in terms & asked)
    return {term: math.log(1 + (1 + len(passages)) / (1 + found[term])) for term in sorted(asked)}


def _phrase(text: str, start: int, end: int, *, question: str, asked: frozenset[str]) -> tuple[int, int]:
    """The first phrase of the kind asked for that the question does not hold; else the whole sentence."""
    for kind in _kinds(question.casefold()):
        for match in kind.finditer(text, start, end):
            if not _terms(match[0]) <= asked:
                return match.span()
    return start, end


def _kinds(question: str) -> tuple[re.Pattern[str], ...]:
    if re.search(r"\bwhen\b|\bwhat (?:day|date|month|year)\b|\bwhich (?:day|date|month|year)\b", question):
        return (_DATE,)
    if re.search(r"\bhow (?:many|much|old|long|far|tall|big|large)\b", question):
        return (_NUMBER,)
    if re.search(r"\bwho\b|\bwhom\b|\bwhose\b|\bwhere\b|\bwhich\b", question):
        return (_NAME,)
    return ()
