"""Snapshots as files: when one is due, writing it, deleting those that are no longer needed."""

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path

from rag.index.dense import DELTA_LIMIT, build_snapshot, newest_snapshot
from rag.index.layout import SNAPSHOTS, snapshot_files, snapshot_seq

_SMALL_DELTA = 512
_DELTA_SHARE = 0.1
_KEPT = 2
_LOG = logging.getLogger(__name__)


def last_change(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and time of the newest change; (0, "") before the first."""
    newest = connection.execute("SELECT seq, at FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    return newest or (0, "")


def due(folder: Path, connection: sqlite3.Connection) -> bool:
    """Whether so many rows changed since the newest snapshot that the next should be made."""
    seq, _ = last_change(connection)
    base = newest_snapshot(folder, seq=seq)
    query = "SELECT coalesce(sum(last - first + 1), 0) FROM change WHERE seq > ?"
    (changed,) = connection.execute(query, (base,)).fetchone()
    if changed <= _SMALL_DELTA:
        return False
    (count,) = connection.execute("SELECT count(*) FROM passage").fetchone()
    return bool(changed > min(DELTA_LIMIT, max(_SMALL_DELTA, _DELTA_SHARE * count)))


def save(folder: Path, connection: sqlite3.Connection, *, dim: int) -> bool:
    """Writes a snapshot of all vectors and deletes older ones but one; whether it could.

    A failure is only logged, since SQLite has the vectors too.
    """
    seq, at = last_change(connection)
    (any_row,) = connection.execute("SELECT EXISTS (SELECT 1 FROM vector)").fetchone()
    if any_row:
        try:
            build_snapshot(connection, dim=dim).save(folder, seq=seq, at=at)
        except (OSError, RuntimeError) as error:  # FAISS reports a full disk as a RuntimeError
            _LOG.warning("%s: no snapshot could be written: %s", folder, error)
            return False
    drop(folder, keep=_KEPT, ahead_of=seq)
    return True


def drop(folder: Path, *, keep: int = 0, ahead_of: int | None = None) -> None:
    """Deletes all snapshot files but those of the newest few; ones ahead of a change are never kept.

    A file that another process has mapped stays readable to it.
    """
    records = snapshot_files(folder)
    if ahead_of is not None:
        records = [record for record in records if snapshot_seq(record) <= ahead_of]
    stems = {record.stem for record in records[:keep]}
    for file in (folder / SNAPSHOTS).glob("*"):
        if file.stem not in stems:
            with suppress(OSError):
                file.unlink()
