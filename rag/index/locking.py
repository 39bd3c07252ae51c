"""The lock that whoever changes a collection's folder holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexLockedError, IndexStoreError
from rag.index.layout import LOCK

LOCK_SECONDS = 10.0


@contextmanager
def write_lock(folder: Path, *, seconds: float) -> Iterator[None]:
    """All other writers, of this process too, are locked out inside the block.

    Raises:
        IndexLockedError: someone else is writing and did not finish in time.
        IndexStoreError: the folder cannot be written to.
    """
    lock = FileLock(folder / LOCK, timeout=seconds)
    try:
        lock.acquire()
    except Timeout as error:
        raise locked_error(folder) from error
    except OSError as error:
        raise IndexStoreError(f"{folder} cannot be written to: {error}") from error
    try:
        yield
    finally:
        lock.release()


def locked_error(folder: Path) -> IndexLockedError:
    """The error to raise when the lock was not to be had."""
    return IndexLockedError(
        f"{folder} is being written to", hint="wait for the other rag ingest, upload or upgrade to finish"
    )
