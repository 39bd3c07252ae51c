"""The contracts between the parts, in words; ``tests/contract`` holds a suite for each.

All of them may be called from several threads at once unless the text says otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.types import Article, Hit, Passage, Span, Where

Vectors: TypeAlias = NDArray[np.float32]
Outcome: TypeAlias = Literal["added", "replaced", "unchanged"]


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


class Embedder(Protocol):
    """Turns text into unit vectors whose dot product is likeness."""

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


class Index(Protocol):
    """An archive as it stood at one moment: an immutable view, held for the length of one question."""

    @property
    def version(self) -> int:
        """Grows with every committed change."""
        ...

    def search(self, vector: Vectors, *, k: int, where: Where | None = None) -> list[Hit]:
        """The k passages nearest to the vector, best first, ties by row; rank name ``dense``.

        ``k`` may exceed the number of passages. The filter acts inside the search: with k passages that
        satisfy it, k are returned.
        """
        ...

    def search_text(self, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """The k passages that share the most telling words, best first, ties by row; rank name ``lexical``.

        Any text is a valid question; one without a usable word finds nothing.
        """
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

    def facts(self) -> Mapping[str, str | int]:
        """What there is to know: counts of articles and passages, version, format, fingerprints, sizes in bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article ready to be stored: its passages in order and their vectors, row for row.

    ``origin`` is the file it came from, if any: what ``--prune`` goes by.
    """

    article: Article
    passages: Sequence[Passage]
    vectors: Vectors
    origin: str | None = None


class Writer(Protocol):
    """The one hand that may change an archive; used from one thread, for as long as the lock is held."""

    def digest(self, article_id: str) -> str | None:
        """`Article.digest` of the stored article, or None."""
        ...

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Adds or replaces all of them in one transaction; returns when they are durable and can be found.

        An entry equal to what is stored is left alone.
        """
        ...

    def delete(self, article_ids: Iterable[str]) -> list[str]:
        """Takes articles out in one transaction; the ids that were there. Former text stays as a revision."""
        ...

    def origins(self) -> dict[str, str]:
        """Article id -> origin, for the articles that have one."""
        ...


class Archive(Protocol):
    """A collection on disk: many views, one writer."""

    def reading(self) -> AbstractContextManager[Index]:
        """A view of the latest committed state, for as long as the context lasts; never waits for the writer."""
        ...

    def writing(self) -> AbstractContextManager[Writer]:
        """The writer.

        Raises:
            IndexLockedError: someone else is writing and did not finish in time.
        """
        ...

    def close(self) -> None:
        """Lets go of files; views must not be in use."""
        ...


class Retriever(Protocol):
    """Finds the passages worth reading."""

    def retrieve(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """At most k hits, best first, deterministic; an empty index or an odd text gives an empty list."""
        ...


class Reader(Protocol):
    """Finds the spans of passages that may answer a question."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and everything else that shapes a score."""
        ...

    def read(self, question: str, passages: Sequence[Passage]) -> list[Span]:
        """Candidate spans of all passages, best score first, several a passage.

        No span is empty or has blanks at its ends. Long passages are read in overlapping windows so that
        no token is skipped. Scores are comparable across the passages of one question.
        """
        ...


class Calibrator(Protocol):
    """Turns what is known of an answer into the probability that it is right."""

    @property
    def name(self) -> str:
        """What it was fitted on, in a few words."""
        ...

    def probability(self, features: Mapping[str, float]) -> float:
        """In [0, 1]; does not fall when ``margin`` grows."""
        ...
