"""How right answers are, how far their probabilities can be trusted, and what silence buys.

Exact match and F1 are those of SQuAD (Rajpurkar et al. 2016).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
# Where an answer may end inside what is written as one word: "Iran" in "Iran-backed", "Baker" in "Baker's".
_PARTS = re.compile(r"[-\u2010-\u2015\u2026](?<=\w.)(?=[^\W\d_])|['\u2019](?<=\w.)(?=s\b)", re.IGNORECASE)
_TYPOGRAPHIC = re.compile("[\u2010-\u2015\u2018-\u201f\u2026\u00ab\u00b4\u00bb]")


def normalise_answer(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and superfluous blanks: what SQuAD compares."""
    return " ".join(_ARTICLES.sub(" ", _PUNCTUATION.sub("", text.lower())).split())


def mentions(text: str, answers: Iterable[str]) -> bool:
    """Whether a text holds one of the answers as whole words, both normalised as answers are.

    Beyond SQuAD's normalisation, typographic quotes and dashes are punctuation too, and the parts of a hyphenated
    compound and what stands before a possessive count as words. An answer of articles or marks alone is
    looked for as it stands; an empty one is never found.
    """
    held = f" {_plain_words(text)} "
    for answer in answers:
        sought = _plain_words(answer)
        if f" {sought} " in held if sought else answer and answer.lower() in text.lower():
            return True
    return False


@lru_cache(maxsize=65_536)  # the same passages are searched for the answers of many questions
def _plain_words(text: str) -> str:
    return normalise_answer(_TYPOGRAPHIC.sub("", _PARTS.sub(" ", text)))


def exact(prediction: str, golds: Iterable[str]) -> float:
    """1 if the prediction equals a gold answer, else 0; without gold answers silence is right."""
    golds = list(golds) or [""]
    return float(any(normalise_answer(prediction) == normalise_answer(gold) for gold in golds))


def f1(prediction: str, golds: Iterable[str]) -> float:
    """Best harmonic mean of word precision and recall over the gold answers, in [0, 1]."""
    golds = list(golds) or [""]
    return max(_f1(normalise_answer(prediction).split(), normalise_answer(gold).split()) for gold in golds)


def _f1(prediction: Sequence[str], gold: Sequence[str]) -> float:
    if not prediction or not gold:
        return float(prediction == gold)
    shared = sum((Counter(prediction) & Counter(gold)).values())
    return 2 * shared / (len(prediction) + len(gold))


def roc_auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Area under the ROC curve: how often a positive's score is above a negative's; ties count half.

    0.5 if either is empty.
    """
    if not positives or not negatives:
        return 0.5
    ordered = np.sort(np.asarray(negatives))
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float(np.mean((below + up_to) / 2) / len(ordered))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its 95 % bootstrap interval (percentile method), and how many it is the mean of."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float], *, resamples: int = 2_000, seed: int = 0) -> Interval:
    """Mean of the values and its interval; all NaN when there are none."""
    if not values:
        return Interval(mean=float("nan"), low=float("nan"), high=float("nan"), n=0)
    data = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(data), size=(resamples, len(data)), dtype=np.int32)
    low, high = np.percentile(data[draws].mean(axis=1), [2.5, 97.5])
    return Interval(mean=float(data.mean()), low=float(low), high=float(high), n=len(data))


def brier(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared difference of probability and outcome (Brier 1950), in [0, 1]; 0 is best."""
    return float(np.mean((np.asarray(probabilities) - np.asarray(right, dtype=np.float64)) ** 2))


def calibration_error(
    probabilities: Sequence[float], right: Sequence[bool], *, bins: int = 10, resamples: int = 500, seed: int = 0
) -> float:
    """Expected calibration error over bins of equal mass, debiased, in [0, 1]; 0 is best.

    With finitely many answers even a perfect curve has an error, because the share of right answers in a bin
    is drawn by chance; that excess is estimated by drawing the shares anew and taken off (Kumar, Liang and
    Ma, "Verified Uncertainty Calibration", NeurIPS 2019).
    """
    order = np.argsort(np.asarray(probabilities, dtype=np.float64), kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    weights = np.array([len(part) for part in parts]) / len(order)
    said = np.array([np.mean(np.asarray(probabilities)[part]) for part in parts])
    seen = np.array([np.mean(np.asarray(right, dtype=np.float64)[part]) for part in parts])
    plain = float(weights @ np.abs(said - seen))
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.binomial(len(part), share, resamples) for part, share in zip(parts, seen, strict=True)])
    redrawn = drawn / np.array([len(part) for part in parts])[:, None]
    return max(0.0, plain - (float((weights @ np.abs(said[:, None] - redrawn)).mean()) - plain))


def risk_coverage(scores: Sequence[float], right: Sequence[bool]) -> tuple[Floats, Floats]:
    """Coverage and risk, each of shape (n,), when the 1, 2, ..., n surest answers are given; ties in the given order.

    Coverage is the share of questions that are answered, risk the share of wrong answers among those given
    (El-Yaniv and Wiener 2010).
    """
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    wrong = 1.0 - np.asarray(right, dtype=np.float64)[order]
    counts = np.arange(1, len(order) + 1)
    return counts / max(1, len(order)), np.cumsum(wrong) / counts


def area_under_risk(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Area under the risk-coverage curve (AURC, Geifman and El-Yaniv 2017): mean risk over all coverages; 0 is best."""
    return float(risk_coverage(scores, right)[1].mean())


def kept_at(precision: float, scores: Sequence[float], right: Sequence[bool]) -> float:
    """Of the right answers, the largest share that can be given with at least so many of the answers given right."""
    coverage, risk = risk_coverage(scores, right)
    total = float(np.sum(right))
    kept = coverage * len(coverage) * (1.0 - risk)
    return float(kept[risk <= 1.0 - precision].max(initial=0.0) / total) if total else 0.0


def bootstrap(
    measure: Callable[[Sequence[float], Sequence[bool]], float],
    scores: Sequence[float],
    right: Sequence[bool],
    *,
    groups: Sequence[str],
    resamples: int = 500,
    seed: int = 0,
) -> Interval:
    """A measure of all answers with its 95 % bootstrap interval, whole groups drawn at a time.

    ``groups`` names the group of each answer, such as its question or its article: what is not independent.
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=bool)
    _, where = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(where == number) for number in range(int(where.max(initial=-1)) + 1)]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        rows = np.concatenate([members[number] for number in rng.integers(0, len(members), len(members))])
        draws.append(measure(values[rows].tolist(), truth[rows].tolist()))
    low, high = np.percentile(draws, [2.5, 97.5])
    mean = measure(values.tolist(), truth.tolist())
    return Interval(mean=mean, low=float(low), high=float(high), n=len(values))
