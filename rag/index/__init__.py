"""The archive on disk: SQLite is the primary store, FAISS snapshots are derived from it.

The format is described in ``index/README.md``.
"""

from rag.index.archive import SqliteArchive
from rag.index.upgrade import upgrade
from rag.index.verify import verify

__all__ = ["SqliteArchive", "upgrade", "verify"]
