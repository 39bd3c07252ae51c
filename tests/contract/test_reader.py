"""What every reader promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from rag.protocols import Reader
from rag.reader.export import export_reader
from rag.reader.onnx import OnnxReader
from rag.reader.overlap import OverlapReader
from rag.types import Passage, Span
from tests.records import hits
from tests.tiny_models import FAMILIES, question_model

QUESTION = "Who backs Hezbollah?"
TEXTS = [
    "Hezbollah, a Shiite militant group, is backed by Iran. Officials said so on Tuesday.",
    "x",
    "🎉👨‍👩‍👧 5",
    "אמר דובר הממשלה ביום שלישי. قال المتحدث",
    "Cafe\u0301 n\u0303o हिन्दी में",
    "?! ... (—)",
    "[CLS] who [SEP] Iran [PAD] <s> </s> [UNK]",
    "a\tb\n\nc  d",
    'He said: "The price fell 3.5% to $2,400." (Reuters)',
]
ODD_QUESTIONS = ["", "  ", "?", "🎉", "x", "who " * 2000, "[SEP] [SEP]", "a\u0301", "مرحبا"]


def passage(text: str) -> Passage:
    return Passage(article_id="a", start=10, end=10 + len(text), text=text)


PASSAGES = [passage(text) for text in TEXTS]
HITS = hits(PASSAGES)

KINDS = [
    pytest.param("overlap"),
    pytest.param("shipped", marks=pytest.mark.models),
    pytest.param("onnx", marks=pytest.mark.slow),
    *(pytest.param(family, marks=pytest.mark.slow) for family in FAMILIES),
]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(kind)


def make(kind: str, folder: Path) -> Reader:
    if kind == "overlap":
        return OverlapReader()
    if kind == "shipped":
        return OnnxReader.load(threads=2)
    source = folder / "source"
    if not source.exists():
        question_model(source, family="bert" if kind == "onnx" else kind)
    if kind == "onnx":
        export_reader(source, target=folder / "onnx", name="tiny")
        return OnnxReader.load(folder / "onnx")
    from rag.reader.transformer import TransformerReader

    return TransformerReader.load(str(source))


@pytest.fixture(scope="module")
def reader(kind: str, folder: Path) -> Iterator[Reader]:
    made = make(kind, folder)
    yield made
    made.close()


def places(spans: list[Span]) -> list[tuple[str, int, int, float]]:
    return [(span.hit.passage.text, span.start, span.end, round(span.score, 4)) for span in spans]


def test_spans_are_clean_and_sorted(reader: Reader) -> None:
    spans = reader.read(QUESTION, HITS)
    assert spans
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    for span in spans:
        assert any(span.hit.passage is given for given in PASSAGES)
        assert span.text == span.text.strip() != ""
        before, after = span.hit.passage.text[: span.start], span.hit.passage.text[span.end :]
        assert not (before[-1:].isalnum() and span.text[0].isalnum())
        assert not (after[:1].isalnum() and span.text[-1].isalnum())
    for given in PASSAGES:
        found = sorted((span.start, span.end) for span in spans if span.hit.passage is given)
        assert len(found) <= 5
        assert all(end <= start for (_, end), (start, _) in pairwise(found))


def test_no_passages_no_spans(reader: Reader) -> None:
    assert reader.read(QUESTION, []) == []


@pytest.mark.parametrize("question", ODD_QUESTIONS, ids=range(len(ODD_QUESTIONS)))
def test_odd_questions_are_read(reader: Reader, question: str) -> None:
    assert reader.read(question, HITS[:3])


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_odd_passages_are_read(reader: Reader, text: str) -> None:
    spans = reader.read(QUESTION, hits([passage(text)]))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


def test_reading_twice_gives_the_same(reader: Reader) -> None:
    assert places(reader.read(QUESTION, HITS)) == places(reader.read(QUESTION, HITS))


def test_the_order_of_passages_does_not_matter(reader: Reader) -> None:
    forward, backward = reader.read(QUESTION, HITS), reader.read(QUESTION, HITS[::-1])
    assert sorted(places(forward)) == sorted(places(backward))


def test_a_passage_reads_alike_alone_and_in_company(reader: Reader, kind: str) -> None:
    together = reader.read(QUESTION, HITS)
    for given in PASSAGES:
        alone = places(reader.read(QUESTION, hits([given])))
        beside = places([span for span in together if span.hit.passage is given])
        if kind == "overlap":  # weighs words by how rare they are among the passages: the place stays, the score not
            alone, beside = ([(*place[:-1], 0.0) for place in found] for found in (alone, beside))
        assert alone == beside


def test_a_long_passage_is_read_to_its_end(reader: Reader, kind: str) -> None:
    filler = "The committee met again and said nothing new about the matter. " * 455
    assert len(filler.split()) > 5000
    text = filler + "Hezbollah is backed by Iran."
    spans = reader.read(QUESTION, hits([passage(text)]))
    assert 0 < len(spans) <= 5
    assert kind not in {"overlap", "shipped"} or spans[0].text == "Iran"


def test_threads_get_what_one_gets(reader: Reader) -> None:
    questions = [QUESTION, "How many people?", "", "who " * 50]
    expected = [places(reader.read(question, HITS)) for question in questions]

    def work(number: int) -> bool:
        return places(reader.read(questions[number % 4], HITS)) == expected[number % 4]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(32)))


def test_fingerprint_is_that_of_a_second_one(reader: Reader, kind: str, folder: Path) -> None:
    assert make(kind, folder).fingerprint == reader.fingerprint != ""
