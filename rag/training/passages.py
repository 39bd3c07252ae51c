"""Questions as `rag eval` takes them get their passages, and hard negatives, from the archive that they are about."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.evaluation.metrics import mentions
from rag.evaluation.questions import Question
from rag.protocols import Index, Retriever
from rag.training.data import Example
from rag.types import Hit, Where

DEPTH: Final = 30
NEGATIVES: Final = 8


def examples_of(questions: Sequence[Question], *, index: Index, retriever: Retriever, source: str) -> list[Example]:
    """Each question over a passage of the archive, with up to eight passages that lack the answer; in order.

    A question with answers is asked of the passage of each of its articles that is ranked highest among those
    that hold an answer as whole words; there are as many examples of it as there are such articles, none if
    the words stand nowhere. One without answers is asked of the passage ranked highest among those of the
    articles that come near, or of all. Negatives are what the retriever finds besides, best first; for
    questions without answers, other passages of the articles that come near go first.

    ``source`` is what the examples are counted under.
    """
    return [
        example
        for question in questions
        for example in (_answerable if question.answerable else _unanswerable)(question, index, retriever, source)
    ]


def _answerable(question: Question, index: Index, retriever: Retriever, source: str) -> Iterator[Example]:
    negatives = tuple(
        hit.passage.text
        for hit in retriever.retrieve(index, question.question, k=DEPTH)
        if not mentions(hit.passage.text, question.answers)
    )
    for article_id in question.article_ids:
        for hit in _ranked(question, (article_id,), index, retriever):
            if spans := answer_spans(hit.passage.text, question.answers):
                yield _example(question, hit, spans=spans, negatives=negatives[:NEGATIVES], source=source)
                break


def _unanswerable(question: Question, index: Index, retriever: Retriever, source: str) -> Iterator[Example]:
    near = _ranked(question, question.near, index, retriever) if question.near else []
    ranked = [*near, *retriever.retrieve(index, question.question, k=DEPTH)]
    if ranked:
        others = dict.fromkeys(hit.passage.text for hit in ranked if hit.passage.text != ranked[0].passage.text)
        yield _example(question, ranked[0], spans=(), negatives=tuple(others)[:NEGATIVES], source=source)


def _ranked(question: Question, ids: tuple[str, ...], index: Index, retriever: Retriever) -> list[Hit]:
    return retriever.retrieve(index, question.question, k=DEPTH, where=Where(ids=ids))


def _example(
    question: Question, hit: Hit, *, spans: tuple[tuple[int, int], ...], negatives: tuple[str, ...], source: str
) -> Example:
    return Example(
        id=question.id,
        title=hit.article.title,
        context=hit.passage.text,
        question=" ".join(question.question.split()),
        answers=spans,
        source=source,
        negatives=negatives,
    )


def answer_spans(text: str, answers: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the answers stand in the text as whole words, in whatever case: half-open, each once, by answer.

    "5" stands neither in "15:40" nor in "5:40", and "Iran" does in "Iran-backed", as `mentions` has it.
    """
    found: dict[tuple[int, int], None] = {}
    for answer in answers:
        sought = r"\s+".join(re.escape(word) for word in answer.split())
        for place in re.finditer(rf"(?<!\w){sought}(?!\w)", text, re.IGNORECASE):
            before = len(text[: place.start()].rsplit(maxsplit=1)[-1]) if _joined(text, place.start()) else 0
            after = len(text[place.end() :].split(maxsplit=1)[0]) if _joined(text, place.end()) else 0
            if mentions(text[place.start() - before : place.end() + after], [answer]):
                found[place.span()] = None
    return tuple(found)


def _joined(text: str, at: int) -> bool:
    """Whether no blank stands at a place, so that what meets there is written as one word."""
    return 0 < at < len(text) and not text[at - 1].isspace() and not text[at].isspace()
