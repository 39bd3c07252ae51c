"""A consistent view of the index: one read transaction of SQLite and the dense view of the same state."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from rag.errors import NotFoundError
from rag.index import lexical
from rag.index.dense import DenseView, Rows
from rag.index.layout import DATABASE, FORMAT, SNAPSHOTS, TITLE_WEIGHT
from rag.index.store import ARTICLE_COLUMNS, Meta, instant, to_article, translated
from rag.protocols import Facts, Field, Stored, Vectors
from rag.types import Article, Hit, Match, Passage, Where

_ONE_OF = "IN (SELECT value FROM json_each(?))"
_SCORE = f"bm25(passage_fts, {TITLE_WEIGHT}, 1.0)"


class Searcher:
    """Implements `rag.protocols.Index`; usable until its ``reading()`` ends."""

    def __init__(self, connection: sqlite3.Connection, *, dense: DenseView, at: str, meta: Meta, folder: Path) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._lock = threading.Lock()
        self._dense = dense
        self._at = at
        self._meta = meta
        self._folder = folder

    @property
    def version(self) -> int:
        """Grows with every committed change."""
        return self._dense.seq

    @property
    def fingerprint(self) -> str:
        """Names the state; see `rag.protocols.Index.fingerprint`."""
        return f"{self._meta.identity}@{self._dense.seq}@{self._at}"

    def search(self, vector: Vectors, *, k: int, where: Where | None = None) -> list[Match]:
        """The k passages nearest to the vector; see `rag.protocols.Index.search`."""
        if vector.shape != (self._meta.dim,):
            raise ValueError(f"a question vector of shape {vector.shape} was given, ({self._meta.dim},) is needed")
        if k <= 0:
            return []
        allowed = self._allowed(where) if where else None
        return self._matches(self._dense.search(np.asarray(vector, np.float32), k=k, allowed=allowed), name="dense")

    def search_text(self, question: str, *, k: int, where: Where | None = None) -> list[Match]:
        """The k passages that match the question's words best; see `rag.protocols.Index.search_text`.

        The score is that of BM25.
        """
        words = lexical.telling(lexical.terms(question), frequency=self._frequency, passages=self._dense.count)
        if not words or k <= 0:
            return []
        found, join, condition = lexical.match_expression(words), "", ""
        parameters: list[str | int] = [found]
        if where:
            clause, values = _condition(where)
            # CROSS JOIN keeps the order: matches first, each then tested against the filter.
            join = """CROSS JOIN passage ON passage.row = passage_fts.rowid
                      CROSS JOIN article ON article.row = passage.article"""
            condition = f"AND {clause}"
            parameters += values
        rows = self._rows(
            f"""SELECT passage_fts.rowid, -{_SCORE} AS score FROM passage_fts {join}
                WHERE passage_fts MATCH ? {condition} ORDER BY score DESC, passage_fts.rowid LIMIT ?""",  # noqa: S608
            [*parameters, k],
        )
        return self._matches(rows, name="lexical")

    def hits(self, matches: Sequence[Match]) -> list[Hit]:
        """The matches with their articles; see `rag.protocols.Index.hits`."""
        ids = {match.passage.article_id for match in matches}
        query = f"SELECT {ARTICLE_COLUMNS} FROM article WHERE id {_ONE_OF}"  # noqa: S608
        articles = {row[0]: to_article(row) for row in self._rows(query, [json.dumps(sorted(ids))])}
        return [
            Hit(
                passage=match.passage,
                score=match.score,
                ranks=match.ranks,
                article=articles[match.passage.article_id],
                rank=rank,
            )
            for rank, match in enumerate(matches, start=1)
        ]

    def article(self, article_id: str) -> Article:
        """The article as this view holds it; see `rag.protocols.Index.article`."""
        if article_id.isprintable():  # others cannot be stored, nor always be asked for
            for row in self._rows(f"SELECT {ARTICLE_COLUMNS} FROM article WHERE id = ?", [article_id]):  # noqa: S608
                return to_article(row)
        raise NotFoundError(f"there is no article {article_id!r}")

    def articles(self, *, after: str = "", limit: int = 50, where: Where | None = None) -> list[Article]:
        """Articles sorted by id; see `rag.protocols.Index.articles`."""
        clause, values = _condition(where or Where())
        query = f"SELECT {ARTICLE_COLUMNS} FROM article WHERE id > ? AND {clause} ORDER BY id LIMIT ?"  # noqa: S608
        return [to_article(row) for row in self._rows(query, [_bindable(after), *values, max(limit, 0)])]

    def text(self, article_id: str, *, sha256: str) -> str:
        """The article's text that had this hash, be it the present one or a former one.

        Raises:
            NotFoundError: the article never had such a text, or it was forgotten.
        """
        query = """SELECT text FROM article WHERE id = ?1 AND sha256 = ?2
                   UNION ALL SELECT text FROM revision WHERE id = ?1 AND sha256 = ?2 LIMIT 1"""
        for (text,) in self._rows(query, [_bindable(article_id), _bindable(sha256)]):
            return str(text)
        raise NotFoundError(f"article {article_id!r} has no text with sha256 {sha256!r}")

    def stored(self, *, ids: Iterable[str] = (), origins: Iterable[str] = ()) -> list[Stored]:
        """What is remembered of articles; see `rag.protocols.Index.stored`."""
        query = f"SELECT id, digest, origin FROM article WHERE id {_ONE_OF} OR origin {_ONE_OF} ORDER BY id"  # noqa: S608
        rows = self._rows(query, [json.dumps(list(ids)), json.dumps(list(origins))])
        return [Stored(id=article_id, digest=digest, origin=origin) for article_id, digest, origin in rows]

    def counts(self, field: Field, *, limit: int = 200) -> list[tuple[str, int]]:
        """Values with their number of articles; see `rag.protocols.Index.counts`."""
        column, table = {
            "source": ("source", "article"),
            "language": ("language", "article"),
            "tags": ("tag", "article_tag"),
        }[field]
        query = f"""SELECT {column}, count(*) AS articles FROM {table} WHERE {column} IS NOT NULL
                    GROUP BY {column} ORDER BY articles DESC, {column} LIMIT ?"""  # noqa: S608
        return self._rows(query, [limit])

    def facts(self) -> Facts:
        """What there is to know; see `rag.protocols.Index.facts`."""
        [(articles, revisions)] = self._rows(
            "SELECT (SELECT count(*) FROM article), (SELECT count(*) FROM revision)", []
        )
        return Facts(
            articles=articles,
            passages=self._dense.count,
            revisions=revisions,
            version=self.version,
            identity=self._meta.identity,
            format=FORMAT,
            embedder=self._meta.embedder,
            chunker=self._meta.chunker,
            dim=self._meta.dim,
            database_bytes=_bytes(self._folder.glob(f"{DATABASE}*")),
            snapshot_bytes=_bytes((self._folder / SNAPSHOTS).glob("*")),
            changed_since_snapshot=self._dense.changed,
        )

    def end(self) -> None:
        """The transaction is over: using this view from now on is a ValueError."""
        with self._lock:
            self._connection = None

    def _rows(self, query: str, parameters: Sequence[str | int]) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, translated(self._folder):
            if self._connection is None:
                raise ValueError("this view has ended; take a new one with reading()")
            return self._connection.execute(query, parameters).fetchall()

    def _frequency(self, word: str) -> int:
        known = self._dense.frequencies
        if word not in known:
            query = "SELECT count(*) FROM passage_fts WHERE passage_fts MATCH ?"
            [(known[word],)] = self._rows(query, [lexical.match_expression([word])])
        return known[word]

    def _allowed(self, where: Where) -> Rows:
        clause, values = _condition(where)
        query = f"SELECT passage.row FROM article JOIN passage ON passage.article = article.row WHERE {clause}"  # noqa: S608
        return np.array([row for (row,) in self._rows(query, values)], np.int64)

    def _matches(self, scored: Sequence[tuple[int, float]], *, name: str) -> list[Match]:
        passages = self._passages([row for row, _ in scored])
        return [
            Match(passage=passages[row], score=score, ranks={name: rank})
            for rank, (row, score) in enumerate(scored, start=1)
        ]

    def _passages(self, rows: Sequence[int]) -> dict[int, Passage]:
        found = self._rows(
            """SELECT passage.row, article.id, start, "end", substr(article.text, start + 1, "end" - start)
               FROM passage JOIN article ON article.row = passage.article
               WHERE passage.row IN (SELECT value FROM json_each(?))""",
            [json.dumps(rows)],
        )
        return {
            row: Passage(article_id=article_id, row=row, start=start, end=end, text=text)
            for row, article_id, start, end, text in found
        }


def _condition(where: Where) -> tuple[str, list[str]]:
    """An SQL condition over ``article`` and the values for its parameters."""
    tagged = f"article.row IN (SELECT article FROM article_tag WHERE tag {_ONE_OF})"  # noqa: S608
    parts = [
        ("published_at >= ?", where.published_after and instant(where.published_after)),
        ("published_at < ?", where.published_before and instant(where.published_before)),
        (f"source {_ONE_OF}", where.source and json.dumps(where.source)),
        (f"language {_ONE_OF}", where.language and json.dumps(where.language)),
        (f"article.id {_ONE_OF}", where.ids and json.dumps(where.ids)),
        (f"article.id NOT {_ONE_OF}", where.without and json.dumps(where.without)),
        (tagged, where.tags and json.dumps(where.tags)),
    ]
    given = [(clause, value) for clause, value in parts if value]
    return " AND ".join(clause for clause, _ in given) or "TRUE", [value for _, value in given]


def _bindable(text: str) -> str:
    """The text without lone surrogates, which SQLite refuses."""
    return text.encode(errors="replace").decode()


def _bytes(files: Iterable[Path]) -> int:
    """Sizes in sum; a file that goes away meanwhile counts nothing."""
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total
