"""From spans of passages to answers of the archive: article offsets, merged places, citations.

The same words are found many times: in overlapping passages, and in articles that say the same. A place is
counted once, equal answers become one answer with several citations, and only then is the list cut.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rag.features import UNRANKED, features
from rag.protocols import Calibrator
from rag.text import sentences
from rag.types import Abstention, Answer, Article, Citation, Hit, Span

FINGERPRINT: Final = "answers-1"
"""Names the rules of this module: it changes when they would give other answers for the same spans."""

# A further place counts as saying the same only if the reader, there, leans to an answer too.
CITATION_FLOOR = 0.0
# How far to look for the ends of the sentence around a quote, in characters.
SENTENCE_REACH = 600

_LEADING_WORD = re.compile(r"^(?:the|a|an)\s+")
_MARKS = re.compile(r"[^\w\s%$\u20ac\u00a3]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A span in its article's offsets."""

    hit: Hit
    start: int
    end: int
    score: float

    @property
    def article(self) -> Article:
        """The article it stands in."""
        return self.hit.article


def merge(spans: Sequence[Span], *, question: str, calibrator: Calibrator, max_answers: int) -> list[Answer]:
    """Distinct answers, best score first, at most ``max_answers``, each with all its places."""
    groups: dict[str, list[Place]] = {}
    for place in _distinct(spans):
        groups.setdefault(same_answer_key(place.article.text[place.start : place.end]), []).append(place)
    ranked = sorted(groups.values(), key=lambda places: (-places[0].score, places[0].article.id, places[0].start))
    return [_answer(places, rivals=ranked, question=question, calibrator=calibrator) for places in ranked[:max_answers]]


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


def cite_passage(hit: Hit) -> Citation:
    """The citation of the whole passage of a hit."""
    return cite(hit.article, hit.passage.start, hit.passage.end)


def abstention(hits: Sequence[Hit], candidates: Sequence[Answer], *, empty: bool) -> Abstention:
    """Why none of the candidates is given as an answer; ``empty`` says that there is no article at all."""
    if empty:
        return Abstention(code="empty_archive", reason="the archive is empty")
    if not hits:
        return Abstention(code="no_passage", reason="no passage of the archive matches the question and its filters")
    if not candidates:
        return Abstention(code="no_span", reason="the passages found hold nothing that could be an answer")
    best = max(answer.probability for answer in candidates)
    reason = f"the likeliest answer found has a probability of only {best:.2f}"
    return Abstention(code="low_probability", reason=reason)


def _distinct(spans: Iterable[Span]) -> list[Place]:
    """Places that do not overlap one another, best score first."""
    kept: dict[str, list[Place]] = {}
    candidates = [
        Place(
            hit=span.hit,
            start=span.hit.passage.start + span.start,
            end=span.hit.passage.start + span.end,
            score=span.score,
        )
        for span in spans
    ]
    places = []
    for place in sorted(candidates, key=lambda place: (-place.score, place.article.id, place.start)):
        others = kept.setdefault(place.article.id, [])
        if all(place.end <= other.start or other.end <= place.start for other in others):
            others.append(place)
            places.append(place)
    return places


def _answer(
    places: Sequence[Place], *, rivals: Sequence[Sequence[Place]], question: str, calibrator: Calibrator
) -> Answer:
    best = places[0]
    cited = [best] + [place for place in places[1:] if place.score > CITATION_FLOOR]
    citations = tuple(cite(place.article, place.start, place.end) for place in cited)
    rival = max((other[0].score for other in rivals if other is not places), default=-math.inf)
    passage = best.hit.passage
    known = features(
        margin=best.score,
        gap=best.score - rival,
        sources=len({place.article.id for place in cited}),
        lexical_rank=best.hit.ranks.get("lexical", UNRANKED),
        question=question,
        title=best.article.title,
        passage=passage.text,
        start=best.start - passage.start,
        end=best.end - passage.start,
    )
    return Answer(
        text=citations[0].quote,
        probability=calibrator.probability(known),
        score=best.score,
        citations=citations,
        features=known,
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
