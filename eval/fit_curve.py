"""Fits the provisional curve from an answer's features to the probability that it is right.

    python eval/fit_curve.py --index DIR --collection NAME --questions FILE --name TEXT [--limit N] --out curve.json

Every question is asked as it is; every third is asked again with its own article left out, so that silence
is right. An answer counts as right from a word F1 of 0.5 on. The fit is a logistic regression by Newton's
method with a little ridge. Questions that a figure is reported on must not be among those it is fitted on.
"""

import argparse
import json
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.answers import merge
from rag.bootstrap import Library
from rag.evaluation.metrics import f1
from rag.evaluation.questions import Question, load_questions
from rag.pipeline import Pipeline
from rag.settings import load
from rag.types import Calibration

NAMES = ("margin", "gap", "agreement", "rank", "words_missing", "names_missing", "length")
RIDGE = 1.0
RIGHT_FROM = 0.5


class Recorder:
    """A calibrator that keeps the features it is asked about."""

    calibration = Calibration(name="recorder", fingerprint="", provisional=True)

    def __init__(self) -> None:
        self.seen: list[Mapping[str, float]] = []

    def probability(self, features: Mapping[str, float]) -> float:
        """Always 1."""
        self.seen.append(features)
        return 1.0


def best_answer(pipeline: Pipeline, question: Question, *, without: tuple[str, ...]) -> tuple[list[float], str] | None:
    """Features and text of the best answer that does not come from the articles left out; None if there is none."""
    spare = 5 * len(without)
    with pipeline.archive.reading() as index:
        hits = pipeline.retriever.retrieve(index, question.question, k=pipeline.top_k + spare)
        hits = [hit for hit in hits if hit.passage.article_id not in without][: pipeline.top_k]
    spans = pipeline.reader.read(question.question, hits)
    recorder = Recorder()
    answers = merge(spans, question=question.question, calibrator=recorder, max_answers=1)
    return ([recorder.seen[0][name] for name in NAMES], answers[0].text) if answers else None


def fit(rows: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bias and weights of the logistic regression, shape (1 + columns,)."""
    design = np.hstack([np.ones((len(rows), 1)), rows])
    weights = np.zeros(design.shape[1])
    penalty = RIDGE * np.eye(len(weights))
    penalty[0, 0] = 0.0
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (right - chance) - penalty @ weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def main() -> None:
    """Writes the curve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--limit", type=int, default=1_500)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="keep features and labels here (.npz)")
    options = parser.parse_args()

    library = Library(load({"index": options.index, "collection": options.collection}))
    pipeline = library.pipeline()
    questions = [question for question in load_questions(options.questions) if question.answerable]
    random.Random(0).shuffle(questions)  # noqa: S311 - a sample, not a secret
    rows: list[list[float]] = []
    right: list[float] = []
    for number, question in enumerate(questions[: options.limit]):
        for without in ((), question.article_ids) if number % 3 == 0 else ((),):
            found = best_answer(pipeline, question, without=without)
            if found:
                rows.append(found[0])
                right.append(0.0 if without else float(f1(found[1], question.answers) >= RIGHT_FROM))
    library.close()
    if options.keep:
        np.savez(options.keep, rows=np.array(rows), right=np.array(right))
    bias, *weights = fit(np.array(rows), np.array(right)).round(4).tolist()
    record = {
        "name": options.name,
        "provisional": True,
        "bias": bias,
        "weights": dict(zip(NAMES, weights, strict=True)),
    }
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record), f"fitted on {len(rows)} answers, {np.mean(right):.1%} right")


if __name__ == "__main__":
    main()
