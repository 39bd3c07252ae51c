import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import MAX_GAP, LogisticCalibrator, features, shipped
from rag.errors import ModelError

finite = st.floats(-1e6, 1e6)
QUESTION = "Who shut the Kestrel Bridge in 2025?"
PASSAGE = "Bridge closed\nMarit Solheim closed the Kestrel Bridge in March 2025."


def known(
    *, margin: float = 5.0, gap: float = 3.0, places: int = 1, question: str = QUESTION, passage: str = PASSAGE
) -> dict[str, float]:
    return features(
        margin=margin, gap=gap, places=places, rank=1, question=question, passage=passage, answer="Marit Solheim"
    )


def test_the_shipped_curve_loads_and_names_itself() -> None:
    curve = shipped()
    assert curve.name
    assert set(curve.weights) == set(known())
    assert curve.probability(known(margin=15.0, gap=math.inf)) > 0.8
    assert curve.probability(known(margin=-15.0, gap=0.0)) < 0.1


@given(finite, finite, finite, st.integers(1, 100))
def test_probability_does_not_fall_as_the_margin_grows(one: float, other: float, gap: float, places: int) -> None:
    low, high = sorted((one, other))
    curve = shipped()
    less = curve.probability(known(margin=low, gap=gap, places=places))
    more = curve.probability(known(margin=high, gap=gap, places=places))
    assert 0.0 <= less <= more <= 1.0


def test_a_curve_that_falls_with_the_margin_is_refused() -> None:
    with pytest.raises(ModelError):
        LogisticCalibrator(name="bad", bias=0.0, weights={"margin": -1.0})


def test_the_gap_is_bounded() -> None:
    assert known(gap=math.inf)["gap"] == MAX_GAP
    assert known(gap=-1e9)["gap"] == -MAX_GAP


def test_words_of_the_question_that_the_passage_lacks_are_counted() -> None:
    assert known()["words_missing"] == 1 / 4  # "shut"; "closed" is another word
    assert known()["names_missing"] == 0
    other = known(question="Who shut the Harrier Bridge in 2019?")
    assert (other["words_missing"], other["names_missing"]) == (3 / 4, 2)


@given(st.text(), st.text(), st.text())
def test_any_text_has_features(question: str, passage: str, answer: str) -> None:
    values = features(margin=0.0, gap=0.0, places=1, rank=1, question=question, passage=passage, answer=answer)
    assert all(math.isfinite(value) for value in values.values())
