"""What every retriever promises: inherit `RetrieverSuite` and override `retriever`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.embedder.hashing import HashingEmbedder
from rag.index import SqliteArchive
from rag.protocols import Entry, Retriever
from rag.retriever import FUSIONS, Dense, Hybrid, Lexical
from rag.types import Article, Passage, Where

EMBEDDER = HashingEmbedder(dim=64)
TEXTS = {
    "strike": "The dockers strike closed the harbour on Monday.",
    "comet": "A comet was seen over the harbour at dawn.",
    "budget": "The council passed its budget by one vote.",
}


class RetrieverSuite:
    @pytest.fixture
    def retriever(self) -> Retriever:
        """The retriever under test; its questions are embedded with `EMBEDDER`."""
        raise NotImplementedError("override retriever")

    @pytest.fixture
    def empty(self, tmp_path: Path) -> Iterator[SqliteArchive]:
        archive = SqliteArchive.open(
            tmp_path / "a",
            embedder_fingerprint=EMBEDDER.fingerprint,
            chunker_fingerprint="whole",
            dim=EMBEDDER.dim,
            create=True,
        )
        yield archive
        archive.close()

    @pytest.fixture
    def archive(self, empty: SqliteArchive) -> SqliteArchive:
        with empty.writing() as writer:
            for name, text in TEXTS.items():
                passage = Passage(article_id=name, start=0, end=len(text), text=text)
                article = Article(id=name, title=name, text=text, tags=(name[0],))
                writer.put([Entry(article=article, passages=[passage], vectors=EMBEDDER.embed_passages([text]))])
        return empty

    def test_the_passage_that_shares_the_words_is_first(self, retriever: Retriever, archive: SqliteArchive) -> None:
        with archive.reading() as index:
            for name, text in TEXTS.items():
                hits = retriever.retrieve(index, text, k=3)
                assert hits[0].passage.article_id == name
                assert set(hits[0].ranks) <= {"dense", "lexical"}
                assert hits == retriever.retrieve(index, text, k=3)
                assert [-hit.score for hit in hits] == sorted(-hit.score for hit in hits)
                assert len({hit.passage.row for hit in hits}) == len(hits)

    @pytest.mark.parametrize("k", [-1, 0, 1, 2, 10_000])
    def test_at_most_k(self, retriever: Retriever, archive: SqliteArchive, k: int) -> None:
        with archive.reading() as index:
            assert len(retriever.retrieve(index, "the harbour strike", k=k)) <= max(k, 0)

    def test_the_filter_acts(self, retriever: Retriever, archive: SqliteArchive) -> None:
        with archive.reading() as index:
            hits = retriever.retrieve(index, "the harbour strike", k=1, where=Where(tags=("c",)))
            assert [hit.passage.article_id for hit in hits] == ["comet"]
            assert retriever.retrieve(index, "the harbour strike", k=5, where=Where(tags=("none",))) == []

    @pytest.mark.parametrize("question", ["", " \n\u2003", "\x00", "\ud800\udfff", "\ufeff"])
    def test_a_blank_question_finds_nothing(self, retriever: Retriever, archive: SqliteArchive, question: str) -> None:
        with archive.reading() as index:
            assert retriever.retrieve(index, question, k=5) == []

    @pytest.mark.parametrize(
        "question", ['" OR *', "har\x00bour \ud800", "harbour " * 50_000, "NEAR/2 (", "🙂", "?!", "a AND NOT b:c^2"]
    )
    def test_odd_questions_are_no_error(self, retriever: Retriever, archive: SqliteArchive, question: str) -> None:
        with archive.reading() as index:
            assert len(retriever.retrieve(index, question, k=2)) <= 2

    def test_an_empty_index_gives_nothing(self, retriever: Retriever, empty: SqliteArchive) -> None:
        with empty.reading() as index:
            assert retriever.retrieve(index, "the harbour strike", k=5) == []


class TestRetriever(RetrieverSuite):
    @pytest.fixture(
        params=[Dense(EMBEDDER), Lexical(), *(Hybrid(EMBEDDER, fusion=fusion) for fusion in FUSIONS.values())],
        ids=["dense", "lexical", *(f"hybrid-{name}" for name in FUSIONS)],
    )
    def retriever(self, request: pytest.FixtureRequest) -> Retriever:
        chosen: Retriever = request.param
        return chosen
