"""The system on one page: how articles go in, how questions come out.

ingest: file -> article -> passages -> vectors -> one transaction.
ask:    question -> passages -> spans -> answers with citations, or nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import Unpack

from rag import answers, origins, queries
from rag.errors import ArticleError
from rag.loaders import Loaded, Unreadable
from rag.protocols import Archive, Calibrator, Chunker, Closing, Embedder, Entry, Index, Reader, Retriever
from rag.queries import Options
from rag.types import Article, Calibration, Hit, Query, Result, Setup

BATCH_ARTICLES = 256
BATCH_CHARACTERS = 1_000_000
NEAREST = 3


@dataclass(slots=True, kw_only=True)
class IngestReport:
    """What an ingest did, in counts of articles, and what it could not take.

    ``missing`` maps a path at which there was nothing to read to the error that says so; the other fields
    below it are what `prune` goes by: ids that are there, their files and folders, and what could not be read.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    cleaned: int = 0
    rejected: list[ArticleError] = field(default_factory=list)
    missing: dict[str, ArticleError] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    @property
    def seen(self) -> int:
        """Articles looked at so far."""
        return self.added + self.replaced + self.unchanged + len(self.problems)

    @property
    def problems(self) -> list[ArticleError]:
        """Everything that could not be taken."""
        return [*self.rejected, *self.missing.values()]


def ingest(
    loaded: Iterable[Loaded | Unreadable],
    *,
    archive: Archive,
    chunker: Chunker,
    embedder: Embedder,
    progress: Callable[[IngestReport], None] | None = None,
) -> IngestReport:
    """Puts articles into the archive, batch by batch; what the report counts is durable.

    Unchanged articles cost no embedding. A bad one is reported and the rest goes in. The writer's lock is
    taken for each batch and let go between them, so that others may write meanwhile.
    """
    report = IngestReport()
    for batch in _batches(loaded, report):
        with archive.reading() as index:
            known = index.stored(ids=[item.article.id for item in batch], origins=[item.origin for item in batch])
        plan = origins.plan(batch, known, read=report.read, unread=report.unread)
        found = [(item.article, item.origin or None) for item in plan.changed]
        changed = entries(found, chunker=chunker, embedder=embedder)
        if changed or plan.moved:
            with archive.writing() as writer:
                writer.move(plan.moved)
                outcomes = writer.put(changed)
            report.added += outcomes.count("added")
            report.replaced += outcomes.count("replaced")
        report.unchanged += len(plan.unchanged)
        report.passages += sum(len(entry.passages) for entry in changed)
        report.cleaned += sum(item.cleaned for item in batch)
        report.rejected += [error for _, error in plan.conflicts]
        report.found.update(plan.unchanged, [item.article.id for item in plan.changed], dict(plan.conflicts))
        report.read.update(item.origin for item in batch)
        if progress:
            progress(report)
    return report


def prune(archive: Archive, report: IngestReport, *, under: Sequence[str], allow_empty: bool = False) -> list[str]:
    """Takes out the articles whose file under one of the paths is gone, after an ingest of them.

    What could not be read is not gone. A folder in which nothing is left to read may just not be mounted: its
    articles stay unless ``allow_empty`` is set, and are returned.
    """
    with archive.writing() as writer:
        known = writer.origins()
        gone = origins.gone(known, under=under, found=report.found, unread=report.unread)
        alive = {folder for origin in report.read | report.unread for folder in origins.folders(origin)}
        kept = [] if allow_empty else [name for name in gone if origins.folders(known[name])[0] not in alive]
        report.removed = len(writer.delete(set(gone) - set(kept)))
    if allow_empty:
        emptied = {folder for name in gone for folder in [known[name], *origins.folders(known[name])]}
        report.missing = {path: error for path, error in report.missing.items() if path not in emptied}
    return kept


def entries(articles: Sequence[tuple[Article, str | None]], *, chunker: Chunker, embedder: Embedder) -> list[Entry]:
    """The articles, each given with its origin, with their passages and vectors; all are embedded in one call."""
    cut = [(article, origin, list(chunker.chunk(article))) for article, origin in articles]
    texts = [chunker.embedded_text(article, passage) for article, _, passages in cut for passage in passages]
    vectors = embedder.embed_passages(texts)
    made, row = [], 0
    for article, origin, passages in cut:
        rows = vectors[row : row + len(passages)]
        made.append(Entry(article=article, passages=passages, vectors=rows, origin=origin))
        row += len(passages)
    return made


