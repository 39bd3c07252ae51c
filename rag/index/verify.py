"""Integrity check: what is inconsistent or damaged in an archive."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import IndexCorruptError
from rag.index import store
from rag.index.layout import SNAPSHOTS, snapshot_files

if TYPE_CHECKING:
    from rag.index.vectors import DenseSnapshot

_NORM_TOLERANCE = 2e-2
_BATCH = 4096


def verify(path: Path) -> list[str]:
    """What is wrong with the archive in this folder, in words; empty if nothing is.

    Reads everything. Others may read meanwhile, and write once the full-text index is done. A damaged
    snapshot is a finding although nothing is lost by it: ``rag index compact`` makes a fresh one.

    Raises:
        IndexMissingError: there is no archive.
        IndexFormatError: it is of another format.
    """
    try:
        meta = store.read_meta(path)
        with store.translated(path):
            connection = store.connect(path, writable=True)  # FTS5 checks itself by way of an INSERT
            try:
                connection.execute("BEGIN IMMEDIATE")
                findings = list(_full_text(connection))
                connection.rollback()
                connection.execute("BEGIN")
                return findings + [finding for check in _CHECKS for finding in check(path, connection, meta.dim)]
            finally:
                connection.close()
    except IndexCorruptError as error:
        return [error.message]


def _database(_path: Path, connection: sqlite3.Connection, _dim: int) -> Iterator[str]:
    """SQLite's own checks."""
    for (finding,) in connection.execute("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"database: {finding}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"database: row {row} of {table} refers to a row of {parent} that is not there"


def _texts(_path: Path, connection: sqlite3.Connection, _dim: int) -> Iterator[str]:
    for table in ("article", "revision"):
        for name, text, sha256 in connection.execute(f"SELECT id, text, sha256 FROM {table}"):  # noqa: S608
            if hashlib.sha256(text.encode()).hexdigest() != sha256:
                yield f"{table} {name!r}: its text is not what was stored, the sha256 differs"


def _articles(_path: Path, connection: sqlite3.Connection, _dim: int) -> Iterator[str]:
    for digest, *row in connection.execute(f"SELECT digest, {store.ARTICLE_COLUMNS} FROM article"):  # noqa: S608
        try:
            article = store.to_article(tuple(row))
        except ValueError as error:
            yield f"article {row[0]!r}: {error}"
            continue
        if article.digest != digest:
            yield f"article {article.id!r}: its metadata is not what was stored, the digest differs"
    tags = "SELECT article.row, value FROM article, json_each(article.tags)"
    stored = "SELECT article, tag FROM article_tag"
    for row, tag in connection.execute(
        f"SELECT * FROM ({tags} EXCEPT {stored}) UNION SELECT * FROM ({stored} EXCEPT {tags})"  # noqa: S608
    ):
        yield f"article row {row}: tag {tag!r} is listed in one place only"


def _passages(_path: Path, connection: sqlite3.Connection, _dim: int) -> Iterator[str]:
    query = """SELECT passage.row, id FROM passage JOIN article ON article.row = passage.article
               WHERE "end" > length(text)"""
    for row, article_id in connection.execute(query):
        yield f"passage {row} ends after the text of article {article_id!r}"
    query = "SELECT id FROM article WHERE row NOT IN (SELECT article FROM passage)"
    for (article_id,) in connection.execute(query):
        yield f"article {article_id!r} has no passage"


def _full_text(connection: sqlite3.Connection) -> Iterator[str]:
    try:
        connection.execute("INSERT INTO passage_fts (passage_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        yield f"full-text index: does not agree with the passages ({error})"


def _vectors(_path: Path, connection: sqlite3.Connection, dim: int) -> Iterator[str]:
    for (row,) in connection.execute("SELECT row FROM passage EXCEPT SELECT row FROM vector"):
        yield f"passage {row} has no vector"
    for row, value in connection.execute("SELECT row, value FROM vector"):
        if len(value) != 2 * dim:
            yield f"vector {row} has {len(value)} bytes, not {2 * dim}"
            continue
        norm = float(np.linalg.norm(np.frombuffer(value, "<f2").astype(np.float32)))
        if not abs(norm - 1.0) <= _NORM_TOLERANCE:
            yield f"vector {row} is of length {norm:.3f}, not 1"


def _changes(_path: Path, connection: sqlite3.Connection, _dim: int) -> Iterator[str]:
    """Change numbers have no gaps: that of a transaction rolled back is used again."""
    count, last = connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM change").fetchone()
    if count != last:
        yield f"change log: {last - count} of {last} changes missing"


def _snapshots(path: Path, connection: sqlite3.Connection, dim: int) -> Iterator[str]:
    """Each snapshot must load and hold, of the rows that are still there, just those of its time, vector for vector."""
    from rag.index import vectors  # loads faiss

    for record_path in snapshot_files(path):
        name = f"{SNAPSHOTS}/{record_path.stem}"
        try:
            record, snapshot = vectors.load(record_path)
        except IndexCorruptError as error:
            yield f"{name}: {error.message}"
            continue
        query = "SELECT 1 FROM change WHERE seq = ? AND at = ?"
        if connection.execute(query, (record.seq, record.at)).fetchone() is None or record.dim != dim:
            yield f"{name}: belongs to another archive"
            continue
        yield from (f"{name}: {finding}" for finding in _differences(snapshot, record.seq, connection, dim))


def _differences(snapshot: "DenseSnapshot", seq: int, connection: sqlite3.Connection, dim: int) -> Iterator[str]:
    newest = "SELECT max(last) FROM change WHERE kind = 'add' AND seq <= ?"
    query = f"SELECT row, value FROM vector WHERE row <= ({newest}) ORDER BY row"  # noqa: S608
    cursor = connection.execute(query, (seq,))
    known = set(snapshot.rows.tolist())
    while batch := cursor.fetchmany(_BATCH):
        yield from (f"row {row} is missing" for row, _ in batch if row not in known)
        shared = [(row, value) for row, value in batch if row in known and len(value) == 2 * dim]
        rows = np.array([row for row, _ in shared], np.int64)
        stored = np.frombuffer(b"".join(value for _, value in shared), "<f2").reshape(-1, dim).astype(np.float32)
        differing = (snapshot.vectors(rows) != stored).any(axis=1)
        yield from (f"the vector of row {row} differs" for row in rows[differing])


_CHECKS: tuple[Callable[[Path, sqlite3.Connection, int], Iterator[str]], ...] = (
    _database,
    _texts,
    _articles,
    _passages,
    _vectors,
    _changes,
    _snapshots,
)
