"""What every reader promises: inherit `ReaderSuite` and override `make`."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from rag.protocols import Reader
from rag.reader.export import export_reader
from rag.reader.onnx import OnnxReader
from rag.reader.overlap import OverlapReader
from rag.types import Passage, Span
from tests.records import hits
from tests.tiny_models import FAMILIES, question_model

Make = Callable[[], Reader]

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


def places(spans: list[Span]) -> list[tuple[str, int, int, float]]:
    return [(span.hit.passage.text, span.start, span.end, round(span.score, 4)) for span in spans]


class ReaderSuite:
    """``knows_the_answer``: it is no random network. ``weighs_passages_together``: scores depend on company."""

    knows_the_answer = False
    weighs_passages_together = False

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> Make:
        """Makes the reader under test, each time another object that reads alike."""
        raise NotImplementedError("override make")

    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls, make: Make) -> Iterator[Reader]:
        with make() as made:
            yield made

    def test_spans_are_clean_and_sorted(self, reader: Reader) -> None:
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

    def test_no_passages_no_spans(self, reader: Reader) -> None:
        assert reader.read(QUESTION, []) == []

    @pytest.mark.parametrize("question", ODD_QUESTIONS, ids=range(len(ODD_QUESTIONS)))
    def test_odd_questions_are_read(self, reader: Reader, question: str) -> None:
        assert reader.read(question, HITS[:3])

    @pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
    def test_odd_passages_are_read(self, reader: Reader, text: str) -> None:
        spans = reader.read(QUESTION, hits([passage(text)]))
        assert all(0 <= span.start < span.end <= len(text) for span in spans)

    def test_reading_twice_gives_the_same(self, reader: Reader) -> None:
        assert places(reader.read(QUESTION, HITS)) == places(reader.read(QUESTION, HITS))

    def test_the_order_of_passages_does_not_matter(self, reader: Reader) -> None:
        forward, backward = reader.read(QUESTION, HITS), reader.read(QUESTION, HITS[::-1])
        assert sorted(places(forward)) == sorted(places(backward))

    def test_a_passage_reads_alike_alone_and_in_company(self, reader: Reader) -> None:
        together = reader.read(QUESTION, HITS)
        for given in PASSAGES:
            alone = places(reader.read(QUESTION, hits([given])))
            beside = places([span for span in together if span.hit.passage is given])
            if self.weighs_passages_together:  # the place stays, the score not
                alone, beside = ([(*place[:-1], 0.0) for place in found] for found in (alone, beside))
            assert alone == beside

    @pytest.mark.slow
    def test_a_long_passage_is_read_to_its_end(self, reader: Reader) -> None:
        filler = "The committee met again and said nothing new about the matter. " * 455
        assert len(filler.split()) > 5000
        text = filler + "Hezbollah is backed by Iran."
        spans = reader.read(QUESTION, hits([passage(text)]))
        assert 0 < len(spans) <= 5
        assert not self.knows_the_answer or spans[0].text == "Iran"

    @pytest.mark.slow
    def test_threads_get_what_one_gets(self, reader: Reader) -> None:
        questions = [QUESTION, "How many people?", "", "who " * 50]
        expected = [places(reader.read(question, HITS)) for question in questions]

        def work(number: int) -> bool:
            return places(reader.read(questions[number % 4], HITS)) == expected[number % 4]

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(32)))

    def test_fingerprint_is_that_of_a_second_one(self, reader: Reader, make: Make) -> None:
        assert make().fingerprint == reader.fingerprint != ""


class TestOverlapReader(ReaderSuite):
    knows_the_answer = True
    weighs_passages_together = True  # words by how rare they are among the passages

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> Make:
        return OverlapReader


@pytest.mark.models
class TestShippedReader(ReaderSuite):
    knows_the_answer = True

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> Make:
        return lambda: OnnxReader.load(threads=2)


@pytest.mark.slow
class TestOnnxReader(ReaderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> Make:
        folder = tmp_path_factory.mktemp("onnx")
        question_model(folder / "source", family="bert")
        export_reader(folder / "source", target=folder / "onnx", name="tiny")
        return lambda: OnnxReader.load(folder / "onnx")


@pytest.mark.slow
class TestTransformerReader(ReaderSuite):
    @pytest.fixture(scope="class", params=FAMILIES)
    @classmethod
    def make(cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Make:
        from rag.reader.transformer import TransformerReader

        source = tmp_path_factory.mktemp(request.param) / "source"
        question_model(source, family=request.param)
        return lambda: TransformerReader.load(str(source))
