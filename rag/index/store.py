"""SQLite: connections, the record of what the archive was built with, and articles as rows."""

import json
import shlex
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rag.errors import IndexCorruptError, IndexFormatError, IndexMismatchError, IndexMissingError, IndexStoreError
from rag.index.layout import DATABASE, EARLIER_FORMATS, FORMAT, SCHEMA, SNAPSHOTS, settle
from rag.types import Article

ARTICLE_COLUMNS = "article.id, title, article.text, url, source, author, language, published_at, tags"

_BUSY_SECONDS = 10.0
_IDLE_CONNECTIONS = 16
_NOT_ENOUGH_DISK = "database or disk is full"
_SETTINGS = {"embedder": "embedder and precision", "chunker": "passage_tokens and passage_overlap", "dim": "embedder"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What an archive was built with; ``identity`` is random, given when it is made."""

    embedder: str
    chunker: str
    dim: int
    identity: str = ""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors inside the block are raised as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        hint = "free some space and try again" if str(error) == _NOT_ENOUGH_DISK else ""
        raise IndexStoreError(f"{path / DATABASE}: {error}", hint=hint) from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        hint = "rag index verify says what is broken; restore the folder from a backup or ingest into a new collection"
        raise IndexCorruptError(f"{path / DATABASE} is damaged: {error}", hint=hint) from error


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """A connection to the archive in this folder, without implicit transactions; the file must be there."""
    uri = f"{(path / DATABASE).absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA query_only = {not writable}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def create(path: Path, *, meta: Meta) -> None:
    """Makes an empty archive in this folder; call it with the write lock held. Leaves one that is there alone."""
    if (path / DATABASE).exists():
        return
    draft = path / f"{DATABASE}.tmp"
    draft.unlink(missing_ok=True)
    values = {
        "format": str(FORMAT),
        "identity": meta.identity or uuid4().hex,
        "embedder": meta.embedder,
        "chunker": meta.chunker,
        "dim": str(meta.dim),
    }
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN; {SCHEMA}")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    (path / SNAPSHOTS).mkdir(exist_ok=True)
    settle(draft, path / DATABASE)


def read_meta(path: Path) -> Meta:
    """What the archive in this folder was built with.

    Raises:
        IndexMissingError: there is none.
        IndexFormatError: it is of another format, or no archive at all.
        IndexCorruptError: it is not a database, or a damaged one.
    """
    values = read_values(path)
    if values["format"] != str(FORMAT):
        message = f"{path} is of format {values['format']}; this version reads format {FORMAT}"
        raise IndexFormatError(message, hint=upgrade_command(path))
    try:
        return Meta(
            embedder=values["embedder"],
            chunker=values["chunker"],
            dim=int(values["dim"]),
            identity=values["identity"],
        )
    except (KeyError, ValueError) as error:
        raise IndexCorruptError(f"{path / DATABASE} does not say what it was built with") from error


def read_values(path: Path) -> dict[str, str]:
    """The ``meta`` table of the archive in this folder, of this format or an earlier one.

    Raises:
        IndexMissingError: there is none.
        IndexFormatError: it is of a later format, or no archive at all.
        IndexCorruptError: it is not a database, or a damaged one.
    """
    if not (path / DATABASE).is_file():
        raise IndexMissingError(
            f"there is no index in {path}", hint=f"rag ingest PATH --index {path.parent} --collection {path.name}"
        )
    with translated(path):
        connection = connect(path, writable=False)
        try:
            tables = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchall()
            values = dict(connection.execute("SELECT key, value FROM meta")) if tables else {}
        finally:
            connection.close()
    number = values.get("format", "unknown")
    if number in map(str, (*EARLIER_FORMATS, FORMAT)):
        return values
    if number.isdecimal() and int(number) > FORMAT:
        message = f"{path} is of format {number}, made by a newer version of Quoth: update it"
        raise IndexFormatError(message, hint=f"this version reads format {FORMAT}")
    raise IndexFormatError(
        f"{path} is of format {number}; this version reads format {FORMAT}",
        hint="ingest the articles into a new collection: rag ingest PATH --collection NAME",
    )


def identity(connection: sqlite3.Connection) -> str:
    """The identity of the archive as the connection's transaction sees it."""
    query = "SELECT value FROM meta WHERE key = 'identity'"
    return next((str(value) for (value,) in connection.execute(query)), "")


def require_same(path: Path, *, stored: Meta, wanted: Meta) -> None:
    """Does nothing if an archive fits what is in use.

    Raises:
        IndexMismatchError: it was built with another embedder or chunker.
    """
    for part in ("embedder", "chunker", "dim"):
        was, now = getattr(stored, part), getattr(wanted, part)
        if was != now:
            hint = f"set {_SETTINGS[part]} back, or rebuild it: {upgrade_command(path)}"
            raise IndexMismatchError(f"{path} was built with {part} {was}, but {now} is in use", hint=hint)


def upgrade_command(path: Path) -> str:
    """The command that rebuilds the archive in this folder with what is in use."""
    return shlex.join(["rag", "index", "upgrade", "--index", str(path.parent), "--collection", path.name])


class ConnectionPool:
    """A pool of reading connections, each used by one caller at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection with a read transaction begun; what it reads first fixes what it sees."""
        with self._lock:
            if self._closed:
                raise ValueError("the archive is closed")
            connection = self._idle.pop() if self._idle else None
        with translated(self._path):
            connection = connection or connect(self._path, writable=False)
        try:
            with translated(self._path):
                connection.execute("BEGIN")
            yield connection
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Closes the idle connections; one in use is closed when its transaction ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except sqlite3.Error:
            connection.close()
            return
        with self._lock:
            keep = not self._closed and len(self._idle) < _IDLE_CONNECTIONS
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()


def instant(moment: datetime) -> str:
    """The moment in UTC, written so that earlier ones sort first; one without a timezone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def to_article(row: tuple[str, ...]) -> Article:
    """The article of a row of `ARTICLE_COLUMNS`."""
    article_id, title, text, url, source, author, language, published_at, tags = row
    return Article(
        id=article_id,
        title=title,
        text=text,
        url=url,
        source=source,
        author=author,
        language=language,
        published_at=datetime.fromisoformat(published_at) if published_at else None,
        tags=tuple(json.loads(tags)),
    )
