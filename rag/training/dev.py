"""How good a network is on questions kept away from its training: for choosing, never for reporting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.evaluation.metrics import exact, f1, roc_auc
from rag.training.data import Example
from rag.training.network import Reader
from rag.training.predict import read_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures over a development set.

    exact, f1: of the answerable questions over their own passages, in percent, without abstaining.
    roc_auc: chance that a right answer's score is above the score of a passage without answer.
    silent: percent of the passages without answer that score below 0; answered: percent of the own
        passages that score above 0.
    """

    questions: int
    exact: float
    f1: float
    roc_auc: float
    silent: float
    answered: float


def measure(
    network: Reader, tokenizer: Any, examples: Sequence[Example], *, rivals: Sequence[str | None]
) -> Figures | None:
    """Figures of the network over examples, each with a hard negative passage or None; None without examples."""
    answerable = [(number, example) for number, example in enumerate(examples) if example.answers]
    if not answerable:
        return None
    own = [(example.question, example.context) for _, example in answerable]
    other = [(examples[number].question, text) for number, text in enumerate(rivals) if text is not None]
    other += [(example.question, example.context) for example in examples if not example.answers]
    network.eval()
    found = read_all(network, tokenizer, own + other)
    network.train()
    matched, overlap, right, answered = [], [], [], []
    for (_, example), best in zip(answerable, found, strict=False):
        text = "" if best is None else example.context[best.start : best.end]
        matched.append(exact(text, example.answer_texts))
        overlap.append(f1(text, example.answer_texts))
        answered.append(best is not None and best.score > 0)
        if matched[-1] and best is not None:
            right.append(best.score)
    wrong = [-np.inf if best is None else best.score for best in found[len(own) :]]
    return Figures(
        questions=len(examples),
        exact=100 * float(np.mean(matched)),
        f1=100 * float(np.mean(overlap)),
        roc_auc=roc_auc(right, wrong),
        silent=100 * float(np.mean([score < 0 for score in wrong])) if wrong else 100.0,
        answered=100 * float(np.mean(answered)),
    )
