"""Fits the probability of being right, and finds the threshold that keeps a promise.

Half of the groups (articles) fit the curve. The other half, which the curve has not seen, tests thresholds
from high to low, each by an exact binomial test of "more than so many of the answers given from here on are
wrong"; the first that is not rejected ends it. Testing in an order that was fixed beforehand bounds the chance
of any false promise by that of one test (fixed-sequence testing: Angelopoulos, Bates, Candès, Jordan and Lei,
"Learn then Test", 2021, section 3); the first threshold is chosen on the fitting half alone. A promise must
hold for the questions as they are written and for pairs, so both are tested, and the weaker test counts.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rag.calibration import LogisticCalibrator
from rag.errors import InputError, ModelMissingError
from rag.evaluation.metrics import Floats
from rag.evaluation.probe import Probe
from rag.features import SIGNS
from rag.types import Promise, Setup

RISKS: Final = (0.05, 0.10, 0.20, 0.30)
CONFIDENCE: Final = 0.95
LEAST_COVERAGE: Final = 0.30
"""A promise that leaves more of the answerable questions without an answer is not kept unless it is asked for."""
FEWEST: Final = 20
"""So many right and so many wrong answers are needed to fit a curve."""

_RIDGE: Final = 10.0
_STEP: Final = 0.01
_FOLDS: Final = 5


def fit(probes: Sequence[Probe], *, name: str, setup: Setup | None = None) -> LogisticCalibrator:
    """The logistic regression of being right on the features of an answer, with a ridge and the signs of `SIGNS`.

    A question that is asked in a pair stands for both populations, the written one and the paired one, and so
    counts twice as it is; otherwise wrong answers would weigh more than they do in either.

    Raises:
        InputError: fewer than `FEWEST` right, or wrong, answers.
        ModelMissingError: SciPy is not installed.
    """
    known = [probe for probe in probes if probe.features]
    right = np.array([probe.right for probe in known], dtype=bool)
    if min(right.sum(), (~right).sum()) < FEWEST:
        raise InputError(
            f"{right.sum()} right and {(~right).sum()} wrong answers are too few for a curve",
            hint=f"give questions enough for {FEWEST} of each",
        )
    names = list(SIGNS)
    rows = np.array([[probe.features[name] for name in names] for probe in known])
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1.0
    paired = {probe.id for probe in probes if probe.without}
    count = np.array([1.0 + (probe.id in paired and not probe.without) for probe in known])
    design = np.hstack([np.ones((len(rows), 1)), (rows - centre) / spread])

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = design @ weights
        penalised = np.concatenate([[0.0], weights[1:]])
        value = count @ (np.logaddexp(0, logits) - right * logits) + _RIDGE / 2 * penalised @ penalised
        return float(value), design.T @ (count * (1 / (1 + np.exp(-logits)) - right)) + _RIDGE * penalised

    bounds = [(None, None), *((0, None) if SIGNS[name] > 0 else (None, 0) for name in names)]
    found = _scipy("optimize").minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    weights = found.x[1:] / spread
    rounded = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
    return LogisticCalibrator(
        name=name, bias=round(float(found.x[0] - weights @ centre), 4), weights=rounded, setup=setup
    )


def cross_fitted(probes: Sequence[Probe], *, folds: int = _FOLDS) -> list[float]:
    """A probability for each probe by a curve that saw no probe of its group; 0 where no answer was found.

    Raises:
        InputError: too few answers, as for `fit`.
    """
    fold = [int(share(probe.group, salt="fold") * folds) for probe in probes]
    found = [0.0] * len(probes)
    for held in range(folds):
        curve = fit([probe for probe, at in zip(probes, fold, strict=True) if at != held], name="")
        for number, probe in enumerate(probes):
            if fold[number] == held and probe.features:
                found[number] = curve.probability(probe.features)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Why a promise cannot be made: with ``questions`` like these it could, None if no number would do."""

    wrong_at_most: float
    questions: int | None

    def __str__(self) -> str:
        more = "no number of such questions would" if self.questions is None else f"about {self.questions} would"
        return f"at most {self.wrong_at_most:.0%} wrong: these questions cannot support it; {more}"


def calibrate(
    probes: Sequence[Probe], *, name: str, setup: Setup, promise: float | None = None, salt: str = ""
) -> tuple[LogisticCalibrator, list[Shortfall]]:
    """The curve with all promises that the data support, and what the others would need.

    It keeps the promise that is asked for, if it is supported; if none is asked for, the strictest that leaves
    at least `LEAST_COVERAGE` of the answerable questions with an answer. Which half of the groups fits is
    decided by their names and ``salt``.

    Raises:
        InputError: too few answers, as for `fit`.
    """
    halves: tuple[list[Probe], list[Probe]] = ([], [])
    for probe in probes:
        halves[share(probe.group, salt=salt) >= 0.5].append(probe)
    fitting, testing = halves
    curve = fit(fitting, name=name, setup=setup)
    promises: list[Promise] = []
    short: list[Shortfall] = []
    for risk in sorted({*RISKS, promise} - {None}, key=float):  # type: ignore[arg-type]
        found = promised(curve, fitting=fitting, testing=testing, wrong_at_most=float(risk or 0))
        if found:
            promises.append(found)
        else:
            short.append(_shortfall(curve, testing, wrong_at_most=float(risk or 0)))
    wanted = [one for one in promises if one.wrong_at_most == promise] if promise else promises
    kept = next((one for one in wanted if promise or _coverage(curve, testing, one) >= LEAST_COVERAGE), None)
    fitted = LogisticCalibrator(
        name=name, bias=curve.bias, weights=curve.weights, setup=setup, promises=tuple(promises), promise=kept
    )
    return fitted, short


