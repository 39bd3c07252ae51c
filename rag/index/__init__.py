"""The archive on disk: SQLite holds the truth, FAISS follows. The format is described in ``index/README.md``."""

from rag.index.archive import SqliteArchive
from rag.index.verify import verify

__all__ = ["SqliteArchive", "verify"]
