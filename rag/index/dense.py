"""Dense search over one state of the archive: a snapshot, the rows added since, and the rows taken out since."""

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexCorruptError
from rag.index.layout import snapshot_files, snapshot_seq
from rag.protocols import Vectors

if TYPE_CHECKING:
    from rag.index.vectors import DenseSnapshot

DELTA_LIMIT = 4096

_BATCH = 8192
_TIE = 1e-6
_DECIMALS = 6
_LOG = logging.getLogger(__name__)

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseView:
    """The vectors of the archive right after change ``seq``; never altered, so any thread may search it.

    ``base`` is the change of the newest snapshot that was on disk, usable or not. ``rows`` and ``matrix``
    are what was added since the snapshot, rows ascending; ``alive[row]`` says which rows of the snapshot
    are still there, None if all are. ``frequencies`` caches in how many passages of this state a word
    occurs.
    """

    seq: int
    base: int
    snapshot: "DenseSnapshot | None"
    snapshot_last: int
    rows: Rows
    matrix: Vectors
    alive: NDArray[np.bool_] | None = None
    frequencies: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows) + self._kept

    @property
    def changed(self) -> int:
        """How many rows were added to the snapshot and taken out of it."""
        return len(self.rows) + (self.snapshot.count - self._kept if self.snapshot else 0)

    @property
    def _kept(self) -> int:
        if self.snapshot is None:
            return 0
        return self.snapshot.count if self.alive is None else int(self.alive.sum())

    def search(self, vector: Vectors, *, k: int, allowed: Rows | None = None) -> list[tuple[int, float]]:
        """The k best (row, score), ties by row; ``allowed`` lists the rows that may be found, all if None.

        Exact, with a filter too. Scores are rounded, so that equal vectors score the same wherever they
        are kept.
        """
        mask, rows, matrix = self.alive, self.rows, self.matrix
        if allowed is not None:
            mask = np.zeros(int(allowed.max(initial=0)) + 1, dtype=np.bool_)
            mask[allowed] = True
            chosen = np.isin(rows, allowed)
            rows, matrix = rows[chosen], matrix[chosen]
        found, scores = self._search_snapshot(vector, k=k, mask=mask)
        every_row = np.concatenate([found, rows])
        every_score = np.round(np.concatenate([scores, matrix @ vector]).astype(np.float64), _DECIMALS)
        order = np.lexsort((every_row, -every_score))[:k]
        return [(int(every_row[at]), float(every_score[at])) for at in order]

    def _search_snapshot(self, vector: Vectors, *, k: int, mask: NDArray[np.bool_] | None) -> tuple[Rows, Vectors]:
        """At least the k best of the snapshot, with everything that ties with the last of them."""
        if self.snapshot is None:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        wanted = k + 8
        while True:
            wanted = min(wanted, self.snapshot.count)
            rows, scores = self.snapshot.search(vector, k=wanted, allowed=mask)
            if len(rows) < wanted or wanted == self.snapshot.count or scores[-1] < scores[k - 1] - _TIE:
                return rows, scores
            wanted *= 2

    def advance(self, connection: sqlite3.Connection, *, seq: int, dim: int) -> "DenseView":
        """The view after change ``seq``, which must be what the connection's transaction sees."""
        last = int(self.rows[-1]) if len(self.rows) else self.snapshot_last
        rows, matrix = read_vectors(connection, after=last, dim=dim)
        kept = np.ones(len(self.rows), np.bool_)
        alive = self.alive
        removals = "SELECT first, last FROM change WHERE kind = 'remove' AND seq > ? ORDER BY seq"
        for first, final in connection.execute(removals, (self.seq,)):
            kept &= (self.rows < first) | (self.rows > final)
            if self.snapshot is not None and first <= self.snapshot_last:
                if alive is None or alive is self.alive:
                    alive = self._mask()
                alive[first : final + 1] = False
        return DenseView(
            seq=seq,
            base=self.base,
            snapshot=self.snapshot,
            snapshot_last=self.snapshot_last,
            rows=np.concatenate([self.rows[kept], rows]),
            matrix=np.concatenate([self.matrix[kept], matrix]),
            alive=alive,
        )

    def _mask(self) -> NDArray[np.bool_]:
        """A copy of ``alive`` that may be written to."""
        if self.alive is not None:
            return self.alive.copy()
        mask = np.zeros(self.snapshot_last + 1, np.bool_)
        if self.snapshot is not None:
            mask[self.snapshot.rows] = True
        return mask


