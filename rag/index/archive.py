"""A collection on disk: any number of views, one writer."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import IndexMismatchError, IndexStoreError
from rag.index import snapshots, store
from rag.index.dense import DenseView, newest_snapshot, open_view
from rag.index.layout import DATABASE, DRAFT
from rag.index.locking import LOCK_SECONDS, locked_error, write_lock
from rag.index.searcher import Searcher
from rag.index.store import Meta
from rag.index.verify import verify
from rag.index.writer import SqliteWriter
from rag.protocols import Archive


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
            with store.translated(path), write_lock(path, seconds=lock_seconds):
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
        """A view of the latest committed state, usable inside the block; never waits for the writer.

        Raises:
            IndexMismatchError: the archive was upgraded since it was opened.
        """
        with self._pool.transaction() as connection:
            with store.translated(self._path):
                dense = self._matching_view(connection)
                _, at = snapshots.last_change(connection)
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
            IndexMismatchError: the archive was upgraded since it was opened.
        """
        with self._exclusive() as connection:
            writer = SqliteWriter(connection, meta=self._meta, folder=self._path)
            yield writer
            with store.translated(self._path):
                if writer.forgot:
                    snapshots.drop(self._path)
                    shutil.rmtree(self._path / DRAFT, ignore_errors=True)  # of an upgrade that was killed
                if writer.forgot or snapshots.due(self._path, connection):
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
            snapshots.drop(self._path)
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
            self._require_unchanged(connection)
            seq, _ = snapshots.last_change(connection)
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
            raise locked_error(self._path)
        try:
            with write_lock(self._path, seconds=self._lock_seconds):
                with store.translated(self._path):
                    connection = store.connect(self._path, writable=True)
                try:
                    with store.translated(self._path):
                        self._require_unchanged(connection)
                    yield connection
                finally:
                    connection.close()
        finally:
            self._write_lock.release()

    def _require_unchanged(self, connection: sqlite3.Connection) -> None:
        """Does nothing if the file is still the archive that was opened: an upgrade gives it another identity."""
        if store.identity(connection) != self._meta.identity:
            raise IndexMismatchError(
                f"{self._path} was upgraded meanwhile", hint="restart this program, e.g. rag serve"
            )

    def _save_snapshot(self, connection: sqlite3.Connection) -> None:
        if snapshots.save(self._path, connection, dim=self._meta.dim):
            with self._view_lock:
                self._view = None
