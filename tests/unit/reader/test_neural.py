"""What a model is fed, and what is made of what it says."""

from collections.abc import Sequence

import numpy as np
import pytest

from rag.errors import ModelError
from rag.reader.neural import read
from rag.reader.spans import Logits
from rag.reader.windows import Input, Pair
from rag.types import Passage
from tests.records import hits
from tests.tiny_models import byte_level, sentencepiece, wordpiece

TEXT = " ".join(f"word {number % 10} zinc." for number in range(400))
PASSAGE = Passage(article_id="a", start=0, end=len(TEXT), text=TEXT)


class Recorder:
    """Stands where a model would: keeps what it is fed, gives every token a logit of its position's own."""

    def __init__(self, *, value: float = 0.0) -> None:
        self.fed: list[Input] = []
        self._value = value

    def __call__(self, inputs: Sequence[Input]) -> list[Logits]:
        self.fed.extend(inputs)
        return [np.full((fed.ids.shape[1], 2), self._value, dtype=np.float32) for fed in inputs]


def test_every_token_of_a_long_passage_is_fed_and_no_sequence_is_too_long() -> None:
    tokenizer, model = wordpiece(), Recorder()
    pair = Pair.of(tokenizer, no_answer=tokenizer.token_to_id("[CLS]"))
    read("who " * 2000, hits([PASSAGE]), tokenizer=tokenizer, pair=pair, run=model, size=100)
    whole = tokenizer.encode(TEXT, add_special_tokens=False).ids
    seen = [ids[fed.passage_at : -1].tolist() for fed in model.fed for ids in fed.ids]
    assert max(fed.ids.shape[1] for fed in model.fed) == 100
    at = 0
    for window in seen:
        starts = [start for start in range(at + 1) if whole[start : start + len(window)] == window]
        assert starts, "a token was skipped"
        at = max(at, max(starts) + len(window))
    assert at == len(whole)


def test_the_frame_of_each_family() -> None:
    tokenizer = wordpiece()
    fed = Pair.of(tokenizer, no_answer=2).join([10, 11], [12, 13, 14])
    assert fed.ids.tolist() == [[2, 10, 11, 3, 12, 13, 14, 3]]
    assert fed.kinds.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]
    assert (fed.passage_at, fed.no_answer_at) == (4, 0)
    fed = Pair.of(byte_level(), no_answer=0).join([10], [12, 13])
    assert fed.ids.tolist() == [[0, 10, 2, 2, 12, 13, 2]]
    assert fed.kinds.tolist() == [[0] * 7]
    assert fed.passage_at == 4
    fed = Pair.of(sentencepiece(), no_answer=1).join([], [12])
    assert fed.ids.tolist() == [[1, 2, 12, 2]]


def test_a_no_answer_token_at_the_end_is_found_there() -> None:
    fed = Pair(opening=(), middle=(3,), closing=(3, 2), kinds=(0, 0, 0, 1, 2), no_answer=2).join([10], [12, 13])
    assert fed.ids[0, fed.no_answer_at] == 2
    assert (fed.passage_at, fed.no_answer_at) == (2, 5)


@pytest.mark.parametrize("no_answer", [None, 77])
def test_a_tokenizer_without_no_answer_token_is_refused(no_answer: int | None) -> None:
    with pytest.raises(ModelError, match="no token that stands for no answer"):
        Pair.of(wordpiece(), no_answer=no_answer)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_no_numbers_are_an_error(value: float) -> None:
    tokenizer = wordpiece()
    pair = Pair.of(tokenizer, no_answer=2)
    with pytest.raises(ModelError, match="not numbers"):
        read("who", hits([PASSAGE]), tokenizer=tokenizer, pair=pair, run=Recorder(value=value))


def test_ties_keep_the_order_of_passages_and_text() -> None:
    tokenizer = wordpiece()
    passages = [Passage(article_id="a", start=0, end=5, text=text) for text in ("zinc!", "iran?")]
    found = read("who", hits(passages), tokenizer=tokenizer, pair=Pair.of(tokenizer, no_answer=2), run=Recorder())
    assert [span.text for span in found] == ["zinc", "iran"]
