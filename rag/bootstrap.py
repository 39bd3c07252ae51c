"""From settings to working parts: the only place that names concrete classes.

Models are loaded when first needed and shared by all collections of a `Library`.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from rag.calibration import shipped
from rag.chunker import SentenceChunker
from rag.pipeline import Pipeline
from rag.protocols import Archive, Calibrator, Chunker, Embedder, Reader, Retriever
from rag.settings import Settings, load

if TYPE_CHECKING:
    from rag.index import SqliteArchive


class Library:
    """The collections under one index folder, with one set of models."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = RLock()
        self._archives: dict[str, Archive] = {}

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder that the settings name."""
        name = self.settings.embedder
        if name == "hashing":
            from rag.embedder.hashing import HashingEmbedder

            return HashingEmbedder()
        if name == "default":
            from rag.embedder.onnx import OnnxEmbedder

            return OnnxEmbedder.load(
                precision=self.settings.precision, cache_dir=self.settings.cache, threads=self.settings.threads
            )
        from rag.embedder.sentence_transformer import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder.load(name)

    @cached_property
    def reader(self) -> Reader:
        """The reader that the settings name."""
        name = self.settings.reader
        if name == "overlap":
            from rag.reader.overlap import OverlapReader

            return OverlapReader()
        if name == "default":
            from rag.reader.onnx import OnnxReader

            return OnnxReader.load(threads=self.settings.threads)
        from rag.reader.transformer import TransformerReader

        return TransformerReader.load(name)

    @cached_property
    def chunker(self) -> Chunker:
        """The chunker, counting in the embedder's tokens."""
        return SentenceChunker(
            self.embedder.token_spans,
            max_tokens=min(self.settings.passage_tokens, self.embedder.max_tokens),
            overlap=self.settings.passage_overlap,
        )

    @cached_property
    def retriever(self) -> Retriever:
        """The retriever that the settings name."""
        from rag.retriever import Dense, Hybrid, Lexical

        if self.settings.retriever == "lexical":
            return Lexical()
        return Dense(self.embedder) if self.settings.retriever == "dense" else Hybrid(self.embedder)

    @cached_property
    def calibrator(self) -> Calibrator:
        """The shipped curve."""
        return shipped()

    def path(self, collection: str) -> Path:
        """Folder of a collection.

        Raises:
            SettingsError: not a name a collection can have.
        """
        return load({**self.settings.model_dump(), "collection": collection}, environ={}).index / collection

    def archive(self, collection: str | None = None, *, create: bool = False) -> Archive:
        """The archive of a collection, opened once.

        Raises:
            IndexMissingError: there is none and ``create`` is false.
            IndexMismatchError: it was built with another embedder or chunker.
        """
        from rag.index import SqliteArchive

        name = collection or self.settings.collection
        with self._lock:
            if name not in self._archives:
                self._archives[name] = SqliteArchive.open(
                    self.path(name),
                    embedder_fingerprint=self.embedder.fingerprint,
                    chunker_fingerprint=self.chunker.fingerprint,
                    dim=self.embedder.dim,
                    create=create,
                )
            return self._archives[name]

    def pipeline(self, collection: str | None = None) -> Pipeline:
        """A pipeline over a collection.

        Raises:
            IndexMissingError: there is no such collection.
        """
        settings = self.settings
        with self._lock:
            names = (self.embedder.fingerprint, self.reader.fingerprint, settings.retriever, self.calibrator.name)
            return Pipeline(
                archive=self.archive(collection),
                retriever=self.retriever,
                reader=self.reader,
                calibrator=self.calibrator,
                models="|".join(names),
                top_k=settings.top_k,
                max_answers=settings.max_answers,
                min_probability=settings.min_probability,
            )

    def facts(self, collection: str | None = None) -> Mapping[str, str | int]:
        """What is in a collection, whatever it was built with; loads no model."""
        archive = self._inspected(collection)
        with archive.reading() as index:
            facts = index.facts()
        archive.close()
        return facts

    def verify(self, collection: str | None = None) -> list[str]:
        """What is wrong with a collection, a line each; loads no model."""
        from rag.index import verify

        return verify(self.path(collection or self.settings.collection))

    def compact(self, collection: str | None = None) -> None:
        """Gives back the room of what was deleted and writes a fresh snapshot; loads no model."""
        archive = self._inspected(collection)
        archive.compact()
        archive.close()

    def _inspected(self, collection: str | None) -> "SqliteArchive":
        from rag.index import SqliteArchive

        return SqliteArchive.inspect(self.path(collection or self.settings.collection))

    def close(self) -> None:
        """Closes the archives."""
        with self._lock:
            for archive in self._archives.values():
                archive.close()
            self._archives.clear()


def open(index: str | Path = "index", **settings: object) -> Pipeline:  # noqa: A001 - `rag.open`, as in Image.open
    """A pipeline over a collection of the index folder; ``settings`` as in `rag.settings.Settings`.

    Raises:
        IndexMissingError: there is no such collection; ``rag ingest`` makes one.
        SettingsError: an unknown setting or a bad value.
    """
    return Library(load({"index": Path(index), **settings})).pipeline()