def _batches(loaded: Iterable[Loaded | Unreadable], report: IngestReport) -> Iterator[list[Loaded]]:
    """Articles, at most `BATCH_ARTICLES` or about `BATCH_CHARACTERS` at a time; what is unreadable is reported."""
    batch: list[Loaded] = []
    characters = 0
    for item in loaded:
        if isinstance(item, Loaded):
            batch.append(item)
            characters += len(item.article.text)
        elif item.missing:
            report.missing[item.origin] = item.error
        else:
            report.rejected.append(item.error)
            report.unread.add(item.origin)
        if len(batch) == BATCH_ARTICLES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline(Closing):
    """Answers questions over one archive; may be shared between threads.

    Without ``min_probability`` the calibrator says from where on to answer, and keeps its promise; ``owned`` is
    what `close` closes: nothing unless the pipeline was opened by itself.
    """

    archive: Archive
    retriever: Retriever
    reader: Reader
    calibrator: Calibrator
    embedder_fingerprint: str
    chunker_fingerprint: str
    top_k: int = 10
    max_answers: int = 3
    min_probability: float | None = None
    owned: Closing | None = None

    @property
    def threshold(self) -> float:
        """The least probability of an answer, where a question does not set its own."""
        return self.calibrator.min_probability if self.min_probability is None else self.min_probability

    def query(self, question: str, **options: Unpack[Options]) -> Query:
        """The record of what is asked, checked, with nothing left open.

        Raises:
            QuestionError: the question is blank or longer than `MAX_QUESTION_LENGTH` characters, or an option
                is out of bounds.
        """
        defaults = {"top_k": self.top_k, "max_answers": self.max_answers, "min_probability": self.threshold}
        return queries.resolve(question, options, defaults=defaults)

    def ask(self, question: str | Query, **options: Unpack[Options]) -> Result:
        """The answers that are at least ``min_probability`` likely to be right, or the statement that there is none.

        Everything is looked up in one committed state of the archive.

        Raises:
            QuestionError: as for `query`.
        """
        query = question if isinstance(question, Query) else self.query(question, **options)
        began = perf_counter()
        with self.archive.reading() as index:
            fingerprint = self._fingerprint(index, query)
            hits = self.retriever.retrieve(index, query.asked_as, k=query.top_k, where=query.where)
            empty = not hits and index.facts().articles == 0
        retrieved = perf_counter()
        spans = self.reader.read(query.asked_as, hits)
        read = perf_counter()
        found = answers.merge(spans, question=query.asked_as, calibrator=self.calibrator, max_answers=query.max_answers)
        calibration = self._calibration(query)
        given = tuple(answer for answer in found if answer.probability >= query.min_probability)
        if calibration.promise:  # it speaks of the best answer alone
            given = given[:1]
        done = perf_counter()
        return Result(
            query=query,
            answers=given,
            abstention=None if given else answers.abstention(hits, found, empty=empty),
            candidates=() if given else tuple(found),
            nearest=() if given else tuple(answers.cite_passage(hit) for hit in hits[:NEAREST]),
            hits=tuple(hits),
            timings={
                "retrieve_ms": 1000 * (retrieved - began),
                "read_ms": 1000 * (read - retrieved),
                "answer_ms": 1000 * (done - read),
                "total_ms": 1000 * (done - began),
            },
            fingerprint=fingerprint,
            calibration=calibration,
        )

    def search(self, question: str | Query, **options: Unpack[Options]) -> list[Hit]:
        """The passages that would be read for the question, best first.

        Raises:
            QuestionError: as for `query`.
        """
        query = question if isinstance(question, Query) else self.query(question, **options)
        with self.archive.reading() as index:
            return self.retriever.retrieve(index, query.asked_as, k=query.top_k, where=query.where)

    def close(self) -> None:
        """Closes what was opened along with the pipeline."""
        if self.owned:
            self.owned.close()

    def setup(self, top_k: int) -> Setup:
        """What probabilities depend on when so many passages are read."""
        return Setup(
            reader=self.reader.fingerprint,
            retriever=self.retriever.fingerprint,
            embedder=self.embedder_fingerprint,
            chunker=self.chunker_fingerprint,
            top_k=top_k,
        )

    def _calibration(self, query: Query) -> Calibration:
        """That of the calibrator; its promise holds only for its own threshold."""
        calibration = self.calibrator.calibration(self.setup(query.top_k))
        kept = calibration.promise and query.min_probability == calibration.promise.min_probability
        return calibration if kept else replace(calibration, promise=None)

    def _fingerprint(self, index: Index, query: Query) -> str:
        """The key of a result, known before the work: equal keys have equal answers."""
        parts = {
            "index": index.fingerprint,
            "retriever": self.retriever.fingerprint,
            "reader": self.reader.fingerprint,
            "calibrator": self.calibrator.fingerprint,
            "answers": answers.FINGERPRINT,
            "query": asdict(query),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