def promised(
    curve: LogisticCalibrator,
    *,
    fitting: Sequence[Probe],
    testing: Sequence[Probe],
    wrong_at_most: float,
    confidence: float = CONFIDENCE,
) -> Promise | None:
    """The promise with the lowest threshold that the testing half supports, None if it supports none."""
    binomial = _scipy("stats").binom
    tested = [chances(curve, part) for part in populations(testing)]
    best: Promise | None = None
    start = _start([chances(curve, part) for part in populations(fitting)], wrong_at_most)
    for threshold in np.arange(start, 0.0, -_STEP).round(2).tolist():
        given = [(int((found >= threshold).sum()), int(missed[found >= threshold].sum())) for found, missed in tested]
        if max(float(binomial.cdf(wrong, total, wrong_at_most)) for total, wrong in given) > 1 - confidence:
            break
        total, wrong = max(given, key=lambda pair: (pair[1] / max(1, pair[0]), -pair[0]))
        best = Promise(
            wrong_at_most=wrong_at_most, confidence=confidence, min_probability=threshold, given=total, wrong=wrong
        )
    return best


def populations(probes: Sequence[Probe]) -> list[list[Probe]]:
    """The questions as they are written; and in pairs, of which each question gives but one half: none counts twice."""
    written = [probe for probe in probes if not probe.without]
    paired = [probe for probe in probes if probe.answerable and probe.without == (share(probe.id, salt="pair") >= 0.5)]
    return [written, paired] if any(probe.without for probe in probes) else [written]


def chances(curve: LogisticCalibrator, probes: Sequence[Probe]) -> tuple[Floats, Any]:
    """Of the answers that were found, the probability of each, and whether it is wrong."""
    known = [probe for probe in probes if probe.features]
    found = np.array([curve.probability(probe.features) for probe in known])
    return found, np.array([not probe.right for probe in known], dtype=bool)


def _start(seen: Sequence[tuple[Floats, Any]], wrong_at_most: float) -> float:
    """The threshold, of those seen on the fitting half, at which a test is likeliest to pass, as the first to test."""
    binomial = _scipy("stats").binom
    grid = np.arange(0.99, 0.0, -_STEP).round(2)
    values = [
        max(
            float(binomial.cdf(int(missed[found >= at].sum()), int((found >= at).sum()), wrong_at_most))
            for found, missed in seen
        )
        for at in grid
    ]
    return float(grid[int(np.argmin(values))])


def _coverage(curve: LogisticCalibrator, probes: Sequence[Probe], promise: Promise) -> float:
    """Share of the answerable questions that get an answer."""
    asked = [probe for probe in probes if probe.answerable and not probe.without]
    given = [p for p in asked if p.features and curve.probability(p.features) >= promise.min_probability]
    return len(given) / max(1, len(asked))


def _shortfall(curve: LogisticCalibrator, testing: Sequence[Probe], *, wrong_at_most: float) -> Shortfall:
    """How many questions would do if the surest third of the answerable ones stayed as right as it is."""
    binomial = _scipy("stats").binom
    risks, shares = [], []
    for part in populations(testing):
        found, missed = chances(curve, part)
        count = max(1, math.ceil(LEAST_COVERAGE * sum(p.answerable and not p.without for p in part)))
        surest = np.argsort(-found, kind="stable")[:count]
        risks.append(float(missed[surest].mean()) if len(surest) else 1.0)
        shares.append(count / max(1, len(part)))
    risk, share = max(risks), min(shares)
    if risk >= wrong_at_most:
        return Shortfall(wrong_at_most=wrong_at_most, questions=None)
    needed = next(n for n in range(1, 10**6) if binomial.cdf(math.ceil(risk * n), n, wrong_at_most) <= 1 - CONFIDENCE)
    return Shortfall(wrong_at_most=wrong_at_most, questions=2 * math.ceil(needed / share))


def share(name: str, *, salt: str) -> float:
    """A number in [0, 1) that a name has for good."""
    return int.from_bytes(hashlib.sha256(f"{salt}\x1f{name}".encode()).digest()[:6], "big") / 2**48


def _scipy(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"scipy.{name}")
    except ImportError as error:
        raise ModelMissingError("calibrating needs SciPy", hint="python -m pip install 'quoth[calibrate]'") from error
