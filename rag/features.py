"""What is known of an answer: the numbers from which its probability is told.

Chosen by cross-validation on questions over invented news, half of them unanswerable and meant to mislead, each
answerable one also without its articles. Looked at and left out, since they told nothing more there: the length of
answer and question, names and numbers of the question that the passage lacks, words that the answer shares with
the question, dense rank and score of the passage, how many other answers were found. The share of passages from the
answer's article told something there, but depends on how long an archive's articles are.
"""

import math
import re
from typing import Final, Literal, TypeAlias

from rag.text import STOP_WORDS, sentences, words

MAX_GAP: Final = 12.0
UNRANKED: Final = 60
"""The rank of a passage that a search did not find among its best."""

_STEM: Final = 5  # the shortest start that makes two words alike

Kind: TypeAlias = Literal["number", "time", "name", "any"]

_TIMES: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday"
    "|thursday|friday|saturday|sunday|today|yesterday|tomorrow|morning|evening|afternoon|night|noon|midnight|weeks?"
    "|months?|years?|spring|summer|autumn|winter|century|days?|hours?|minutes?|o'clock"
)
_NUMBERS: Final = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?"
    "|half|third|quarter|dozens?|none|no|both|once|twice|couple|several"
)
_ASKS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|old|long|far|tall|big|large|high|fast|deep|wide|often)\b"
            r"|\bwhat (?:share|percentage|proportion|number|amount|price|fraction)\b",
            re.IGNORECASE,
        ),
    ),
    ("time", re.compile(r"\bwhen\b|\b(?:what|which) (?:day|date|month|year|time|century)\b", re.IGNORECASE)),
    ("name", re.compile(r"\b(?:who|whom|whose|where)\b", re.IGNORECASE)),
)
_FITS: Final[dict[Kind, re.Pattern[str]]] = {
    "number": re.compile(rf"\d|\b(?:{_NUMBERS})\b", re.IGNORECASE),
    "time": re.compile(rf"\b(?:{_TIMES})\b|\b[12]\d{{3}}\b|\d[:.]\d\d", re.IGNORECASE),
    "name": re.compile(r"\b[^\W\d_a-z]\w"),
    "any": re.compile(""),
}


SIGNS: Final = {
    "margin": 1,
    "gap": 1,
    "agreement": 1,
    "lexical_rank": -1,
    "passage_missing": -1,
    "nearby_missing": -1,
    "kind_mismatch": -1,
}
"""The features, and whether more of each may only raise (1) or only lower (-1) a probability.

What a few hundred questions suggest against these signs would not hold in another archive.
"""


def features(
    *,
    margin: float,
    gap: float,
    sources: int,
    lexical_rank: int,
    question: str,
    title: str,
    passage: str,
    start: int,
    end: int,
) -> dict[str, float]:
    """The numbers, by name.

    Args:
        margin: the answer's score (span logits less no-answer logit).
        gap: its lead over the best other answer, negative for all but the first; infinite without another.
        sources: how many articles say the same.
        lexical_rank: the place of its passage in lexical search, from 1; `UNRANKED` if it was not found there.
        question: the question proper.
        title: that of the article.
        passage: the text that was read.
        start: where the answer begins in it.
        end: where it ends.
    """
    asked = [word for word in _words(question) if word.casefold() not in STOP_WORDS]
    return {
        "margin": margin,
        "gap": max(-MAX_GAP, min(MAX_GAP, gap)),
        "agreement": math.log2(max(1, sources)),
        "lexical_rank": math.log2(lexical_rank),
        "passage_missing": _missing(asked, f"{title}\n{passage}"),
        "nearby_missing": _missing(asked, _nearby(passage, start, end)),
        "kind_mismatch": float(not _FITS[kind_asked(question)].search(passage[start:end])),
    }


def kind_asked(question: str) -> Kind:
    """The kind of answer that a question wants, by its question words."""
    return next((kind for kind, asks in _ASKS if asks.search(question)), "any")


def _missing(asked: list[str], text: str) -> float:
    """Share of the words of a question that a text lacks."""
    there = {_stem(word) for word in _words(text)}
    return sum(_stem(word) not in there for word in asked) / max(1, len(asked))


def _nearby(passage: str, start: int, end: int) -> str:
    """The sentences that the answer stands in, with the one before and the one after."""
    spans = sentences(passage)
    inside = [at for at, (first, last) in enumerate(spans) if last > start and first < end]
    if not inside:
        return passage[start:end]
    near = spans[max(0, inside[0] - 1) : inside[-1] + 2]
    return passage[near[0][0] : near[-1][1]]


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


def _stem(word: str) -> str:
    bare = word.casefold().replace("\u2019", "'").removesuffix("'s")
    return bare if bare[0].isdigit() else bare[:_STEM]
