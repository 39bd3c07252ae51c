"""From what is known of an answer to the probability that it is right.

The curve is a logistic regression, P = 1 / (1 + exp(-(bias + weights . features))) (Platt 1999), fitted on
whether the best answer to a question was right; `features` says what it looks at.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from rag.errors import ModelError

MAX_GAP = 12.0


def features(*, margin: float, gap: float, places: int) -> dict[str, float]:
    """What the curve looks at.

    ``margin`` is the answer's score (span logits less no-answer logit); ``gap`` its lead over the best
    other answer, negative for all but the first, `MAX_GAP` where there is no other; ``places`` how many
    articles say the same.
    """
    bounded = max(-MAX_GAP, min(MAX_GAP, gap))
    return {"margin": margin, "gap": bounded, "agreement": math.log2(max(1, places))}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticCalibrator:
    """A fitted curve; ``name`` says what it was fitted on."""

    name: str
    bias: float
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.weights.get("margin", 0.0) < 0:
            raise ModelError("the calibration falls as the margin grows", hint="fit it again on more questions")

    def probability(self, features: Mapping[str, float]) -> float:
        """In (0, 1); features without a weight do not count."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))


def shipped() -> LogisticCalibrator:
    """The curve that comes with the shipped reader."""
    record = json.loads(resources.files("rag.models").joinpath("calibration.json").read_text("utf-8"))
    return LogisticCalibrator(name=record["name"], bias=record["bias"], weights=record["weights"])
