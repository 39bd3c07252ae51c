import json

import pytest

from rag.evaluation.questions import Question
from rag.evaluation.runner import Prediction, found_at, predict, summarise
from rag.types import Article, Match, Passage
from tests.conftest import Shelf

QUESTIONS = [
    Question(id="1", question="Who shut the Kestrel Bridge?", answers=("Marit Solheim",), article_ids=("bridge",)),
    Question(id="2", question="Who built the Kestrel Bridge?", answers=(), near=("bridge",)),
]


def prediction(name: str, text: str, probability: float, *, found: int = 1) -> Prediction:
    return Prediction(id=name, text=text, probability=probability, score=0.0, found=found, took_ms=1.0)


def mean(summary: dict[str, object], name: str) -> float:
    figure = summary[name]
    assert isinstance(figure, dict)
    return float(figure["mean"])


def test_silence_counts_as_wrong_where_there_is_an_answer_and_right_where_there_is_none() -> None:
    predictions = [prediction("1", "Marit Solheim", 0.4, found=7), prediction("2", "Marit Solheim", 0.6)]
    careful = summarise(QUESTIONS, predictions, min_probability=0.7)
    assert (mean(careful, "em"), mean(careful, "forced_em")) == (0.0, 1.0)
    assert (mean(careful, "abstained_when_unanswerable"), mean(careful, "abstained_when_answerable")) == (1.0, 1.0)
    assert "answers_given_right" not in careful
    bold = summarise(QUESTIONS, predictions, min_probability=0.0)
    assert (mean(bold, "em"), mean(bold, "answers_given_right")) == (1.0, 0.5)
    assert (mean(bold, "recall@5"), mean(bold, "recall@10")) == (0.0, 1.0)


def test_a_summary_is_json_even_of_nothing() -> None:
    assert json.loads(json.dumps(summarise([], [], min_probability=0.5), allow_nan=False))["questions"] == 0


def test_predictions_of_other_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="belong"):
        summarise(QUESTIONS, [prediction("2", "", 0.0), prediction("1", "", 0.0)], min_probability=0.5)
    with pytest.raises(ValueError, match="shorter"):
        summarise(QUESTIONS, [prediction("1", "", 0.0)], min_probability=0.5)


def test_predictions_come_in_order_with_the_rank_of_the_gold_passage(shelf: Shelf) -> None:
    shelf.add(Article(id="bridge", title="Bridge", text="The Kestrel Bridge was shut by Marit Solheim."))
    told: list[int] = []
    predictions = predict(shelf.library.pipeline(), QUESTIONS, progress=told.append)
    assert [p.id for p in predictions] == ["1", "2"]
    assert [p.found for p in predictions] == [1, 0]
    assert told == [1, 2]


def test_a_gold_answer_is_found_as_whole_words_in_a_gold_article_only() -> None:
    question = Question(id="3", question="How many trains?", answers=("5", "five"), article_ids=("trains",))
    texts = [
        ("other", "There are 5."),
        ("trains", "The 15:40 has 25 cars, 5.1 % more."),
        ("trains", "Of all trains, \u201cFive\u201d were late."),
    ]
    passages = [Passage(article_id=name, start=0, end=len(text), text=text) for name, text in texts]
    hits = [Match(passage=passage, score=1.0) for passage in passages]
    assert found_at(hits, question) == 3
    assert found_at(hits[:2], question) == 0
