"""An archive of any known format, rebuilt from its articles and former texts with the parts in use.

The new archive is made in a draft folder, verified, and copied over the old one in one SQLite transaction: whoever
is killed meanwhile leaves the old archive or the new one, and other processes never see a mixture.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TypeAlias

from rag.errors import IndexCorruptError, IndexStoreError
from rag.index import snapshots, store
from rag.index.layout import DATABASE, DRAFT, FORMAT
from rag.index.locking import LOCK_SECONDS, write_lock
from rag.index.store import Meta
from rag.index.verify import verify
from rag.index.writer import SqliteWriter
from rag.protocols import Entry
from rag.types import Article

Entries: TypeAlias = Callable[[Sequence[tuple[Article, str | None]]], Sequence[Entry]]
Counting: TypeAlias = Callable[[int], AbstractContextManager[Callable[[int], None]]]

_BATCH = 64
_REVISION = "row, id, sha256, text, valid_from, valid_to"
_COMPARED = {  # the hashes stand for the rest, `verify` recomputes them
    "article": "id, sha256, digest, origin, ingested_at",
    "revision": "row, id, sha256, valid_from, valid_to",
}


def upgrade(
    path: Path,
    *,
    embedder_fingerprint: str,
    chunker_fingerprint: str,
    dim: int,
    entries: Entries,
    counting: Counting | None = None,
    lock_seconds: float = LOCK_SECONDS,
) -> bool:
    """Rebuilds the archive in this folder; False if it is current: of this format, embedder and chunker.

    Articles keep id, digest, origin and time of ingest, and former texts are kept; passages, words, vectors,
    changes and snapshots are new, and so is the identity. The old archive stays until the new one has been
    verified. Others may read meanwhile, not write. Free disk of about twice the archive is needed.

    ``entries`` cuts and embeds articles, each given with its origin. ``counting`` is entered with the number
    of articles and gives what is told how many are done.

    Raises:
        IndexMissingError: there is none.
        IndexFormatError: it is of a later format, or no archive at all.
        IndexLockedError: someone else is writing and did not finish in time.
        IndexCorruptError: it is damaged, or the new one does not verify.
        IndexStoreError: the disk is full or cannot be written to.
    """
    wanted = Meta(embedder=embedder_fingerprint, chunker=chunker_fingerprint, dim=dim)
    store.read_values(path)
    with write_lock(path, seconds=lock_seconds), _draft_folder(path) as draft:
        if _is_current(store.read_values(path), wanted):
            return False
        with store.translated(path):
            _build(path, draft, wanted=wanted, entries=entries, counting=counting or _uncounted)
        findings = verify(draft)
        if findings:
            raise IndexCorruptError(f"{path} stays as it was, rebuilt it does not verify: {findings[0]}")
        with store.translated(path):
            _replace(path, draft, dim=dim)
    return True


def _is_current(stored: Mapping[str, str], wanted: Meta) -> bool:
    needed = {
        "format": str(FORMAT),
        "embedder": wanted.embedder,
        "chunker": wanted.chunker,
        "dim": str(wanted.dim),
    }
    return needed.items() <= stored.items()


@contextmanager
def _draft_folder(path: Path) -> Iterator[Path]:
    """An empty folder for the new archive, deleted in the end; one that a killed upgrade left is deleted first."""
    draft = path / DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
    except OSError as error:
        raise IndexStoreError(f"{path} cannot be written to: {error}") from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _build(path: Path, draft: Path, *, wanted: Meta, entries: Entries, counting: Counting) -> None:
    """Makes the new archive in the draft folder."""
    store.create(draft, meta=wanted)
    with closing(store.connect(draft, writable=True)) as connection:
        connection.execute("ATTACH ? AS old", (f"{(path / DATABASE).absolute().as_uri()}?mode=ro",))
        writer = SqliteWriter(connection, meta=wanted, folder=draft)
        (total,) = connection.execute("SELECT count(*) FROM old.article").fetchone()
        done = 0
        with counting(total) as progress:
            for batch in _articles(path, connection):
                writer.put(entries(batch))
                done += len(batch)
                progress(done)
        connection.execute(
            "UPDATE article SET ingested_at = (SELECT ingested_at FROM old.article AS was WHERE was.id = article.id)"
        )
        connection.execute(f"INSERT INTO revision ({_REVISION}) SELECT {_REVISION} FROM old.revision")  # noqa: S608
        for table, columns in _COMPARED.items():
            lost = f"SELECT {columns} FROM old.{table} EXCEPT SELECT {columns} FROM main.{table}"  # noqa: S608
            (count,) = connection.execute(f"SELECT count(*) FROM ({lost})").fetchone()  # noqa: S608
            if count:
                raise IndexCorruptError(f"{path} stays as it was: {count} rows of {table} did not come along whole")


def _articles(path: Path, connection: sqlite3.Connection) -> Iterator[list[tuple[Article, str | None]]]:
    """The articles of the old archive with their origins, in the order they came, a batch at a time."""
    query = f"""SELECT row, digest, origin, {store.ARTICLE_COLUMNS} FROM old.article AS article
                WHERE row > ? ORDER BY row LIMIT {_BATCH}"""  # noqa: S608
    last = 0
    while rows := connection.execute(query, (last,)).fetchall():
        yield [(_article(path, digest, tuple(columns)), origin) for _, digest, origin, *columns in rows]
        last = rows[-1][0]


def _article(path: Path, digest: str, columns: tuple[str, ...]) -> Article:
    """The article of a row, which must be what was stored.

    Raises:
        IndexCorruptError: it is not.
    """
    message = f"{path} stays as it was: article {columns[0]!r} is not what was stored"
    hint = "restore the folder from a backup, or ingest the articles into a new collection"
    try:
        article = store.to_article(columns)
    except ValueError as error:
        raise IndexCorruptError(f"{message}: {error}", hint=hint) from error
    if article.digest != digest:
        raise IndexCorruptError(message, hint=hint)
    return article


def _replace(path: Path, draft: Path, *, dim: int) -> None:
    """Copies the new archive over the old one, in one transaction, and gives it a snapshot."""
    snapshots.drop(path)
    with (
        closing(store.connect(draft, writable=False)) as source,
        closing(store.connect(path, writable=True)) as target,
    ):
        source.backup(target)
        snapshots.save(path, target, dim=dim)


def _uncounted(_total: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _done: None)
