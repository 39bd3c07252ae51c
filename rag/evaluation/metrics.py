"""How right an answer is: exact match and F1 as SQuAD defines them (Rajpurkar et al. 2016), and what to sum them to."""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

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
