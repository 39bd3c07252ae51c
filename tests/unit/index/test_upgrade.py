"""An upgrade brings everything along or leaves everything as it was. Long because of all the ways to be cut off."""

import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rag.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexLockedError,
    IndexMismatchError,
    IndexMissingError,
    IndexStoreError,
)
from rag.index import SqliteArchive, store, upgrade, verify
from rag.index.locking import write_lock
from rag.protocols import Entry
from rag.types import Article, Passage, Where
from tests.nobody import as_nobody

DIM = 16

MakeEntry = Callable[..., Entry]


def cut(found: Sequence[tuple[Article, str | None]], *, dim: int = DIM, words: int = 1) -> list[Entry]:
    """Passages of so many words each, with random vectors."""
    made = []
    for article, origin in found:
        parts = article.text.split(" ")
        ends = [len(" ".join(parts[: n + words])) for n in range(0, len(parts), words)]
        starts = [0, *(end + 1 for end in ends[:-1])]
        passages = [
            Passage(article_id=article.id, start=start, end=end, text=article.text[start:end])
            for start, end in zip(starts, ends, strict=True)
        ]
        vectors = np.random.default_rng(len(article.text)).standard_normal((len(passages), dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        made.append(Entry(article=article, passages=passages, vectors=vectors, origin=origin))
    return made


def run(folder: Path, *, embedder: str = "e1", chunker: str = "c1", dim: int = DIM, words: int = 1) -> bool:
    return upgrade(
        folder,
        embedder_fingerprint=embedder,
        chunker_fingerprint=chunker,
        dim=dim,
        entries=partial(cut, dim=dim, words=words),
        lock_seconds=0.1,
    )


def execute(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "archive.sqlite")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "archive.sqlite")
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def downgrade(folder: Path) -> None:
    """Makes a format 1 archive of one of format 2."""
    execute(
        folder,
        "DROP INDEX article_origin",
        "DELETE FROM meta WHERE key = 'identity'",
        "UPDATE meta SET value = '1' WHERE key = 'format'",
    )


def truth(folder: Path) -> list[list[tuple[object, ...]]]:
    columns = "id, title, text, url, source, author, language, published_at, tags, sha256, digest, origin, ingested_at"
    return [
        rows(folder, f"SELECT {columns} FROM article ORDER BY row"),  # noqa: S608
        rows(folder, "SELECT id, tag FROM article JOIN article_tag ON article.row = article ORDER BY id, tag"),
        rows(folder, "SELECT * FROM revision ORDER BY row"),
    ]


@pytest.fixture
def filled(archive: SqliteArchive, folder: Path, make_entry: MakeEntry) -> Path:
    """An archive with snapshot, revisions, origins and more articles than a batch of the upgrade."""
    with archive.writing() as writer:
        published = datetime(2024, 5, 6, tzinfo=UTC)
        writer.put([make_entry("a", text="🙂é zwei", tags=("x", "y"), source="Courier", published_at=published)])
        writer.put([make_entry(f"n{n:03}", words=9, tags=("x",)) for n in range(150)])
        writer.put([make_entry("b", text="first words"), make_entry("c")])
        writer.put([make_entry("b", text="second words"), make_entry("d")])
        writer.delete(["c"])
        writer.move({"a": "/news/a.md", "d": "/news/d.md"})
    archive.close()
    execute(folder, "UPDATE article SET ingested_at = '2024-01-01T00:00:00.000000+00:00' WHERE id != 'b'")
    assert len(list((folder / "snapshots").iterdir())) == 2
    return folder


def test_format_1_comes_along_whole(filled: Path) -> None:
    downgrade(filled)
    before = truth(filled)
    with pytest.raises(IndexFormatError) as caught:
        SqliteArchive.inspect(filled)
    assert caught.value.hint == f"rag index upgrade --index {filled.parent} --collection news"
    assert run(filled) is True
    assert truth(filled) == before
    assert verify(filled) == []
    assert sorted(path.name for path in filled.iterdir()) == ["archive.sqlite", "snapshots", "write.lock"]
    assert len(list((filled / "snapshots").iterdir())) == 2
    with (
        SqliteArchive.open(filled, embedder_fingerprint="e1", chunker_fingerprint="c1", dim=DIM) as archive,
        archive.reading() as index,
    ):
        facts = index.facts()
        assert (facts.articles, facts.revisions, facts.format, facts.changed_since_snapshot) == (153, 2, 2, 0)
        assert len(facts.identity) == 32
        [match] = index.search_text("zwei", k=5, where=Where(tags=("y",), source=("Courier",)))
        assert (match.passage.article_id, match.passage.start, match.passage.end) == ("a", 3, 7)
        assert index.text("b", sha256=str(before[2][0][2])) == "first words"
        [stored] = index.stored(origins=["/news/d.md"])
        assert stored.id == "d"


def test_another_chunker_and_another_embedder(filled: Path) -> None:
    before, [(identity,)] = truth(filled), rows(filled, "SELECT value FROM meta WHERE key = 'identity'")
    assert run(filled, chunker="c2", words=4) is True
    assert rows(filled, "SELECT count(*) FROM passage") == [(150 * 3 + 3,)]
    assert run(filled, chunker="c2", embedder="e2", dim=24, words=4) is True
    assert truth(filled) == before
    assert verify(filled) == []
    with SqliteArchive.open(filled, embedder_fingerprint="e2", chunker_fingerprint="c2", dim=24) as archive:
        assert archive.meta.identity not in {identity, ""}
        with archive.reading() as index:
            assert index.search(np.eye(24, dtype=np.float32)[0], k=3)


def test_a_current_archive_is_left_alone(filled: Path) -> None:
    content = (filled / "archive.sqlite").read_bytes()
    (filled / "upgrade").mkdir()
    assert run(filled) is False
    assert (filled / "archive.sqlite").read_bytes() == content
    assert not (filled / "upgrade").exists(), "what a killed upgrade left is gone"
    assert run(filled, chunker="c2") is True
    assert run(filled, chunker="c2") is False


def test_an_empty_archive(archive: SqliteArchive, folder: Path) -> None:
    archive.close()
    downgrade(folder)
    assert run(folder) is True
    assert verify(folder) == []


def test_what_cannot_be_upgraded(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        run(tmp_path / "none")
    execute(filled, "UPDATE meta SET value = '3' WHERE key = 'format'")
    with pytest.raises(IndexFormatError, match="format 3, made by a newer version of Quoth: update it"):
        run(filled)
    execute(filled, "UPDATE meta SET value = 'x' WHERE key = 'format'")
    with pytest.raises(IndexFormatError, match=r"format x; .*rag ingest"):
        run(filled)


def test_the_second_is_locked_out_and_readers_go_on(filled: Path) -> None:
    downgrade(filled)
    seen: list[tuple[int, int]] = []

    @contextmanager
    def counting(total: int) -> Iterator[Callable[[int], None]]:
        with pytest.raises(IndexLockedError, match="upgrade to finish"):
            run(filled)
        yield lambda done: seen.append((done, total))

    reader = sqlite3.connect(filled / "archive.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() == [("1",)]
    assert upgrade(filled, embedder_fingerprint="e1", chunker_fingerprint="c1", dim=DIM, entries=cut, counting=counting)
    assert seen == [(64, 153), (128, 153), (153, 153)]
    query = "SELECT value FROM meta WHERE key = 'format'"
    assert reader.execute(query).fetchall() == [("1",)], "one state as long as the transaction lasts"
    reader.execute("COMMIT")
    assert reader.execute(query).fetchall() == [("2",)]
    reader.close()
    with write_lock(filled, seconds=0.1):
        pass


def test_an_archive_that_is_open_notices(filled: Path, make_entry: MakeEntry) -> None:
    with SqliteArchive.inspect(filled) as archive:
        with archive.reading() as index:
            assert run(filled, embedder="e2", dim=24)
            assert len(index.search(make_entry("a").vectors[0], k=3)) == 3
            assert index.article("a").text == "🙂é zwei"
        with pytest.raises(IndexMismatchError, match=r"upgraded meanwhile \(restart"), archive.reading():
            pass
        with pytest.raises(IndexMismatchError, match=r"upgraded meanwhile \(restart"), archive.writing():
            pass
    assert verify(filled) == []


def test_forgetting_forgets_what_a_killed_upgrade_left(filled: Path) -> None:
    (filled / "upgrade").mkdir()
    (filled / "upgrade" / "archive.sqlite").write_text("zwei")
    with SqliteArchive.inspect(filled) as archive, archive.writing() as writer:
        writer.forget(["a"])
    assert not (filled / "upgrade").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE article SET text = text || '!' WHERE id = 'b'",
        "UPDATE article SET source = 'x' WHERE id = 'b'",
        "UPDATE article SET published_at = '2024-01-01' WHERE id = 'b'",
        "UPDATE revision SET text = 'x' WHERE id = 'b'",
    ],
)
def test_a_damaged_archive_stays_as_it_is(filled: Path, statement: str) -> None:
    downgrade(filled)
    execute(filled, statement)
    before = truth(filled)
    with pytest.raises(IndexCorruptError, match=r"stays as it was.* 'b'"):
        run(filled)
    assert truth(filled) == before
    assert store.read_values(filled)["format"] == "1"
    assert not (filled / "upgrade").exists()


def test_nothing_may_get_lost_on_the_way(filled: Path) -> None:
    downgrade(filled)
    with pytest.raises(IndexCorruptError, match="stays as it was: 3 rows of article"):
        upgrade(
            filled,
            embedder_fingerprint="e1",
            chunker_fingerprint="c1",
            dim=DIM,
            entries=lambda found: cut(found[1:]),
        )
    assert store.read_values(filled)["format"] == "1"


def test_a_full_disk(filled: Path) -> None:
    """A limit on the size of files stands for it: SQLite cannot go on writing either way."""
    downgrade(filled)
    before, size = truth(filled), (filled / "archive.sqlite").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (0, size // 2, size - 4096):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
        try:
            with pytest.raises(IndexStoreError, match=r"archive\.sqlite: |cannot be written to"):
                run(filled)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.read_values(filled)["format"] == "1"
        assert truth(filled) == before
    assert run(filled) is True
    assert verify(filled) == []


def test_a_folder_that_cannot_be_written_to(filled: Path) -> None:
    downgrade(filled)
    before = truth(filled)
    filled.chmod(0o500)
    with as_nobody(filled), pytest.raises(IndexStoreError, match="readonly database"):
        run(filled)
    filled.chmod(0o700)
    assert truth(filled) == before


def test_no_room_for_the_draft(filled: Path) -> None:
    (filled / "upgrade").touch()
    with pytest.raises(IndexStoreError, match="cannot be written to"):
        run(filled, chunker="c2")
    assert verify(filled) == []


SCRIPT = """
import sys
from pathlib import Path
from rag.index import snapshots
from tests.unit.index.test_upgrade import run
drop = snapshots.drop
def dropping(*arguments, **options):
    print("copy", flush=True)
    drop(*arguments, **options)
snapshots.drop = dropping
print("begin", flush=True)
run(Path(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("since", ["begin", "copy"])
def test_killed_at_any_moment_the_old_or_the_new_is_there(filled: Path, since: str) -> None:
    downgrade(filled)
    before = truth(filled)
    content = (filled / "archive.sqlite").read_bytes()
    chance = random.Random(7)  # noqa: S311
    whole, formats = 0.0, []
    for attempt in range(7):
        (filled / "archive.sqlite").write_bytes(content)
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(filled)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        while process.stdout.readline() != f"{since}\n":
            assert process.poll() is None
        began = time.monotonic()
        if attempt == 0:
            assert process.wait() == 0
            whole = time.monotonic() - began
        else:
            time.sleep(whole * chance.random() ** 3)
            process.kill()
            process.wait()
        process.stdout.close()
        formats.append(store.read_values(filled)["format"])
        assert truth(filled) == before
        if formats[-1] == "2":
            assert verify(filled) == []
        run(filled)
        assert truth(filled) == before
        assert verify(filled) == []
        assert not (filled / "upgrade").exists()
        assert list(filled.glob("archive.sqlite-*")) == []
    assert formats[0] == "2"
    assert since == "copy" or "1" in formats, "some were killed before the end"
