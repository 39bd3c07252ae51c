import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rag.errors import IndexCorruptError, IndexFormatError, IndexMismatchError, IndexMissingError, IndexStoreError
from rag.index import SqliteArchive
from rag.index.store import ConnectionPool, instant, translated

DIM = 16


def change(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "archive.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match=r"rag ingest PATH --index .*index\b") as caught:
        SqliteArchive.inspect(tmp_path / "index" / "news")
    assert caught.value.code == "index.missing"
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive.sqlite").write_bytes(content)
    with pytest.raises(IndexCorruptError, match="damaged"):
        SqliteArchive.inspect(tmp_path)


def test_an_empty_file_or_another_database_is_of_no_known_format(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").touch()
    with pytest.raises(IndexFormatError, match="unknown"):
        SqliteArchive.inspect(tmp_path)
    change(tmp_path, "CREATE TABLE other (x)")
    with pytest.raises(IndexFormatError, match="unknown"):
        SqliteArchive.inspect(tmp_path)


def test_a_future_format(archive: SqliteArchive, folder: Path) -> None:
    change(folder, "UPDATE meta SET value = '3' WHERE key = 'format'")
    with pytest.raises(IndexFormatError, match=r"format 3, made by a newer version of Quoth: update it .*format 2"):
        SqliteArchive.inspect(folder)


def test_an_earlier_format(archive: SqliteArchive, folder: Path) -> None:
    change(folder, "UPDATE meta SET value = '1' WHERE key = 'format'")
    with pytest.raises(IndexFormatError, match="format 1; this version reads format 2") as caught:
        SqliteArchive.inspect(folder)
    assert caught.value.hint == f"rag index upgrade --index {folder.parent} --collection news"


@pytest.mark.parametrize(
    "statement", ["DELETE FROM meta WHERE key = 'dim'", "UPDATE meta SET value = 'x' WHERE key = 'dim'"]
)
def test_meta_that_makes_no_sense(archive: SqliteArchive, folder: Path, statement: str) -> None:
    change(folder, statement)
    with pytest.raises(IndexCorruptError, match="built with"):
        SqliteArchive.inspect(folder)


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"embedder_fingerprint": "e2"}, "embedder and precision"),
        ({"chunker_fingerprint": "c2"}, "passage_tokens and passage_overlap"),
        ({"dim": DIM + 1}, "embedder"),
    ],
)
@pytest.mark.parametrize("create", [False, True])
def test_mismatch(archive: SqliteArchive, folder: Path, other: dict[str, str | int], names: str, create: bool) -> None:
    wanted: Any = {"embedder_fingerprint": "e1", "chunker_fingerprint": "c1", "dim": DIM, **other}
    with pytest.raises(IndexMismatchError) as caught:
        SqliteArchive.open(folder, create=create, **wanted)
    command = f"rag index upgrade --index {folder.parent} --collection news"
    assert caught.value.hint == f"set {names} back, or rebuild it: {command}"


def test_a_page_damaged_later_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IndexCorruptError, match="malformed"), translated(tmp_path):
        raise sqlite3.DatabaseError("database disk image is malformed")
    with pytest.raises(IndexStoreError, match="free some space"), translated(tmp_path):
        raise sqlite3.OperationalError("database or disk is full")


def test_reading_connections_cannot_write(archive: SqliteArchive, folder: Path) -> None:
    pool = ConnectionPool(folder)
    with pool.transaction() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM meta")
    pool.close()


def test_a_pool_lends_each_connection_once(archive: SqliteArchive, folder: Path) -> None:
    pool = ConnectionPool(folder)
    with pool.transaction() as one, pool.transaction() as two:
        assert one is not two
    with pool.transaction() as again:
        assert again in (one, two)
        pool.close()
    with pytest.raises(sqlite3.ProgrammingError):
        again.execute("SELECT 1")
    with pytest.raises(ValueError, match="closed"), pool.transaction():
        pass


def test_instants_sort_as_they_follow() -> None:
    moments = [
        datetime(1, 1, 1),  # noqa: DTZ001
        datetime(999, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ]
    assert [instant(moment) for moment in moments] == sorted(instant(moment) for moment in moments)
    assert instant(moments[2]) == "2023-12-31T23:00:00.000000+00:00"
