"""Curves and promises, on probes whose truth is known because it is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from rag.calibration import LogisticCalibrator
from rag.errors import InputError
from rag.evaluation.calibrate import CONFIDENCE, calibrate, cross_fitted, fit, promised
from rag.evaluation.metrics import calibration_error
from rag.evaluation.probe import Probe
from rag.evaluation.selective import FEW, selective_report
from rag.features import SIGNS
from rag.types import Setup

SETUP = Setup(reader="r", retriever="t", embedder="e", chunker="c", top_k=10)


def draw(count: int, *, seed: int, slope: float = 1.0, bias: float = 0.0, pairs: bool = False) -> list[Probe]:
    """Probes that are right with the probability that a curve over their margin alone gives."""
    rng = np.random.default_rng(seed)
    probes = []
    for number in range(count):
        margin = float(rng.normal(0, 3))
        right = bool(rng.random() < 1 / (1 + np.exp(-(bias + slope * margin))))
        features = dict.fromkeys(SIGNS, 0.0) | {"margin": margin, "passage_missing": float(rng.random())}
        one = Probe(
            id=f"q{number}",
            group=f"a{number // 5}",
            answerable=True,
            without=False,
            text="x",
            features=features,
            probability=0.0,
            score=margin,
            exact=float(right),
            f1=float(right),
        )
        probes.append(one)
        if pairs:
            probes.append(replace(one, without=True, features=features | {"margin": margin - 6}))
    return probes


def test_the_curve_finds_what_was_drawn() -> None:
    curve = fit(draw(4_000, seed=1), name="drawn")
    assert curve.weights["margin"] == pytest.approx(1.0, abs=0.15)
    assert curve.weights["passage_missing"] == pytest.approx(0.0, abs=0.5)
    assert curve.bias == pytest.approx(0.0, abs=0.5)


def test_a_weight_never_has_the_wrong_sign() -> None:
    turned = [replace(p, features={**p.features, "agreement": -p.features["margin"]}) for p in draw(500, seed=2)]
    assert fit(turned, name="turned").weights["agreement"] == 0.0


def test_cross_fitted_probabilities_are_calibrated_and_blind_to_their_group() -> None:
    probes = draw(3_000, seed=3)
    chances = cross_fitted(probes)
    assert calibration_error(chances, [probe.right for probe in probes]) < 0.02
    other = [replace(p, f1=1 - p.f1) if p.group == "a0" else p for p in probes]
    assert cross_fitted(other)[0] == chances[0], "no fold that tells of a group has seen it"


def test_too_few_answers_are_refused() -> None:
    with pytest.raises(InputError, match="too few") as caught:
        fit(draw(30, seed=4), name="few")
    assert caught.value.hint
    with pytest.raises(InputError):
        fit([replace(probe, features={}) for probe in draw(500, seed=4)], name="none")


@pytest.mark.slow
def test_a_promise_is_broken_no_more_often_than_it_says() -> None:
    truth = LogisticCalibrator(name="", bias=0.0, weights={"margin": 1.0})
    world = draw(40_000, seed=5)
    chances = np.array([truth.probability(probe.features) for probe in world])
    wrong = np.array([not probe.right for probe in world])
    made = broken = 0
    for seed in range(200):
        promise = promised(
            truth, fitting=draw(300, seed=1000 + seed), testing=draw(300, seed=2000 + seed), wrong_at_most=0.2
        )
        if promise:
            made += 1
            broken += bool(wrong[chances >= promise.min_probability].mean() > 0.2)
    assert made > 150
    assert broken <= 200 * (1 - CONFIDENCE) + 7  # three standard deviations above what is promised


def test_the_strictest_promise_that_answers_enough_is_kept() -> None:
    curve, short = calibrate(draw(4_000, seed=6, slope=2.0, pairs=True), name="drawn", setup=SETUP)
    assert curve.promise == curve.promises[0]
    assert [promise.wrong_at_most for promise in curve.promises] == [0.05, 0.1, 0.2, 0.3]
    assert curve.min_probability == curve.promises[0].min_probability
    assert short == []
    thresholds = [promise.min_probability for promise in curve.promises]
    assert thresholds == sorted(thresholds, reverse=True)
    assert curve.setup == SETUP


def test_what_cannot_be_promised_says_how_many_questions_would_do() -> None:
    curve, short = calibrate(draw(500, seed=7), name="few", setup=SETUP, promise=0.05)
    assert curve.promise is None
    needed = next(one for one in short if one.wrong_at_most == 0.05)
    assert needed.questions is None or needed.questions > 100
    assert "cannot support it" in str(needed)
    hopeless, all_short = calibrate(draw(2_000, seed=8, slope=0.0), name="noise", setup=SETUP)
    assert hopeless.promises == ()
    assert {one.questions for one in all_short} == {None}


def test_a_promise_that_is_asked_for_is_kept() -> None:
    curve, _ = calibrate(draw(4_000, seed=9, slope=2.0), name="drawn", setup=SETUP, promise=0.25)
    assert curve.promise
    assert curve.promise.wrong_at_most == 0.25
    assert curve.promise.wrong < curve.promise.given


def test_the_report_has_both_columns_and_says_when_questions_are_few() -> None:
    probes = draw(100, seed=10, pairs=True)
    table = selective_report(probes, [0.5] * len(probes))
    assert "as written (n 100)" in table
    assert "in pairs (n 200)" in table
    assert f"{FEW} would do" in table
    assert "in pairs" not in selective_report(draw(300, seed=11), [0.5] * 300)
