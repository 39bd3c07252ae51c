"""The system on one page: how articles go in, how questions come out.

ingest: file -> article -> passages -> vectors -> one transaction.
ask:    question -> passages -> spans -> answers with citations, or nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter

from rag.answers import Reading, cite, merge
from rag.chunker import embedded_text
from rag.errors import ArticleError, NotFoundError, QuestionError
from rag.loaders import Loaded
from rag.protocols import Archive, Calibrator, Chunker, Embedder, Entry, Reader, Retriever
from rag.text import normalise
from rag.types import Article, Hit, Passage, Result, Where

MAX_QUESTION_LENGTH = 2_000
BATCH_PASSAGES = 256
NEAREST = 3


@dataclass(slots=True, kw_only=True)
class IngestReport:
    """What an ingest did, in counts of articles, and what it could not take."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    cleaned: int = 0
    rejected: list[ArticleError] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """Articles looked at so far."""
        return self.added + self.replaced + self.unchanged + len(self.rejected)


def ingest(
    loaded: Iterable[Loaded],
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
    batch: list[tuple[Article, str | None, list[Passage]]] = []

    def flush() -> None:
        if batch:
            _store(batch, archive=archive, embedder=embedder, report=report)
            batch.clear()
        if progress:
            progress(report)

    for item in loaded:
        report.cleaned += item.cleaned
        if item.article is None:
            report.rejected.append(item.error or ArticleError("no article", file=item.origin))
        elif _stored(item.article, archive=archive):
            report.unchanged += 1
        else:
            batch.append((item.article, item.origin or None, list(chunker.chunk(item.article))))
        if sum(len(passages) for _, _, passages in batch) >= BATCH_PASSAGES:
            flush()
    flush()
    return report


def prune(archive: Archive, *, kept: Iterable[str], under: Sequence[str]) -> list[str]:
    """Takes out the articles whose file lay under one of the paths and is not among those kept; their ids."""
    alive = set(kept)
    with archive.writing() as writer:
        gone = [
            article_id
            for article_id, origin in writer.origins().items()
            if article_id not in alive
            and any(origin == path or origin.startswith(path.rstrip("/") + "/") for path in under)
        ]
        return writer.delete(gone)


def _stored(article: Article, *, archive: Archive) -> bool:
    with archive.reading() as index, suppress(NotFoundError):
        return index.article(article.id).digest == article.digest
    return False


def _store(
    batch: Sequence[tuple[Article, str | None, list[Passage]]],
    *,
    archive: Archive,
    embedder: Embedder,
    report: IngestReport,
) -> None:
    texts = [embedded_text(article.title, passage) for article, _, passages in batch for passage in passages]
    vectors = embedder.embed_passages(texts)
    entries, row = [], 0
    for article, origin, passages in batch:
        rows = vectors[row : row + len(passages)]
        entries.append(Entry(article=article, passages=passages, vectors=rows, origin=origin))
        row += len(passages)
    with archive.writing() as writer:
        outcomes = writer.put(entries)
    report.added += outcomes.count("added")
    report.replaced += outcomes.count("replaced")
    report.unchanged += outcomes.count("unchanged")
    report.passages += len(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Answers questions over one archive; may be shared between threads."""

    archive: Archive
    retriever: Retriever
    reader: Reader
    calibrator: Calibrator
    models: str
    top_k: int = 10
    max_answers: int = 3
    min_probability: float = 0.5

    def ask(
        self,
        question: str,
        *,
        where: Where | None = None,
        top_k: int | None = None,
        max_answers: int | None = None,
        min_probability: float | None = None,
    ) -> Result:
        """The answers that are at least ``min_probability`` likely to be right, or the statement that there is none.

        What is not given is taken from the pipeline. Everything is looked up in one committed state of the
        archive.

        Raises:
            QuestionError: the question is blank or longer than `MAX_QUESTION_LENGTH` characters.
        """
        asked = _checked(question)
        k = self.top_k if top_k is None else top_k
        wanted = self.max_answers if max_answers is None else max_answers
        threshold = self.min_probability if min_probability is None else min_probability

        began = perf_counter()
        with self.archive.reading() as index:
            hits = self.retriever.retrieve(index, asked, k=k, where=where)
            articles = {hit.passage.article_id: index.article(hit.passage.article_id) for hit in hits}
            version = index.version
        retrieved = perf_counter()
        spans = self.reader.read(asked, [hit.passage for hit in hits])
        read = perf_counter()
        reading = Reading(question=asked, hits=hits, articles=articles)
        candidates = merge(spans, reading=reading, calibrator=self.calibrator, max_answers=wanted)
        answers = tuple(answer for answer in candidates if answer.probability >= threshold)
        nearest = (
            ()
            if answers
            else tuple(
                cite(articles[hit.passage.article_id], hit.passage.start, hit.passage.end) for hit in hits[:NEAREST]
            )
        )
        done = perf_counter()
        return Result(
            question=question,
            asked_as=asked,
            answers=answers,
            reason=None if answers else _reason(hits, best=max((a.probability for a in candidates), default=None)),
            nearest=nearest,
            hits=tuple(hits),
            timings={
                "retrieve_ms": 1000 * (retrieved - began),
                "read_ms": 1000 * (read - retrieved),
                "answer_ms": 1000 * (done - read),
                "total_ms": 1000 * (done - began),
            },
            fingerprint=_fingerprint(self.models, version, k, wanted, threshold, where),
            calibration=self.calibrator.name,
        )

    def search(self, question: str, *, where: Where | None = None, top_k: int | None = None) -> list[Hit]:
        """The passages that would be read for the question, best first.

        Raises:
            QuestionError: as for `ask`.
        """
        asked = _checked(question)
        with self.archive.reading() as index:
            return self.retriever.retrieve(index, asked, k=self.top_k if top_k is None else top_k, where=where)


def _checked(question: str) -> str:
    asked = " ".join(normalise(question).split())
    if not asked:
        raise QuestionError("the question is empty", hint="ask something")
    if len(asked) > MAX_QUESTION_LENGTH:
        raise QuestionError(
            f"the question has {len(asked)} characters, more than {MAX_QUESTION_LENGTH}", hint="ask it in a sentence"
        )
    return asked


def _reason(hits: Sequence[Hit], *, best: float | None) -> str:
    if not hits:
        return "no passage of the archive matches the question and its filters"
    if best is None:
        return "the passages found hold nothing that could be an answer"
    return f"the likeliest answer found has a probability of only {best:.2f}"


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
