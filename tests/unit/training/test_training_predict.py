"""In training, passages are read as the shipped readers read them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from rag.reader.transformer import TransformerReader
from rag.training.chance import seeded
from rag.training.data import Example
from rag.training.dev import measure
from rag.training.network import Reader, load
from rag.training.predict import read_all
from rag.types import Passage
from tests.records import hits
from tests.tiny_models import question_model
from tests.unit.training.conftest import CITIES, context

QUESTION = "On which river does Bern lie?"


def test_reading_does_not_depend_on_company(tiny: Path) -> None:
    network, tokenizer = load(tiny, bf16=False, seed=1)
    pairs = [(QUESTION, "Bern lies on the river Aare . " * n) for n in (1, 2, 40)]
    pairs += [("When?", ""), ("When?", " ?! ")]
    together = read_all(network, tokenizer, pairs)
    alone = [read_all(network, tokenizer, [pair])[0] for pair in pairs]
    assert together[3:] == alone[3:] == [None, None]
    for first, second, (_, passage) in zip(together[:3], alone[:3], pairs[:3], strict=True):
        assert first is not None
        assert second is not None
        assert first.score == pytest.approx(second.score, abs=1e-4)
        assert 0 <= first.start < first.end <= len(passage)
    assert read_all(network, tokenizer, []) == []


@pytest.mark.parametrize("family", ["bert", "roberta", "deberta-v2"])
def test_the_spans_are_those_of_the_shipped_reader(tmp_path: Path, family: str) -> None:
    folder = question_model(tmp_path, family=family)
    tokenizer, rng = AutoTokenizer.from_pretrained(folder), seeded(3)
    model = AutoModelForQuestionAnswering.from_pretrained(folder)
    reader = TransformerReader(model, tokenizer, name="tiny")
    words = "Iran-backed Hezbollah, (zinc) 3.5 % Baker\u2019s don't $2,400 \u201cword\u201d F-16 \u2014 [SEP]".split()  # noqa: SIM905 - as a text has them
    pairs = []
    for count in [1, 2, 3, 5, 8, 13] * 5 + [90, 400]:
        asked = " ".join(rng.choices(words, k=rng.choice([0, 4, 200])))
        pairs.append((asked, " ".join(rng.choices(words, k=count))))
    for (asked, text), found in zip(pairs, read_all(Reader(model, bf16=False), tokenizer, pairs), strict=True):
        served = reader.read(asked, hits([Passage(article_id="a", start=0, end=len(text), text=text)]))
        assert (found is None) == (not served)
        if found is not None:
            assert (found.start, found.end) == (served[0].start, served[0].end)
            assert found.score == pytest.approx(served[0].score, abs=1e-3)


class Wanting(torch.nn.Module):
    """A network that wants spans of two of its words: 9 for each where it starts and ends, else -9."""

    def __init__(self, model: Any, *, start: int, end: int) -> None:
        super().__init__()
        self.model = model
        self._wanted = torch.tensor([start, end])

    def forward(self, ids: torch.Tensor, _kinds: torch.Tensor, _attended: torch.Tensor) -> torch.Tensor:
        return (ids[..., None] == self._wanted).float() * 18 - 9


@pytest.mark.parametrize(
    ("text", "start", "end", "answer"),
    [
        ("the Rhine-Rhone union", "rhine", "rhine", "Rhine"),
        ("the Rhine-Rhone union", "-", "rhone", "Rhone"),
        ("in (Bern)", "(", ")", "(Bern)"),
        ("in 13.1312", ".", "1312", "13.1312"),
    ],
)
def test_spans_begin_and_end_where_the_shipped_decoder_lets_them(
    tiny: Path, text: str, start: str, end: str, answer: str
) -> None:
    loaded, tokenizer = load(tiny, bf16=False, seed=1)
    tokenizer.add_tokens(["-", "(", ")"])
    ids = tokenizer.convert_tokens_to_ids([start, end])
    network: Any = Wanting(loaded.model, start=ids[0], end=ids[1])
    (best,) = read_all(network, tokenizer, [("where", text)])
    assert best is not None
    assert text[best.start : best.end] == answer


def test_figures_of_a_network_that_knows_one_city(tiny: Path) -> None:
    loaded, tokenizer = load(tiny, bf16=False, seed=1)
    word = tokenizer.convert_tokens_to_ids("aare")
    network: Any = Wanting(loaded.model, start=word, end=word)
    examples = []
    for city in ("Bern", "Basel"):
        text, river = context(city), CITIES[city][1]
        place = (text.index(river), text.index(river) + len(river))
        examples.append(
            Example(id=city, title=city, context=text, question="Which river?", answers=(place,), source="s")
        )
    figures = measure(network, tokenizer, examples, rivals=[context("Lyon"), None])
    assert figures is not None
    assert (figures.questions, figures.exact, figures.answered) == (2, 50.0, 50.0)
    assert 50.0 <= figures.f1 < 100.0
    assert (figures.roc_auc, figures.silent) == (1.0, 0.0)
    assert measure(network, tokenizer, [], rivals=[]) is None
