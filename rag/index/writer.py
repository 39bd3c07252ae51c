"""The writer: everything that changes an archive, in transactions."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.index.store import Meta, instant, translated
from rag.protocols import Entry, Outcome, Vectors

_UNIT_TOLERANCE = 1e-2


class SqliteWriter:
    """Implements `rag.protocols.Writer` on a connection that holds the write lock."""

    def __init__(self, connection: sqlite3.Connection, *, meta: Meta, folder: Path) -> None:
        self._connection = connection
        self._meta = meta
        self._folder = folder
        self.forgot = False

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Adds or replaces all of them in one transaction; see `rag.protocols.Writer.put`.

        Raises:
            ValueError: passages or vectors do not belong to their article; nothing was stored.
        """
        for entry in entries:
            self._check(entry)
        with self._transaction():
            return [self._put(entry) for entry in entries]

    def move(self, origins: Mapping[str, str]) -> None:
        """Records where articles now come from; see `rag.protocols.Writer.move`."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE article SET origin = ? WHERE id = ?", [(origin, name) for name, origin in origins.items()]
            )

    def delete(self, article_ids: Iterable[str]) -> list[str]:
        """Takes articles out in one transaction; the ids that were there. Former text stays as a revision."""
        with self._transaction():
            return [article_id for article_id in article_ids if self._remove(article_id)]

    def forget(self, article_ids: Iterable[str]) -> list[str]:
        """Takes articles and all their former texts out for good; the ids of which there was anything.

        When the writer is done the files hold no trace of them: freed pages are overwritten, the full-text
        index is merged and a fresh snapshot replaces the others. Costs time in proportion to the archive.
        """
        self._connection.execute("PRAGMA secure_delete = ON")
        self.forgot = True
        gone = []
        with self._transaction():
            for article_id in article_ids:
                there = self._remove(article_id)
                former = self._connection.execute("DELETE FROM revision WHERE id = ?", (article_id,)).rowcount
                if there or former:
                    gone.append(article_id)
            self._connection.execute("INSERT INTO passage_fts (passage_fts) VALUES ('optimize')")
        return gone

    def origins(self) -> dict[str, str]:
        """Article id -> origin, for the articles that have one."""
        return dict(self._connection.execute("SELECT id, origin FROM article WHERE origin IS NOT NULL ORDER BY id"))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self._folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.rollback()

    def _check(self, entry: Entry) -> None:
        article, vectors = entry.article, entry.vectors
        if not entry.passages:
            raise ValueError(f"article {article.id!r} came without passages")
        for passage in entry.passages:
            if passage.article_id != article.id or passage.text != article.text[passage.start : passage.end]:
                raise ValueError(f"passage {passage.start}:{passage.end} is no slice of article {article.id!r}")
        if vectors.shape != (len(entry.passages), self._meta.dim):
            raise ValueError(f"vectors of {article.id!r} have shape {vectors.shape}")
        if not np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1.0) <= _UNIT_TOLERANCE):
            raise ValueError(f"vectors of {article.id!r} are not of unit length")

    def _put(self, entry: Entry) -> Outcome:
        article = entry.article
        now = instant(datetime.now(UTC))
        query = "SELECT sha256, ingested_at FROM article WHERE id = ?"
        stored = self._connection.execute(query, (article.id,)).fetchone()
        if stored:
            self._remove(article.id, replaced_by=article.sha256)
        same_text = stored and stored[0] == article.sha256
        self._insert(entry, ingested_at=stored[1] if same_text else now)
        return "replaced" if stored else "added"

    def _insert(self, entry: Entry, *, ingested_at: str) -> None:
        article, execute = entry.article, self._connection.execute
        owner = execute(
            """INSERT INTO article (id, title, text, url, source, author, language, published_at, tags, sha256,
                                    digest, origin, ingested_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                article.id,
                article.title,
                article.text,
                article.url,
                article.source,
                article.author,
                article.language,
                instant(article.published_at) if article.published_at else None,
                json.dumps(article.tags, ensure_ascii=False),
                article.sha256,
                article.digest,
                entry.origin,
                ingested_at,
            ),
        ).lastrowid
        self._connection.executemany("INSERT INTO article_tag VALUES (?, ?)", [(tag, owner) for tag in article.tags])
        first = 1 + self._newest_passage()
        rows = range(first, first + len(entry.passages))
        execute_many = self._connection.executemany
        places = [(row, owner, passage.start, passage.end) for row, passage in zip(rows, entry.passages, strict=True)]
        execute_many('INSERT INTO passage (row, article, start, "end") VALUES (?, ?, ?, ?)', places)
        execute_many("INSERT INTO vector VALUES (?, ?)", zip(rows, _blobs(entry.vectors), strict=True))
        span = (rows[0], rows[-1])
        execute(
            """INSERT INTO passage_fts (rowid, title, text)
               SELECT row, title, text FROM passage_text WHERE row BETWEEN ? AND ?""",
            span,
        )
        self._log("add", *span)

    def _newest_passage(self) -> int:
        """The highest row number ever given to a passage: as AUTOINCREMENT records it."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'passage'"
        for (seq,) in self._connection.execute(query):
            return int(seq)
        return 0

    def _remove(self, article_id: str, *, replaced_by: str = "") -> bool:
        """Takes an article out, keeping its text as a revision unless its successor has the same."""
        execute = self._connection.execute
        query = """SELECT article.row, min(passage.row), max(passage.row)
                   FROM article JOIN passage ON passage.article = article.row WHERE id = ? GROUP BY article.row"""
        found = execute(query, (article_id,)).fetchone()
        if found is None:
            return False
        row, *span = found
        execute(
            """INSERT INTO revision (id, sha256, text, valid_from, valid_to)
               SELECT id, sha256, text, ingested_at, ? FROM article WHERE row = ? AND sha256 != ?""",
            (instant(datetime.now(UTC)), row, replaced_by),
        )
        # The full-text index keeps no text of its own and must be given what it indexed.
        execute(
            """INSERT INTO passage_fts (passage_fts, rowid, title, text)
               SELECT 'delete', row, title, text FROM passage_text WHERE row BETWEEN ? AND ?""",
            span,
        )
        execute("DELETE FROM passage WHERE article = ?", (row,))
        execute("DELETE FROM article WHERE row = ?", (row,))
        self._log("remove", *span)
        return True

    def _log(self, kind: str, first: int, last: int) -> None:
        change = (kind, first, last, instant(datetime.now(UTC)))
        self._connection.execute("INSERT INTO change (kind, first, last, at) VALUES (?, ?, ?, ?)", change)


def _blobs(vectors: Vectors) -> list[bytes]:
    """Each vector as stored: little-endian half-precision."""
    return [row.tobytes() for row in vectors.astype("<f2")]
