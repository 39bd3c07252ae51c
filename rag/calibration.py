"""From what is known of an answer to the probability that it is right.

The curve is a logistic regression, P = 1 / (1 + exp(-(bias + weights . features))) (Platt 1999), fitted on
whether the best answer to a question was right; `features` says what it looks at.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from rag.errors import ModelError
from rag.text import STOP_WORDS, words
from rag.types import Calibration

MAX_GAP = 12.0
# The shortest start that makes two words alike.
_STEM = 5


def features(
    *, margin: float, gap: float, places: int, rank: int, question: str, passage: str, answer: str
) -> dict[str, float]:
    """What the curve looks at.

    Args:
        margin: the answer's score (span logits less no-answer logit).
        gap: its lead over the best other answer, negative for all but the first; infinite without another.
        places: how many articles say the same.
        rank: the place of its passage among those retrieved, from 1.
        question: the question, to be held against the passage.
        passage: title and text of the passage.
        answer: the answer's words.
    """
    there = {_stem(word) for word in _words(passage)}
    asked = [word for word in _words(question) if word.casefold() not in STOP_WORDS]
    missing = [word for word in asked if _stem(word) not in there]
    return {
        "margin": margin,
        "gap": max(-MAX_GAP, min(MAX_GAP, gap)),
        "agreement": math.log2(max(1, places)),
        "rank": math.log2(rank),
        "words_missing": len(missing) / max(1, len(asked)),
        "names_missing": float(min(3, sum(word[0].isupper() or word[0].isdigit() for word in missing))),
        "length": math.log2(1 + len(_words(answer))),
    }


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


def _stem(word: str) -> str:
    bare = word.casefold().replace("\u2019", "'").removesuffix("'s")
    return bare if bare[0].isdigit() else bare[:_STEM]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticCalibrator:
    """A fitted curve; ``name`` says what it was fitted on, ``provisional`` that this is not what it is used for."""

    name: str
    bias: float
    weights: Mapping[str, float]
    provisional: bool = False

    def __post_init__(self) -> None:
        if self.weights.get("margin", 0.0) < 0:
            raise ModelError("the calibration falls as the margin grows", hint="fit it again on more questions")

    @property
    def calibration(self) -> Calibration:
        """What it was fitted on; the fingerprint is over bias and weights."""
        shape = json.dumps([self.bias, sorted(self.weights.items())])
        fingerprint = f"logistic@{hashlib.sha256(shape.encode()).hexdigest()[:12]}"
        return Calibration(name=self.name, fingerprint=fingerprint, provisional=self.provisional)

    def probability(self, features: Mapping[str, float]) -> float:
        """In (0, 1); features without a weight do not count."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))


def shipped() -> LogisticCalibrator:
    """The curve that comes with the shipped reader."""
    return LogisticCalibrator(
        **json.loads(resources.files("rag.models").joinpath("calibration.json").read_text("utf-8"))
    )
