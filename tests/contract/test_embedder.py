"""What every embedder promises: inherit `EmbedderSuite` and override `make`."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rag.embedder.hashing import HashingEmbedder
from rag.embedder.onnx import OnnxEmbedder
from rag.protocols import Embedder
from tests.tiny_models import sentence_model

Make = Callable[[], Embedder]

TEXTS = [
    "Iran backs Hezbollah.",
    "",
    " \n ",
    "x",
    "🎉👨‍👩‍👧",
    "שלום עולם، مرحبا",
    "e\u0301 n\u0303 हिन्दी",
    "[CLS] [SEP] [PAD] <s> </s>",
    "word " * 5000,
    "a" * 3000,
    "Iran backs Hezbollah.",
]


class EmbedderSuite:
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> Make:
        """Makes the embedder under test, each time another object that embeds alike."""
        raise NotImplementedError("override make")

    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls, make: Make) -> Iterator[Embedder]:
        with make() as made:
            yield made

    def test_rows_are_unit_float32_in_order(self, embedder: Embedder) -> None:
        rows = embedder.embed_passages(TEXTS)
        assert rows.shape == (len(TEXTS), embedder.dim)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(rows[0], rows[-1], atol=1e-6)
        assert abs(float(rows[0] @ rows[4])) < 0.9999

    def test_no_text_no_row(self, embedder: Embedder) -> None:
        assert embedder.embed_passages([]).shape == (0, embedder.dim)

    def test_a_row_does_not_depend_on_the_batch(self, embedder: Embedder) -> None:
        together = embedder.embed_passages(TEXTS)
        alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
        np.testing.assert_allclose(together, alone, atol=1e-6)
        np.testing.assert_allclose(embedder.embed_passages(TEXTS[::-1])[::-1], together, atol=1e-6)

    @pytest.mark.parametrize("question", ["Who backs Hezbollah?", "", "  ", "?", "🎉", "why " * 2000])
    def test_any_question_has_a_unit_vector(self, embedder: Embedder, question: str) -> None:
        vector = embedder.embed_question(question)
        assert vector.shape == (embedder.dim,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def test_token_spans_are_ordered_slices_and_nothing_is_truncated(self, embedder: Embedder) -> None:
        for text in TEXTS:
            spans = embedder.token_spans(text)
            assert all(0 <= start <= end <= len(text) for start, end in spans)
            assert [start for start, _ in spans] == sorted(start for start, _ in spans)
        assert len(embedder.token_spans("word " * 5000)) >= 5000

    def test_only_the_first_tokens_are_looked_at(self, embedder: Embedder) -> None:
        words = "word " * embedder.max_tokens
        assert len(embedder.token_spans(words)) >= embedder.max_tokens > 10
        np.testing.assert_allclose(
            embedder.embed_passages([words + "zinc"]), embedder.embed_passages([words]), atol=1e-6
        )
        start = "zinc " + "word " * 5
        assert np.abs(embedder.embed_passages([start]) - embedder.embed_passages(["word " * 6])).max() > 1e-6

    def test_fingerprint_is_that_of_a_second_one(self, embedder: Embedder, make: Make) -> None:
        again = make()
        assert again.fingerprint == embedder.fingerprint != ""
        assert again.dim == embedder.dim
        np.testing.assert_allclose(again.embed_passages(TEXTS), embedder.embed_passages(TEXTS), atol=1e-6)

    @pytest.mark.slow
    def test_threads_get_what_one_gets(self, embedder: Embedder) -> None:
        texts = [f"{text} {number}"[:200] for number in range(4) for text in TEXTS]
        expected = embedder.embed_passages(texts)

        def work(number: int) -> bool:
            rows = embedder.embed_passages(texts[number:])
            embedder.token_spans(texts[number])
            asked = embedder.embed_question(texts[number])
            return np.allclose(rows, expected[number:], atol=1e-6) and asked.shape == (embedder.dim,)

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(24)))


class TestHashingEmbedder(EmbedderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> Make:
        return HashingEmbedder


@pytest.mark.models
class TestOnnxEmbedder(EmbedderSuite):
    @pytest.fixture(scope="class", params=["int8", "fp32"])
    @classmethod
    def make(cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Make:
        folder = tmp_path_factory.mktemp("models")
        return lambda: OnnxEmbedder.load(precision=request.param, cache_dir=folder)


@pytest.mark.slow
class TestSentenceTransformerEmbedder(EmbedderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> Make:
        from rag.embedder.sentence_transformer import SentenceTransformerEmbedder

        model = str(sentence_model(tmp_path_factory.mktemp("models") / "tiny"))
        return lambda: SentenceTransformerEmbedder.load(model)