def open_view(folder: Path, connection: sqlite3.Connection, *, seq: int, dim: int) -> DenseView:
    """The view after change ``seq``, which must be what the connection's transaction sees.

    Starts from the newest snapshot that fits. Without one the vectors come from SQLite; a large archive then
    gets a FAISS index in memory, and a warning is logged.
    """
    base = newest_snapshot(folder, seq=seq)
    view = _from_disk(folder, connection, seq=seq, base=base, dim=dim)
    if view is not None:
        return view.advance(connection, seq=seq, dim=dim)
    (count,) = connection.execute("SELECT count(*) FROM passage").fetchone()
    empty = DenseView(
        seq=0,
        base=base,
        snapshot=None,
        snapshot_last=0,
        rows=np.empty(0, np.int64),
        matrix=np.empty((0, dim), np.float32),
    )
    if count <= DELTA_LIMIT:
        return empty.advance(connection, seq=seq, dim=dim)
    _LOG.warning(
        "%s has no usable snapshot, %d vectors are read from SQLite; rag index compact writes one", folder, count
    )
    return DenseView(
        seq=seq,
        base=base,
        snapshot=build_snapshot(connection, dim=dim),
        snapshot_last=_last_row(connection),
        rows=empty.rows,
        matrix=empty.matrix,
    )


def newest_snapshot(folder: Path, *, seq: int) -> int:
    """The change of the newest snapshot on disk that is not ahead of ``seq``, 0 if there is none."""
    return max((found for found in map(snapshot_seq, snapshot_files(folder)) if found <= seq), default=0)


def build_snapshot(connection: sqlite3.Connection, *, dim: int) -> "DenseSnapshot":
    """All vectors that the connection's transaction sees, in a snapshot in memory."""
    from rag.index import vectors  # loads faiss

    return vectors.build(_batches(connection, after=0, dim=dim), dim=dim)


def read_vectors(connection: sqlite3.Connection, *, after: int, dim: int) -> tuple[Rows, Vectors]:
    """Rows greater than ``after``, ascending, and their vectors, shape (n, dim)."""
    batches = list(_batches(connection, after=after, dim=dim))
    if not batches:
        return np.empty(0, np.int64), np.empty((0, dim), np.float32)
    return np.concatenate([rows for rows, _ in batches]), np.concatenate([matrix for _, matrix in batches])


def _from_disk(folder: Path, connection: sqlite3.Connection, *, seq: int, base: int, dim: int) -> DenseView | None:
    for path in snapshot_files(folder):
        if snapshot_seq(path) > seq:
            continue
        from rag.index import vectors  # loads faiss

        try:
            record, snapshot = vectors.load(path)
        except IndexCorruptError as error:
            _LOG.warning("%s: snapshot ignored: %s", folder, error)
            continue
        belongs = connection.execute("SELECT 1 FROM change WHERE seq = ? AND at = ?", (record.seq, record.at))
        if belongs.fetchone() is None or record.dim != dim:
            _LOG.warning("%s: snapshot %s is of another archive and ignored", folder, path.stem)
            continue
        return DenseView(
            seq=record.seq,
            base=base,
            snapshot=snapshot,
            snapshot_last=int(snapshot.rows[-1]),
            rows=np.empty(0, np.int64),
            matrix=np.empty((0, dim), np.float32),
        )
    return None


def _batches(connection: sqlite3.Connection, *, after: int, dim: int) -> Iterator[tuple[Rows, Vectors]]:
    cursor = connection.execute("SELECT row, value FROM vector WHERE row > ? ORDER BY row", (after,))
    while batch := cursor.fetchmany(_BATCH):
        values = np.frombuffer(b"".join(value for _, value in batch), dtype="<f2")
        if values.size != len(batch) * dim:
            raise IndexCorruptError(f"a vector is not of length {dim}", hint="rag index verify says which")
        yield np.array([row for row, _ in batch], np.int64), values.reshape(-1, dim).astype(np.float32)


def _last_row(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT coalesce(max(row), 0) FROM vector").fetchone()
    return int(last)
