"""From what is known of an answer to the probability that it is right, and from there to when to be silent.

The curve is a logistic regression, P = 1 / (1 + exp(-(bias + weights . features))) (Platt 1999), fitted by
`rag calibrate` on whether the best answer to a question was right; `rag.features` says what it looks at.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from rag.errors import ModelError, SettingsError
from rag.features import SIGNS
from rag.types import Calibration, Promise, Setup

SHIPPED: Final = Path(__file__).parent / "models" / "calibration.json"
FILE: Final = "calibration.json"
"""What the calibration of a collection is called in its folder."""
UNPROMISED: Final = 0.6
"""The least probability of an answer where no promise sets it: best if a wrong answer costs what 1.5 missed ones do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticCalibrator:
    """A fitted curve.

    Args:
        name: what it was fitted on.
        bias: of the regression.
        weights: a feature's name -> its weight, of the sign that `rag.features.SIGNS` has for it.
        setup: what it was fitted for; None fits anything.
        promises: those that the data support, the strictest first.
        promise: the one that is kept, if any.
    """

    name: str
    bias: float
    weights: Mapping[str, float]
    setup: Setup | None = None
    promises: tuple[Promise, ...] = ()
    promise: Promise | None = None

    def __post_init__(self) -> None:
        wrong = [name for name, weight in self.weights.items() if weight * SIGNS.get(name, 1) < 0]
        if wrong:
            raise ModelError(
                f"the calibration has a weight of the wrong sign for {wrong[0]}", hint="fit it again: rag calibrate"
            )

    @property
    def fingerprint(self) -> str:
        """Over everything but the name."""
        record = json.dumps({**asdict(self), "name": None}, sort_keys=True)
        return f"logistic@{hashlib.sha256(record.encode()).hexdigest()[:12]}"

    @property
    def min_probability(self) -> float:
        """What the promise needs, or `UNPROMISED`."""
        return self.promise.min_probability if self.promise else UNPROMISED

    def calibration(self, setup: Setup) -> Calibration:
        """What it was fitted on; provisional, and without a promise, if not for this setup."""
        provisional = self.setup not in (None, setup)
        return Calibration(
            name=self.name,
            fingerprint=self.fingerprint,
            provisional=provisional,
            promise=None if provisional else self.promise,
        )

    def probability(self, features: Mapping[str, float]) -> float:
        """In (0, 1); features without a weight do not count."""
        logit = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))

    def promising(self, wrong_at_most: float) -> "LogisticCalibrator":
        """The same curve with the promise of this risk.

        Raises:
            SettingsError: the data do not support it.
        """
        for promise in self.promises:
            if math.isclose(promise.wrong_at_most, wrong_at_most):
                return replace(self, promise=promise)
        supported = ", ".join(f"{promise.wrong_at_most:g}" for promise in self.promises) or "none"
        raise SettingsError(
            f"the calibration supports no promise of {wrong_at_most:g}",
            hint=f"supported: {supported}; rag calibrate on more questions of your own may support it",
        )

    def save(self, path: Path) -> None:
        """Writes the curve as JSON; an older file is replaced in one go."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "LogisticCalibrator":
        """The curve in a file; without a path the one that comes with the shipped reader.

        Raises:
            ModelError: the file cannot be read or is not a calibration.
        """
        try:
            record: dict[str, Any] = json.loads(path.read_text("utf-8"))
            promises = tuple(Promise(**promise) for promise in record.pop("promises"))
            kept, setup = record.pop("promise"), record.pop("setup")
            curve = cls(
                **record,
                promises=promises,
                promise=Promise(**kept) if kept else None,
                setup=Setup(**setup) if setup else None,
            )
            curve.probability(dict.fromkeys(curve.weights, 1.0))
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            hint = "make it again with `rag calibrate`, or delete it to use the shipped one"
            raise ModelError(f"{path} is not a calibration: {error}", hint=hint) from error
        return curve


def calibration_of(folder: Path) -> LogisticCalibrator:
    """The calibration of the collection in a folder if it has one of its own, else the shipped one.

    Raises:
        ModelError: its own is damaged.
    """
    own = folder / FILE
    return LogisticCalibrator.load(own if own.exists() else SHIPPED)
