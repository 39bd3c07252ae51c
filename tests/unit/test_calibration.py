import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import MAX_GAP, LogisticCalibrator, features, shipped
from rag.errors import ModelError

finite = st.floats(-1e6, 1e6)


def test_the_shipped_curve_loads_and_names_itself() -> None:
    curve = shipped()
    assert curve.name
    assert curve.probability(features(margin=20.0, gap=MAX_GAP, places=1)) > 0.8
    assert curve.probability(features(margin=-20.0, gap=0.0, places=1)) < 0.1


@given(finite, finite, finite, st.integers(1, 100))
def test_probability_does_not_fall_as_the_margin_grows(one: float, other: float, gap: float, places: int) -> None:
    low, high = sorted((one, other))
    curve = shipped()
    less = curve.probability(features(margin=low, gap=gap, places=places))
    more = curve.probability(features(margin=high, gap=gap, places=places))
    assert 0.0 <= less <= more <= 1.0


def test_a_curve_that_falls_with_the_margin_is_refused() -> None:
    with pytest.raises(ModelError):
        LogisticCalibrator(name="bad", bias=0.0, weights={"margin": -1.0})


def test_the_gap_is_bounded() -> None:
    assert features(margin=0.0, gap=1e9, places=1)["gap"] == MAX_GAP
    assert features(margin=0.0, gap=-1e9, places=1)["gap"] == -MAX_GAP
