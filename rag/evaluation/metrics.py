"""How right an answer is: exact match and F1 as SQuAD defines them (Rajpurkar et al. 2016), and what to sum them to."""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def bare(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and superfluous blanks: what SQuAD compares."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact(prediction: str, golds: Iterable[str]) -> float:
    """1 if the prediction equals a gold answer, else 0; without gold answers silence is right."""
    golds = list(golds) or [""]
    return float(any(bare(prediction) == bare(gold) for gold in golds))


def f1(prediction: str, golds: Iterable[str]) -> float:
    """Best harmonic mean of word precision and recall over the gold answers, in [0, 1]."""
    golds = list(golds) or [""]
    return max(_f1(bare(prediction).split(), bare(gold).split()) for gold in golds)


def _f1(prediction: Sequence[str], gold: Sequence[str]) -> float:
    if not prediction or not gold:
        return float(prediction == gold)
    shared = sum((Counter(prediction) & Counter(gold)).values())
    return 2 * shared / (len(prediction) + len(gold))


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
