import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.features import MAX_GAP, SIGNS, UNRANKED, features, kind_asked

QUESTION = "Who shut the Kestrel Bridge in 2025?"
PASSAGE = "A storm came. The town met. Marit Solheim closed the Kestrel Bridge in March 2025. It rained."


def known(**more: Any) -> dict[str, float]:
    given = {
        "margin": 5.0, "gap": 3.0, "sources": 1, "lexical_rank": 1, "question": QUESTION, "title": "Bridge closed",
        "passage": PASSAGE, "start": 28, "end": 41,
    }  # fmt: skip
    return features(**{**given, **more})


def test_each_has_a_sign() -> None:
    assert set(known()) == set(SIGNS)


def test_the_gap_is_bounded() -> None:
    assert known(gap=math.inf)["gap"] == MAX_GAP
    assert known(gap=-1e9)["gap"] == -MAX_GAP


def test_words_of_the_question_that_the_passage_lacks_are_counted() -> None:
    assert known()["passage_missing"] == 1 / 4  # "shut"; "closed" is another word
    assert known(question="Who shut the Harrier Bridge in 2019?")["passage_missing"] == 3 / 4
    assert known(question="?")["passage_missing"] == 0.0


def test_words_are_looked_for_near_the_answer_too() -> None:
    assert known(question="What storm?", start=28, end=41)["nearby_missing"] == 1.0
    assert known(question="What storm?", start=2, end=7)["nearby_missing"] == 0.0
    assert known(question="What storm?", start=28, end=41)["passage_missing"] == 0.0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many people were hurt?", "number"),
        ("What share of it is sold?", "number"),
        ("When was it?", "time"),
        ("In which year was it built?", "time"),
        ("Who was it?", "name"),
        ("Where is it?", "name"),
        ("What is it?", "any"),
        ("Why?", "any"),
    ],
)
def test_a_question_asks_for_a_kind(question: str, kind: str) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    ("question", "answer", "mismatch"),
    [
        ("When was it shut?", "Marit Solheim", 1.0),
        ("When was it shut?", "March 2025", 0.0),
        ("How many?", "closed", 1.0),
        ("How many?", "2025", 0.0),
        ("Who?", "closed", 1.0),
        ("Who?", "Marit", 0.0),
        ("What?", "closed", 0.0),
    ],
)
def test_an_answer_of_another_kind_is_a_mismatch(question: str, answer: str, mismatch: float) -> None:
    start = PASSAGE.index(answer)
    assert known(question=question, start=start, end=start + len(answer))["kind_mismatch"] == mismatch


@given(st.text(), st.text(min_size=1), st.text(), st.data())
def test_any_text_has_features(question: str, passage: str, title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(passage) - 1))
    end = data.draw(st.integers(start + 1, len(passage)))
    values = known(question=question, passage=passage, title=title, start=start, end=end, lexical_rank=UNRANKED)
    assert all(math.isfinite(value) for value in values.values())
