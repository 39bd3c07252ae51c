"""Finding the passages worth reading: by meaning, by words, or by both.

Fusion is done by pure functions over lists of matches, so that a measurement can hold every variant against
the same lists; only what is kept becomes hits, with articles.
"""

from collections.abc import Sequence
from typing import Protocol

from rag.protocols import Embedder, Index
from rag.text import normalise
from rag.types import Hit, Match, Where

DEPTH = 50
RANK_CONSTANT = 60


class Fusion(Protocol):
    """A way to make one list of matches out of several."""

    @property
    def __name__(self) -> str: ...

    def __call__(self, lists: Sequence[Sequence[Match]], /, *, weights: Sequence[float]) -> list[Match]:
        """Every match of any list once, best first, ties by row; one weight a list."""
        ...


class Dense:
    """Passages whose vector is nearest to the question's; implements `rag.protocols.Retriever`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def fingerprint(self) -> str:
        """Names the embedder."""
        return f"dense({self._embedder.fingerprint})"

    def search(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Match]:
        """At most k matches, best first; none for a blank question."""
        asked = normalise(question)
        return index.search(self._embedder.embed_question(asked), k=k, where=where) if asked else []

    def retrieve(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """At most k hits, best first; none for a blank question."""
        return index.hits(self.search(index, question, k=k, where=where))


class Lexical:
    """Passages that share words with the question; implements `rag.protocols.Retriever`."""

    fingerprint = "lexical"

    def search(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Match]:
        """At most k matches, best first; none for a question without words."""
        return index.search_text(normalise(question), k=k, where=where)

    def retrieve(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """At most k hits, best first; none for a question without words."""
        return index.hits(self.search(index, question, k=k, where=where))


def min_max(lists: Sequence[Sequence[Match]], *, weights: Sequence[float]) -> list[Match]:
    """The matches of all lists, best first, by the weighted sum of their scores.

    In each list the scores are first stretched to [0, 1]; if all are equal they count 1. A passage that is
    not in a list gets 0 from it. Ties by row.
    """
    return _fused(lists, weights, [_stretched(hits) for hits in lists])


def reciprocal_rank(lists: Sequence[Sequence[Match]], *, weights: Sequence[float]) -> list[Match]:
    """The matches of all lists, best first, by the weighted sum of 1 / (60 + rank); ties by row.

    Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
    """
    return _fused(lists, weights, [[1 / (RANK_CONSTANT + rank) for rank in range(1, len(hits) + 1)] for hits in lists])


FUSIONS: dict[str, Fusion] = {"min-max": min_max, "reciprocal-rank": reciprocal_rank}


class Hybrid:
    """The best passages of dense and lexical search, fused; implements `rag.protocols.Retriever`.

    ``weights`` are those of dense and lexical; ``depth`` is how many hits of each are fused, or k if that
    is more.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        fusion: Fusion = min_max,
        weights: tuple[float, float] = (0.4, 0.6),
        depth: int = DEPTH,
    ) -> None:
        self._searches = (Dense(embedder), Lexical())
        self._fusion = fusion
        self._weights = weights
        self._depth = depth

    @property
    def fingerprint(self) -> str:
        """Names the fusion with its settings, and what is fused."""
        dense, lexical = (search.fingerprint for search in self._searches)
        return f"{self._fusion.__name__}({self._weights[0]} {dense}, {self._weights[1]} {lexical}, depth {self._depth})"

    def retrieve(self, index: Index, question: str, *, k: int, where: Where | None = None) -> list[Hit]:
        """At most k hits, best first; ``ranks`` says where dense and lexical search had each."""
        depth = max(k, self._depth)
        lists = [search.search(index, question, k=depth, where=where) for search in self._searches]
        return index.hits(self._fusion(lists, weights=self._weights)[: max(k, 0)])


def _stretched(hits: Sequence[Match]) -> list[float]:
    if not hits:
        return []
    lowest, highest = min(hit.score for hit in hits), max(hit.score for hit in hits)
    if highest == lowest:
        return [1.0] * len(hits)
    return [(hit.score - lowest) / (highest - lowest) for hit in hits]


def _fused(
    lists: Sequence[Sequence[Match]], weights: Sequence[float], values: Sequence[Sequence[float]]
) -> list[Match]:
    merged: dict[int, Match] = {}
    for hits, weight, worth in zip(lists, weights, values, strict=True):
        for hit, value in zip(hits, worth, strict=True):
            row = hit.passage.row
            known = merged.get(row)
            merged[row] = Match(
                passage=hit.passage,
                score=weight * value + (known.score if known else 0.0),
                ranks={**(known.ranks if known else {}), **hit.ranks},
            )
    return sorted(merged.values(), key=lambda hit: (-hit.score, hit.passage.row))
