"""The baseline without a model."""

import pytest

from rag.reader.overlap import OverlapReader
from rag.types import Passage
from tests.records import hits

TEXTS = [
    "Zinc prices fell on Monday. Traders shrugged.",
    "Hezbollah is a militant group backed by Iran. It was founded in 1985 with 3,000 men.",
]
PASSAGES = [Passage(article_id="a", start=0, end=len(text), text=text) for text in TEXTS]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who backed the militant group Hezbollah?", "Iran"),
        ("When was it founded?", "1985"),
        ("How many men was it founded with?", "1985"),
        ("On what day fell zinc prices?", "Monday"),
        ("Why did traders shrugged?", "Traders shrugged."),
    ],
)
def test_the_likeliest_phrase_is_picked(question: str, answer: str) -> None:
    assert OverlapReader().read(question, hits(PASSAGES))[0].text == answer


def test_more_than_half_of_the_question_is_above_zero() -> None:
    spans = OverlapReader().read("Who founded Hezbollah, the militant group?", hits(PASSAGES))
    assert spans[0].score > 0 > spans[-1].score


@pytest.mark.parametrize("question", ["", "?", "the of"])
def test_a_question_without_telling_words_leans_to_no_answer(question: str) -> None:
    assert all(span.score < 0 for span in OverlapReader().read(question, hits(PASSAGES)))


def test_numbers_are_not_cut_out_of_words() -> None:
    text = "The F16b flew 17th and 3.5 km."
    passage = Passage(article_id="a", start=0, end=len(text), text=text)
    assert OverlapReader().read("How far flew it?", hits([passage]))[0].text == "3.5"
