"""How good a network is on questions kept away from its training: for choosing, never for reporting."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.training.data import Example
from rag.training.network import Reader
from rag.training.reading import read_all
from rag.training.surface import loose


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures over a development set.

    exact, f1: of the answerable questions over their own passages, in percent, without abstaining.
    separation: chance that a right answer's score is above the score of a passage without answer.
    silent: percent of the passages without answer that score below 0; answered: percent of the own
        passages that score above 0.
    """

    questions: int
    exact: float
    f1: float
    separation: float
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
    exact, f1, right, answered = [], [], [], []
    for (_, example), best in zip(answerable, found, strict=False):
        text = "" if best is None else example.context[best.start : best.end]
        exact.append(max(float(loose(text) == loose(answer)) for answer in example.answer_texts))
        f1.append(max(overlap_f1(text, answer) for answer in example.answer_texts))
        answered.append(best is not None and best.score > 0)
        if exact[-1] and best is not None:
            right.append(best.score)
    wrong = [-np.inf if best is None else best.score for best in found[len(own) :]]
    return Figures(
        questions=len(examples),
        exact=100 * float(np.mean(exact)),
        f1=100 * float(np.mean(f1)),
        separation=separation(right, wrong),
        silent=100 * float(np.mean([score < 0 for score in wrong])) if wrong else 100.0,
        answered=100 * float(np.mean(answered)),
    )


def overlap_f1(found: str, wanted: str) -> float:
    """Harmonic mean of precision and recall over the words of two answers, compared as `loose` has them."""
    first, second = loose(found).split(), loose(wanted).split()
    if not first or not second:
        return float(first == second)
    shared = sum((Counter(first) & Counter(second)).values())
    return 2 * shared / (len(first) + len(second))


def separation(higher: Sequence[float], lower: Sequence[float]) -> float:
    """Area under the ROC curve: how often one of `higher` is above one of `lower`.

    Ties count half; 0.5 if either is empty.
    """
    if not higher or not lower:
        return 0.5
    ordered = np.sort(np.asarray(lower))
    below = np.searchsorted(ordered, higher, side="left")
    up_to = np.searchsorted(ordered, higher, side="right")
    return float(np.mean((below + up_to) / 2) / len(ordered))
