"""The contracts between the parts, in words; ``tests/contract`` holds a suite for each, to be inherited.

All of them may be called from several threads at once unless the text says otherwise. (One file although it is
long: contracts are read side by side.)
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.types import Article, Calibration, Hit, Match, Passage, Setup, Span, Where

Vectors: TypeAlias = NDArray[np.float32]
Outcome: TypeAlias = Literal["added", "replaced"]
Field: TypeAlias = Literal["source", "tags", "language"]


class Closing(Protocol):
    """Something that holds files, threads or memory: closed by hand or at the end of a ``with`` block."""

    def close(self) -> None:
        """Releases whatever is held, if anything; closing twice does nothing."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Chunker(Protocol):
    """Cuts an article into passages."""

    @property
    def fingerprint(self) -> str:
        """Names the rule and its settings; passages of equal fingerprints are cut alike."""
        ...

    def chunk(self, article: Article) -> Iterable[Passage]:
        """Passages in reading order.

        Every non-blank character is covered, none of the passages is over the token limit, and a sentence
        is cut only if it alone exceeds the limit.
        """
        ...

    def embedded_text(self, article: Article, passage: Passage) -> str:
        """What the embedder is to see of a passage: its words, and whatever of its article helps to find them."""
        ...


class Embedder(Closing, Protocol):
    """Turns text into unit vectors whose dot product is their similarity."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and everything else that shapes a vector."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of one text that are looked at, special tokens not counted; the rest is ignored."""
        ...

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every token of the text, in order, special tokens left out, nothing truncated."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dim), unit rows, in order, each independent of its neighbours in the batch."""
        ...

    def embed_question(self, text: str) -> Vectors:
        """Shape (dim,), unit length; a blank text gives some unit vector too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Counts, sizes in bytes, and fingerprints of an archive.

    ``revisions`` counts the former texts that are kept, of articles replaced or deleted; ``embedder`` and
    ``chunker`` are the fingerprints it was built with; ``changed_since_snapshot`` counts the
    vectors that are searched beside the stored index because they came or went since it was written.
    """

    articles: int
    passages: int
    revisions: int
    version: int
    identity: str
    format: int
    embedder: str
    chunker: str
    dim: int
    database_bytes: int
    snapshot_bytes: int
    changed_since_snapshot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What an archive remembers of an article without reading it; ``origin`` is the file it came from, if any."""

    id: str
    digest: str
    origin: str | None


class Index(Protocol):
    """An archive as it stood at one moment: an immutable view, held for the length of one question."""

    @property
    def version(self) -> int:
        """Grows with every committed change."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names the state: the archive's random identity with the number and time of the last change.

        Two views of equal fingerprint hold the same; a copy of an archive that was changed apart from it
        has another.
        """
        ...

    def search(self, vector: Vectors, *, k: int, where: Where | None = None) -> list[Match]:
        """The k passages nearest to the vector, best first, ties by row; rank name ``dense``.

        ``k`` may exceed the number of passages. The filter acts inside the search: with k passages that
        satisfy it, k are returned.
        """
        ...

    def search_text(self, question: str, *, k: int, where: Where | None = None) -> list[Match]:
        """The k passages that match the question's words best, best first, ties by row; rank name ``lexical``.

        A passage matches with any of the words, whatever their case and accents, in its text or its
        article's title; rare words count more, and frequent ones may be ignored. Any text is a valid question;
        one without a word finds nothing.
        """
        ...

    def hits(self, matches: Sequence[Match]) -> list[Hit]:
        """The matches of this view with their articles, in order; one query, however many there are."""
        ...

    def article(self, article_id: str) -> Article:
        """The article as this view holds it.

        Raises:
            NotFoundError: no such article.
        """
        ...

    def articles(self, *, after: str = "", limit: int = 50, where: Where | None = None) -> list[Article]:
        """Articles with an id greater than ``after``, sorted by id, at most ``limit``."""
        ...

    def stored(self, *, ids: Iterable[str] = (), origins: Iterable[str] = ()) -> list[Stored]:
        """Of the articles with one of the ids or one of the origins, what is remembered, sorted by id; one query."""
        ...

    def counts(self, field: Field, *, limit: int = 200) -> list[tuple[str, int]]:
        """The values of the field with the number of articles that have each, most frequent first, ties by value."""
        ...

    def facts(self) -> Facts:
        """Sizes, counts and fingerprints of the archive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article ready to be stored: its passages in order and their vectors, row for row.

    ``origin`` is the file it came from, if any: articles of files that are gone are found by it.
    """

    article: Article
    passages: Sequence[Passage]
    vectors: Vectors
    origin: str | None = None


class Writer(Protocol):
    """Changes an archive while its lock is held; used from one thread."""

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Adds or replaces all of them in one transaction; returns when they are durable and can be found.

        Whether an article has changed at all is the caller's to find out, with `Index.stored`.
        """
        ...

    def move(self, origins: Mapping[str, str]) -> None:
        """Records, in one transaction, the file that each of these articles (by id) now comes from."""
        ...

    def delete(self, article_ids: Iterable[str]) -> list[str]:
        """Takes articles out in one transaction; the ids that were there. Former text stays as a revision."""
        ...

    def forget(self, article_ids: Iterable[str]) -> list[str]:
        """Takes articles and all their former texts out for good; the ids of which there was anything.

        Once the writer is done no file of the archive holds a trace of them.
        """
        ...

    def origins(self) -> dict[str, str]:
        """Article id -> origin, for the articles that have one."""
        ...


class Archive(Closing, Protocol):
    """A stored collection: any number of views, one writer."""

    def reading(self) -> AbstractContextManager[Index]:
        """A view of the latest committed state, for as long as the context lasts; never waits for the writer."""
        ...

    def writing(self) -> AbstractContextManager[Writer]:
        """The writer.

        Raises:
            IndexLockedError: someone else is writing and did not finish in time.
        """
        ...

    def verify(self) -> list[str]:
        """What is inconsistent or damaged, a line each; empty if nothing is. Reads everything."""
        ...

    def compact(self) -> None:
        """Frees the space of what was deleted and prepares a quick start; changes nothing that can be found.

        Raises:
            IndexLockedError: someone else is writing and did not finish in time.
        """
        ...

    def close(self) -> None:
        """Releases the files; views must not be in use."""
        ...


class Retriever(Protocol):
    """Finds the passages worth reading."""

    @property
    def fingerprint(self) -> str:
        """Names the method, its models and its settings."""
        ...

    def retrieve(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """At most k hits, best first, deterministic; an empty index or an odd text gives an empty list."""
        ...


class Reader(Closing, Protocol):
    """Finds the spans of passages that may answer a question."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and everything else that shapes a score."""
        ...

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Candidate spans of the passages of all hits, best score first, several a passage.

        No span is empty or has blanks at its ends. Long passages are read in overlapping windows so that
        no token is skipped. Scores are comparable across the passages of one question.
        """
        ...


class Calibrator(Protocol):
    """Turns what is known of an answer into the probability that it is right."""

    @property
    def fingerprint(self) -> str:
        """Names everything that shapes a probability or a promise."""
        ...

    def calibration(self, setup: Setup) -> Calibration:
        """What it was fitted on, and whether that is this setup; a promise only then."""
        ...

    @property
    def min_probability(self) -> float:
        """From which probability on an answer should be given: what its promise needs, if it has one."""
        ...

    def probability(self, features: Mapping[str, float]) -> float:
        """In [0, 1]; does not fall when ``margin`` grows."""
        ...
