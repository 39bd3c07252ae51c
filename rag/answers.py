"""From spans of passages to answers of the archive: article offsets, merged places, citations.

The same words are found many times: in overlapping passages, and in articles that say the same. A place is
counted once, equal answers become one answer with several citations, and only then is the list cut.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.calibration import features
from rag.protocols import Calibrator
from rag.text import sentences
from rag.types import Answer, Article, Citation, Hit, Passage, Span

# A further place counts as saying the same only if the reader, there, leans to an answer too.
CITATION_FLOOR = 0.0
# How far to look for the ends of the sentence around a quote, in characters.
SENTENCE_REACH = 600

_LEADING_WORD = re.compile(r"^(?:the|a|an)\s+")
_MARKS = re.compile(r"[^\w\s%$\u20ac\u00a3]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span in its article's offsets."""

    article_id: str
    start: int
    end: int
    score: float
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question with the passages that were read for it, best first, and their articles."""

    question: str
    hits: Sequence[Hit]
    articles: Mapping[str, Article]


def merge(spans: Sequence[Span], *, reading: Reading, calibrator: Calibrator, max_answers: int) -> list[Answer]:
    """Distinct answers, best score first, at most ``max_answers``, each with all its places."""
    articles = reading.articles
    groups: dict[str, list[Place]] = {}
    for place in _distinct(spans):
        text = articles[place.article_id].text[place.start : place.end]
        groups.setdefault(same_answer_key(text), []).append(place)
    ranked = sorted(groups.values(), key=lambda places: (-places[0].score, places[0].article_id, places[0].start))
    return [_answer(places, rivals=ranked, reading=reading, calibrator=calibrator) for places in ranked[:max_answers]]


def same_answer_key(text: str) -> str:
    """Equal for answers that differ only in case, punctuation, blanks or a leading article."""
    bare = " ".join(_MARKS.sub(" ", text.casefold()).split())
    return _LEADING_WORD.sub("", bare) or text


def cite(article: Article, start: int, end: int) -> Citation:
    """The citation of ``article.text[start:end]`` with the rest of its sentence on both sides."""
    left, right = _sentence_around(article.text, start, end)
    return Citation(
        article=article,
        start=start,
        end=end,
        quote=article.text[start:end],
        before=article.text[left:start],
        after=article.text[end:right],
    )


def _distinct(spans: Iterable[Span]) -> list[Place]:
    """Places that do not overlap one another, best score first."""
    kept: dict[str, list[Place]] = {}
    ordered = sorted(spans, key=lambda span: (-span.score, span.passage.article_id, span.passage.start + span.start))
    places = []
    for span in ordered:
        place = Place(
            article_id=span.passage.article_id,
            start=span.passage.start + span.start,
            end=span.passage.start + span.end,
            score=span.score,
            passage=span.passage,
        )
        others = kept.setdefault(place.article_id, [])
        if all(place.end <= other.start or other.end <= place.start for other in others):
            others.append(place)
            places.append(place)
    return places


def _answer(
    places: Sequence[Place],
    *,
    rivals: Sequence[Sequence[Place]],
    reading: Reading,
    calibrator: Calibrator,
) -> Answer:
    best, articles = places[0], reading.articles
    cited = [best] + [place for place in places[1:] if place.score > CITATION_FLOOR]
    citations = tuple(cite(articles[place.article_id], place.start, place.end) for place in cited)
    rival = max((other[0].score for other in rivals if other is not places), default=-math.inf)
    known = features(
        margin=best.score,
        gap=best.score - rival,
        places=len({place.article_id for place in cited}),
        rank=next(rank for rank, hit in enumerate(reading.hits, start=1) if hit.passage == best.passage),
        question=reading.question,
        passage=f"{articles[best.article_id].title}\n{best.passage.text}",
        answer=citations[0].quote,
    )
    return Answer(
        text=citations[0].quote, probability=calibrator.probability(known), score=best.score, citations=citations
    )


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Bounds of the sentence or sentences that hold the span, within its paragraph and `SENTENCE_REACH`."""
    left = max(text.rfind("\n\n", 0, start) + 1, start - SENTENCE_REACH, 0)
    stop = text.find("\n\n", end)
    right = min(len(text) if stop < 0 else stop, end + SENTENCE_REACH)
    inside = [(left + a, left + b) for a, b in sentences(text[left:right]) if left + b > start and left + a < end]
    if not inside:
        return start, end
    return min(inside[0][0], start), max(inside[-1][1], end)
