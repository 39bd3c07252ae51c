"""Asks every question, keeps what came, and sums it up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from rag.evaluation.metrics import exact, f1, interval, mentions
from rag.evaluation.questions import Question
from rag.pipeline import Pipeline
from rag.types import Match

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the system said to one question, had it not been allowed to abstain.

    ``found`` is the 1-based rank of the first hit that holds a gold answer in a gold article, 0 if none does.
    """

    id: str
    text: str
    probability: float
    score: float
    found: int
    took_ms: float


def predict(
    pipeline: Pipeline, questions: Iterable[Question], *, progress: Callable[[int], None] | None = None
) -> list[Prediction]:
    """Predictions in the order of the questions; abstaining is left to `summarise`."""
    predictions = []
    for number, question in enumerate(questions, start=1):
        result = pipeline.ask(question.question, min_probability=0.0)
        best = result.answers[0] if result.answers else None
        predictions.append(
            Prediction(
                id=question.id,
                text=best.text if best else "",
                probability=best.probability if best else 0.0,
                score=best.score if best else float("-inf"),
                found=found_at(result.hits, question),
                took_ms=result.timings["total_ms"],
            )
        )
        if progress:
            progress(number)
    return predictions


def found_at(hits: Sequence[Match], question: Question) -> int:
    """1-based rank of the first hit from a gold article whose text holds a gold answer; 0 if there is none."""
    for rank, hit in enumerate(hits, start=1):
        if hit.passage.article_id in question.article_ids and mentions(hit.passage.text, question.answers):
            return rank
    return 0


def summarise(
    questions: Sequence[Question], predictions: Sequence[Prediction], *, min_probability: float
) -> dict[str, object]:
    """Figures over all questions, each with its interval; ``forced`` ones as if the system never abstained.

    A figure over no questions is left out.
    """
    pairs = list(zip(questions, predictions, strict=True))
    if any(question.id != prediction.id for question, prediction in pairs):
        raise ValueError("questions and predictions do not belong together")
    answerable = [(q, p) for q, p in pairs if q.answerable]
    unanswerable = [(q, p) for q, p in pairs if not q.answerable]
    given = [(q, p) for q, p in pairs if p.probability >= min_probability]

    def said(prediction: Prediction) -> str:
        return prediction.text if prediction.probability >= min_probability else ""

    figures = {
        "forced_em": [exact(p.text, q.answers) for q, p in answerable],
        "forced_f1": [f1(p.text, q.answers) for q, p in answerable],
        "em": [exact(said(p), q.answers) for q, p in answerable],
        "f1": [f1(said(p), q.answers) for q, p in answerable],
        "abstained_when_unanswerable": [float(not said(p)) for _, p in unanswerable],
        "abstained_when_answerable": [float(not said(p)) for _, p in answerable],
        "answers_given_right": [exact(p.text, q.answers) if q.answerable else 0.0 for q, p in given],
        **{f"recall@{k}": [float(0 < p.found <= k) for _, p in answerable] for k in RECALL_AT},
    }
    took = [prediction.took_ms for prediction in predictions] or [0.0]
    return {
        "questions": len(pairs),
        "answerable": len(answerable),
        "min_probability": min_probability,
        **{name: asdict(interval(values)) for name, values in figures.items() if values},
        "p50_ms": float(np.percentile(took, 50)),
        "p95_ms": float(np.percentile(took, 95)),
    }
