import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.metrics import exact, f1, interval


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
    ],
)
def test_against_hand_made_cases(prediction: str, golds: list[str], em: float, overlap: float) -> None:
    assert exact(prediction, golds) == em
    assert f1(prediction, golds) == pytest.approx(overlap)


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
