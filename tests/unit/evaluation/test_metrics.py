import math
import re
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.metrics import (
    area_under_risk,
    bootstrap,
    brier,
    calibration_error,
    exact,
    f1,
    interval,
    kept_at,
    mentions,
    normalise_answer,
    risk_coverage,
    roc_auc,
)


@pytest.mark.parametrize(
    ("prediction", "golds", "em", "overlap"),
    [
        ("the Denver Broncos", ["Denver Broncos"], 1.0, 1.0),
        ("Denver", ["Denver Broncos", "Broncos of Denver"], 0.0, 2 / 3),
        ("U.S.", ["US"], 1.0, 1.0),
        ("", [], 1.0, 1.0),
        ("anything", [], 0.0, 0.0),
        ("", ["gold"], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),
        ("a a b", ["a b b"], 0.0, 2 / 3),
        ("10–2", ["10-2"], 0.0, 0.0),
        ("the river Aare", ["Aare"], 0.0, 2 / 3),
    ],
)
def test_against_hand_made_cases(prediction: str, golds: list[str], em: float, overlap: float) -> None:
    assert exact(prediction, golds) == em
    assert f1(prediction, golds) == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  U.S.\tArmy!", "us army"),
        ("an A-team and a Theory", "ateam and theory"),
        ("theatre, anthem", "theatre anthem"),
        ("$5,000.50 (a)", "500050"),
        ("\u201cArmy\u201d", "\u201carmy\u201d"),
        ("l\u2019a\u00a0b", "l\u2019 b"),
        ("A.\nan; the?", ""),
        ("\u0130", "i\u0307"),
    ],
)
def test_answers_are_normalised_as_squad_does(text: str, normal: str) -> None:
    assert normalise_answer(text) == normal


@given(st.text(alphabet=st.one_of(st.sampled_from("aAnthe -.'\u2019"), st.characters(codec="utf-8"))))
def test_normalisation_is_that_of_the_published_script(text: str) -> None:
    kept = "".join(mark for mark in text.lower() if mark not in set(string.punctuation))
    assert normalise_answer(text) == " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


@pytest.mark.parametrize(
    ("text", "answer", "there"),
    [
        ("The train of 15:40 was late.", "5", False),
        ("The train of 15:40 was late.", "15:40", True),
        ("They met an Army man.", "the army", True),
        ("armyman", "army", False),
        ("the \u201cArmy\u201d left", "Army", True),
        ("the workers\u2019 \u2018union\u2019\u2026", "workers' union", True),
        ("an Iran-backed group", "Iran", True),
        ("an Iran-backed group", "Iran-backed group", True),
        ("an 11-year veteran", "11", True),
        ("an F-16 jet", "16", False),
        ("Paris\u2014London", "London", True),
        ("Baker's house", "Baker", True),
        ("Baker\u2019s house", "Baker's", True),
        ("The U.S. Army", "US army", True),
        ("costs 5 %", "%", True),
        ("costs 5", "%", False),
        ("vitamin A", "A", True),
        ("anything", "", False),
        ("", "army", False),
    ],
)
def test_a_mention_is_of_whole_words(text: str, answer: str, there: bool) -> None:
    assert mentions(text, [answer]) is there
    assert mentions(text, ["nowhere", answer]) is there


def test_nothing_is_mentioned_where_nothing_is_sought() -> None:
    assert not mentions("anything", [])


def test_roc_auc_counts_ties_half() -> None:
    assert roc_auc([2.0, 3.0], [1.0, 2.0]) == pytest.approx(0.875)
    assert roc_auc([1.0], [-math.inf]) == 1.0
    assert roc_auc([], [1.0]) == roc_auc([1.0], []) == 0.5


@given(st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_f1_lies_between_em_and_one(prediction: str, golds: list[str]) -> None:
    assert exact(prediction, golds) <= f1(prediction, golds) <= 1.0


@given(st.text())
def test_a_text_is_its_own_exact_match(text: str) -> None:
    assert exact(text, [text]) == 1.0


def test_interval_holds_its_mean_and_repeats() -> None:
    values = [0.0, 1.0] * 50
    first, again = interval(values), interval(values)
    assert first == again
    assert first.low < first.mean == 0.5 < first.high
    assert first.n == 100
    assert math.isnan(interval([]).mean)


def test_brier_is_the_mean_squared_difference() -> None:
    assert brier([1.0, 0.5, 0.0], [True, True, True]) == pytest.approx((0 + 0.25 + 1) / 3)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2])
def test_calibration_error_is_debiased(shift: float) -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(20):
        truth = rng.uniform(0.2, 0.8, 300)
        right = (rng.random(300) < truth).tolist()
        found.append(calibration_error((truth + shift).tolist(), right))
    assert np.mean(found) == pytest.approx(shift, abs=0.04)


def test_risk_and_coverage_by_hand() -> None:
    scores, right = [0.9, 0.8, 0.7, 0.6], [True, False, True, False]
    coverage, risk = risk_coverage(scores, right)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert area_under_risk(scores, right) == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert kept_at(0.8, scores, right) == 0.5
    assert kept_at(0.6, scores, right) == 1.0
    assert kept_at(0.9, scores[1:], right[1:]) == 0.0
    assert kept_at(0.5, scores, [False] * 4) == 0.0


def test_groups_are_drawn_whole() -> None:
    scores, right = [0.5] * 100, [True] * 50 + [False] * 50
    alone = bootstrap(brier, scores, right, groups=[str(n) for n in range(100)])
    mean = bootstrap(lambda _, good: sum(good) / len(good), scores, right, groups=["a"] * 50 + ["b"] * 50)
    assert (alone.low, alone.high) == (0.25, 0.25)
    assert (mean.mean, mean.low, mean.high) == (0.5, 0.0, 1.0), "with two groups anything can be drawn"
