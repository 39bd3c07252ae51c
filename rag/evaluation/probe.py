"""The best answer to each question, and whether it is right, with its articles in the archive and without them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rag.evaluation.metrics import exact, f1
from rag.evaluation.questions import Question
from rag.pipeline import Pipeline
from rag.types import Where

RIGHT_FROM = 0.5
"""From which word F1 with a gold answer on an answer counts as right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The best answer to one question, had the system not been allowed to abstain.

    ``without`` says that the question's articles were left out, so that silence is right; ``group`` is the
    article that the question is about: questions of one group are not independent. ``features`` is empty
    where no answer was found.
    """

    id: str
    group: str
    answerable: bool
    without: bool
    text: str
    features: Mapping[str, float]
    probability: float
    score: float
    exact: float
    f1: float

    @property
    def right(self) -> bool:
        """Whether the answer would do: the archive says, and a word F1 of `RIGHT_FROM` at least."""
        return bool(self.features) and self.answerable and not self.without and self.f1 >= RIGHT_FROM


def probe(
    pipeline: Pipeline,
    questions: Sequence[Question],
    *,
    pairs: bool = True,
    progress: Callable[[int], None] | None = None,
) -> list[Probe]:
    """A probe of each question, and with ``pairs`` another of each answerable one without its articles.

    Where only the wording of a question tells that it cannot be answered, a curve may learn the wording; in a
    pair the words are the same and only the passages can tell.
    """
    probes = []
    for number, question in enumerate(questions, start=1):
        probes.append(_probe(pipeline, question, without=False))
        if pairs and question.answerable and question.article_ids:
            probes.append(_probe(pipeline, question, without=True))
        if progress:
            progress(number)
    return probes


def _probe(pipeline: Pipeline, question: Question, *, without: bool) -> Probe:
    where = Where(without=question.article_ids) if without else None
    result = pipeline.ask(question.question, where=where, max_answers=1, min_probability=0.0)
    best = result.answers[0] if result.answers else None
    text = best.text if best else ""
    says = question.answerable and not without
    return Probe(
        id=question.id,
        group=(*question.article_ids, *question.near, question.id)[0],
        answerable=question.answerable,
        without=without,
        text=text,
        features=best.features if best else {},
        probability=best.probability if best else 0.0,
        score=best.score if best else float("-inf"),
        exact=exact(text, question.answers) if says else 0.0,
        f1=f1(text, question.answers) if says else 0.0,
    )
