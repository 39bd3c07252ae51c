"""From settings to working parts: the only place that names concrete classes.

Models are loaded when first needed and shared by all collections of a `Library`.
"""

import re
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from rag.calibration import calibration_of
from rag.chunker import SentenceChunker
from rag.errors import IndexCorruptError
from rag.pipeline import Pipeline, entries
from rag.protocols import Archive, Calibrator, Chunker, Closing, Embedder, Reader, Retriever
from rag.settings import COLLECTION_PATTERN, Settings, load

if TYPE_CHECKING:
    from rag.index import SqliteArchive
    from rag.index.upgrade import Counting


class Library(Closing):
    """The collections under one index folder, with one set of models; closing it closes what it has opened."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = RLock()
        self._archives: dict[str, Archive] = {}
        self._pipelines: dict[str, Pipeline] = {}

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
        if any((Path(name) / file).exists() for file in ("manifest.json", "model.onnx")):
            from rag.reader.onnx import OnnxReader

            return OnnxReader.load(Path(name), threads=self.settings.threads)
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

    def calibrator(self, collection: str | None = None) -> Calibrator:
        """The collection's own calibration, or the shipped one, with the promise that the settings ask for.

        Raises:
            ModelError: the collection's is damaged.
            SettingsError: it does not support the promise.
        """
        curve = calibration_of(self.path(collection or self.settings.collection))
        return curve if self.settings.promise is None else curve.promising(self.settings.promise)

    def path(self, collection: str) -> Path:
        """Folder of a collection.

        Raises:
            SettingsError: not a name a collection can have.
        """
        return load({**self.settings.model_dump(), "collection": collection}, environ={}).index / collection

    def collections(self) -> list[str]:
        """Names of the collections that the index folder holds, sorted; opens none."""
        from rag.index.layout import DATABASE

        names = [file.parent.name for file in self.settings.index.glob(f"*/{DATABASE}")]
        return sorted(name for name in names if re.fullmatch(COLLECTION_PATTERN, name))

    def archive(self, collection: str | None = None, *, create: bool = False) -> Archive:
        """The archive of a collection, opened once.

        Raises:
            IndexMissingError: there is none and ``create`` is false.
            IndexMismatchError: it was built with another embedder or chunker.
        """
        name = collection or self.settings.collection
        with self._lock:
            if name not in self._archives:
                self._archives[name] = self._archive_class.open(
                    self.path(name),
                    embedder_fingerprint=self.embedder.fingerprint,
                    chunker_fingerprint=self.chunker.fingerprint,
                    dim=self.embedder.dim,
                    create=create,
                )
            return self._archives[name]

    def pipeline(self, collection: str | None = None) -> Pipeline:
        """A pipeline over a collection, made once.

        Raises:
            IndexMissingError: there is no such collection.
            ModelError: its calibration is damaged.
            SettingsError: its calibration does not support the promise that the settings ask for.
        """
        name = collection or self.settings.collection
        with self._lock:
            if name not in self._pipelines:
                self._pipelines[name] = Pipeline(
                    archive=self.archive(name),
                    retriever=self.retriever,
                    reader=self.reader,
                    calibrator=self.calibrator(name),
                    embedder_fingerprint=self.embedder.fingerprint,
                    chunker_fingerprint=self.chunker.fingerprint,
                    top_k=self.settings.top_k,
                    max_answers=self.settings.max_answers,
                    min_probability=self.settings.min_probability,
                )
            return self._pipelines[name]

    def inspect(self, collection: str | None = None) -> Archive:
        """The archive of a collection whatever it was built with, the caller's to close; loads no model.

        Raises:
            IndexMissingError: there is none.
        """
        return self._archive_class.inspect(self.path(collection or self.settings.collection))

    def verify(self, collection: str | None = None) -> list[str]:
        """What is wrong with a collection, a line each, also if it cannot be opened; loads no model."""
        try:
            with self.inspect(collection) as archive:
                return archive.verify()
        except IndexCorruptError as error:
            return [error.message]

    def upgrade(self, collection: str | None = None, *, counting: "Counting | None" = None) -> bool:
        """Rebuilds a collection of any format with the models in force; False if it was current.

        ``counting`` is entered with the number of articles and gives what is told how many are done. The old
        archive stays until the new one has been verified.

        Raises:
            IndexMissingError: there is none.
            IndexFormatError: it is of a format newer than this version.
            IndexLockedError: someone else is writing and did not finish in time.
            IndexCorruptError: an article is not what was stored.
        """
        from rag.index import upgrade

        return upgrade(
            self.path(collection or self.settings.collection),
            embedder_fingerprint=self.embedder.fingerprint,
            chunker_fingerprint=self.chunker.fingerprint,
            dim=self.embedder.dim,
            entries=partial(entries, chunker=self.chunker, embedder=self.embedder),
            counting=counting,
        )

    def close(self) -> None:
        """Closes the archives and the models."""
        with self._lock:
            opened = [*self._archives.values(), *(vars(self).pop(name, None) for name in ("embedder", "reader"))]
            self._archives.clear()
            self._pipelines.clear()
        for part in opened:
            if part is not None:
                part.close()

    @property
    def _archive_class(self) -> "type[SqliteArchive]":
        from rag.index import SqliteArchive

        return SqliteArchive


def open(index: str | Path = "index", **settings: object) -> Pipeline:  # noqa: A001 - `rag.open`, as in Image.open
    """A pipeline over a collection of the index folder; ``settings`` as in `rag.settings.Settings`.

    Close it, or use it in a ``with`` block, to let go of the archive and the models' threads.

    Raises:
        IndexMissingError: there is no such collection; ``rag ingest`` makes one.
        SettingsError: an unknown setting or a bad value.
    """
    library = Library(load({"index": Path(index), **settings}))
    try:
        return replace(library.pipeline(), owned=library)
    except BaseException:
        library.close()
        raise
