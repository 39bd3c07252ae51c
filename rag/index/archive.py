"""A collection on disk: any number of views, one writer."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexLockedError, IndexStoreError
from rag.index import store
from rag.index.dense import DELTA_LIMIT, DenseView, build_snapshot, newest_snapshot, open_view
from rag.index.layout import DATABASE, LOCK, SNAPSHOTS, snapshot_files, snapshot_seq
from rag.index.searcher import Searcher
from rag.index.store import Meta
from rag.index.verify import verify
from rag.index.writer import SqliteWriter
from rag.protocols import Archive

LOCK_SECONDS = 10.0

_SMALL_DELTA = 512
_DELTA_SHARE = 0.1
_KEPT_SNAPSHOTS = 2
_LOG = logging.getLogger(__name__)


class SqliteArchive(Archive):
    """Implements `rag.protocols.Archive` with SQLite and FAISS; made by `open` or `inspect`."""

    def __init__(self, path: Path, *, meta: Meta, lock_seconds: float) -> None:
        self._path = path
        self._meta = meta
        self._lock_seconds = lock_seconds
        self._pool = store.ConnectionPool(path)
        self._view: DenseView | None = None
        self._view_lock = threading.Lock()
        self._write_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        embedder_fingerprint: str,
        chunker_fingerprint: str,
        dim: int,
        create: bool = False,
        lock_seconds: float = LOCK_SECONDS,
    ) -> "SqliteArchive":
        """The archive in this folder; with ``create``, an empty one is made where there is none.

        Raises:
            IndexMissingError: there is none.
            IndexMismatchError: it was built with another embedder or chunker.
            IndexFormatError: it is of another format.
            IndexCorruptError: it is damaged.
        """
        wanted = Meta(embedder=embedder_fingerprint, chunker=chunker_fingerprint, dim=dim)
        if create and not (path / DATABASE).exists():
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise IndexStoreError(f"{path} cannot be made: {error}") from error
            with store.translated(path), _file_lock(path, seconds=lock_seconds):
                store.create(path, meta=wanted)
        archive = cls.inspect(path, lock_seconds=lock_seconds)
        store.require_same(path, stored=archive.meta, wanted=wanted)
        return archive

    @classmethod
    def inspect(cls, path: Path, *, lock_seconds: float = LOCK_SECONDS) -> "SqliteArchive":
        """The archive in this folder whatever it was built with, for looking at it without models.

        Raises:
            IndexMissingError: there is none.
            IndexFormatError: it is of another format.
            IndexCorruptError: it is damaged.
        """
        return cls(path, meta=store.read_meta(path), lock_seconds=lock_seconds)

    @property
    def meta(self) -> Meta:
        """What it was built with."""
        return self._meta

    @contextmanager
    def reading(self) -> Iterator[Searcher]:
        """A view of the latest committed state, usable inside the block; never waits for the writer."""
        with self._pool.transaction() as connection:
            with store.translated(self._path):
                dense = self._matching_view(connection)
                _, at = _last_change(connection)
            searcher = Searcher(connection, dense=dense, at=at, meta=self._meta, folder=self._path)
            try:
                yield searcher
            finally:
                searcher.end()

    @contextmanager
    def writing(self) -> Iterator[SqliteWriter]:
        """The writer; when the block ends and much has changed, a fresh snapshot is made.

        Raises:
            IndexLockedError: someone else is writing and did not finish in time.
        """
        with self._exclusive() as connection:
            writer = SqliteWriter(connection, meta=self._meta, folder=self._path)
            yield writer
            with store.translated(self._path):
                if writer.forgot:
                    self._drop_snapshots(keep=0)
                if writer.forgot or _snapshot_due(self._path, connection):
                    self._save_snapshot(connection)
                if writer.forgot:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def verify(self) -> list[str]:
        """What does not hold together, a line each; see `rag.index.verify.verify`."""
        return verify(self._path)

    def compact(self) -> None:
        """Returns freed space to the file system, merges the full-text index and makes a fresh snapshot.

        Readers go on meanwhile. Needs about as much free disk as the archive takes.

        Raises:
            IndexLockedError: someone else is writing and did not finish in time.
        """
        with self._exclusive() as connection, store.translated(self._path):
            connection.execute("INSERT INTO passage_fts (passage_fts) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._drop_snapshots(keep=0)
            self._save_snapshot(connection)

    def close(self) -> None:
        """Closes all files; views must not be in use."""
        self._pool.close()
        with self._view_lock:
            self._view = None

    def _matching_view(self, connection: sqlite3.Connection) -> DenseView:
        """The dense view of exactly the state that the connection's transaction sees.

        If a newer one is published already, the transaction is begun again.
        """
        while True:
            seq, _ = _last_change(connection)
            view = self._view
            if view is None or view.seq < seq:
                view = self._publish(connection, seq=seq)
            if view.seq == seq:
                return view
            connection.rollback()
            connection.execute("BEGIN")

    def _publish(self, connection: sqlite3.Connection, *, seq: int) -> DenseView:
        """Swaps the published view for that of ``seq``, unless it is as new already; the published one."""
        with self._view_lock:
            view = self._view
            if view is None or (view.seq < seq and newest_snapshot(self._path, seq=seq) > view.base):
                view = open_view(self._path, connection, seq=seq, dim=self._meta.dim)
            elif view.seq < seq:
                view = view.advance(connection, seq=seq, dim=self._meta.dim)
            self._view = view
            return view

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        """A connection that may write, with all other writers locked out."""
        if not self._write_lock.acquire(timeout=self._lock_seconds):
            raise _locked_error(self._path)
        try:
            with _file_lock(self._path, seconds=self._lock_seconds):
                with store.translated(self._path):
                    connection = store.connect(self._path, writable=True)
                try:
                    yield connection
                finally:
                    connection.close()
        finally:
            self._write_lock.release()

    def _save_snapshot(self, connection: sqlite3.Connection) -> None:
        """Writes a snapshot of all vectors; a failure is only logged, since SQLite has them too."""
        seq, at = _last_change(connection)
        (any_row,) = connection.execute("SELECT EXISTS (SELECT 1 FROM vector)").fetchone()
        if any_row:
            try:
                build_snapshot(connection, dim=self._meta.dim).save(self._path, seq=seq, at=at)
            except (OSError, RuntimeError) as error:  # FAISS reports a full disk as a RuntimeError
                _LOG.warning("%s: no snapshot could be written: %s", self._path, error)
                return
        self._drop_snapshots(keep=_KEPT_SNAPSHOTS, ahead_of=seq)
        with self._view_lock:
            self._view = None

    def _drop_snapshots(self, *, keep: int, ahead_of: int | None = None) -> None:
        """Deletes all snapshot files but those of the newest few; ones ahead of a change are never kept.

        A file that another process has mapped stays readable to it.
        """
        records = snapshot_files(self._path)
        if ahead_of is not None:
            records = [record for record in records if snapshot_seq(record) <= ahead_of]
        stems = {record.stem for record in records[:keep]}
        for file in (self._path / SNAPSHOTS).glob("*"):
            if file.stem not in stems:
                with suppress(OSError):
                    file.unlink()


def _last_change(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and time of the newest change; (0, "") before the first."""
    newest = connection.execute("SELECT seq, at FROM change ORDER BY seq DESC LIMIT 1").fetchone()
    return newest or (0, "")


def _snapshot_due(folder: Path, connection: sqlite3.Connection) -> bool:
    """Whether so many rows changed since the newest snapshot that the next should be made."""
    seq, _ = _last_change(connection)
    base = newest_snapshot(folder, seq=seq)
    query = "SELECT coalesce(sum(last - first + 1), 0) FROM change WHERE seq > ?"
    (changed,) = connection.execute(query, (base,)).fetchone()
    if changed <= _SMALL_DELTA:
        return False
    (count,) = connection.execute("SELECT count(*) FROM passage").fetchone()
    return bool(changed > min(DELTA_LIMIT, max(_SMALL_DELTA, _DELTA_SHARE * count)))


@contextmanager
def _file_lock(folder: Path, *, seconds: float) -> Iterator[None]:
    lock = FileLock(folder / LOCK, timeout=seconds)
    try:
        lock.acquire()
    except Timeout as error:
        raise _locked_error(folder) from error
    except OSError as error:
        raise IndexStoreError(f"{folder} cannot be written to: {error}") from error
    try:
        yield
    finally:
        lock.release()


def _locked_error(folder: Path) -> IndexLockedError:
    return IndexLockedError(f"{folder} is being written to", hint="wait for the other rag ingest or upload to finish")
