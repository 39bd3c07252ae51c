"""One archive closely: snapshots, views, former texts. Long because every way a snapshot can go wrong is a test."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexStoreError, NotFoundError
from rag.index import SqliteArchive, verify
from rag.index.store import ConnectionPool
from rag.protocols import Entry
from rag.types import Where

DIM = 16

MakeEntry = Callable[..., Entry]


def question(seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
    return vector / np.linalg.norm(vector)


def snapshots(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "snapshots").iterdir())


def require_exact(archive: SqliteArchive, model: dict[str, Entry], where: Where | None = None) -> None:
    """Dense search finds what a plain matrix product over all entries finds."""
    expected = sorted(
        (
            float(row.astype(np.float16).astype(np.float32) @ question())
            for entry in model.values()
            for row in entry.vectors
        ),
        reverse=True,
    )
    with archive.reading() as index:
        assert [hit.score for hit in index.search(question(), k=20, where=where)] == pytest.approx(
            expected[:20], abs=1e-5
        )
        assert index.facts().passages == len(expected)


def test_importing_the_package_loads_neither_faiss_nor_models() -> None:
    script = "import sys, rag.index; sys.exit(bool({'faiss', 'torch', 'onnxruntime'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_few_changes_make_no_snapshot(archive: SqliteArchive, folder: Path, make_entry: MakeEntry) -> None:
    with archive.writing() as writer:
        writer.put([make_entry("a", words=512)])
    assert snapshots(folder) == []
    with archive.reading() as index:
        assert index.facts().changed_since_snapshot == 512


@pytest.mark.slow
def test_three_thousand_rows_through_snapshots_changes_and_another_opening(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry
) -> None:
    model = {f"a{n}": make_entry(f"a{n}", words=50, source=f"s{n % 10}") for n in range(60)}
    with archive.writing() as writer:
        writer.put(list(model.values()))
    assert len(snapshots(folder)) == 2
    require_exact(archive, model)
    later = SqliteArchive.inspect(folder)
    for n in range(10):
        changed = {f"a{3 * n}": make_entry(f"a{3 * n}", words=20 + n), f"b{n}": make_entry(f"b{n}", words=7)}
        with archive.writing() as writer:
            writer.put(list(changed.values()))
            assert writer.delete([f"a{3 * n + 1}"]) == [f"a{3 * n + 1}"]
        model |= changed
        del model[f"a{3 * n + 1}"]
        require_exact(archive, model)
        require_exact(later, model)
    some = {name: entry for name, entry in model.items() if entry.article.source == "s5"}
    with later.reading() as index:
        hits = index.search(question(), k=10_000, where=Where(source=("s5",)))
        assert len(hits) == sum(len(entry.passages) for entry in some.values())
        assert {hit.passage.article_id for hit in hits} == set(some)
    later.close()
    assert verify(folder) == []


def test_readers_move_to_a_newer_snapshot_and_two_are_kept(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry
) -> None:
    reader = SqliteArchive.inspect(folder)
    model: dict[str, Entry] = {}
    for n in range(4):
        model[f"a{n}"] = make_entry(f"a{n}", words=600)
        with archive.writing() as writer:
            writer.put([model[f"a{n}"]])
        require_exact(reader, model)
        with reader.reading() as index:
            assert index.facts().changed_since_snapshot in {0, 600}
    assert [name.split("-")[0] for name in snapshots(folder)] == ["3", "3", "4", "4"]
    with archive.writing() as writer:
        writer.put([make_entry("b")])
    with reader.reading() as index:
        assert index.facts().changed_since_snapshot == 3
    reader.close()


def test_ties_go_by_row_across_snapshot_and_delta(archive: SqliteArchive, make_entry: MakeEntry) -> None:
    vector = question()

    def same(name: str) -> Entry:
        entry = make_entry(name)
        return Entry(article=entry.article, passages=entry.passages, vectors=np.stack([vector] * 3))

    with archive.writing() as writer:
        writer.put([same(f"a{n}") for n in range(20)])
    archive.compact()
    with archive.writing() as writer:
        writer.put([same(f"b{n}") for n in range(20)])
        writer.delete(["a0"])
    with archive.reading() as index:
        for k in (1, 5, 70):
            assert [hit.passage.row for hit in index.search(vector, k=k)] == list(range(4, 4 + k))


@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_a_lost_snapshot_costs_only_time(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = {"a": make_entry("a", words=5000)}
    with archive.writing() as writer:
        writer.put(list(model.values()))
    [path] = (folder / "snapshots").glob("*.faiss")
    if damage == "flip":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    with caplog.at_level(logging.WARNING):
        again = SqliteArchive.inspect(folder)
        require_exact(again, model)
        with archive.writing() as writer:
            model["b"] = make_entry("b")
            writer.put([model["b"]])
            writer.delete(["a"])
            del model["a"]
        require_exact(again, model)
        again.close()
    assert "snapshot ignored" in caplog.text
    assert "no usable snapshot" in caplog.text
    assert len(verify(folder)) == 1
    archive.compact()
    assert verify(folder) == []


def test_a_snapshot_of_another_archive_is_not_believed(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry, tmp_path: Path
) -> None:
    other = SqliteArchive.open(
        tmp_path / "o", embedder_fingerprint="e1", chunker_fingerprint="c1", dim=DIM, create=True
    )
    with other.writing() as writer:
        writer.put([make_entry("x")])
    other.compact()
    other.close()
    with archive.writing() as writer:
        writer.put([make_entry("a")])
    for path in (tmp_path / "o" / "snapshots").iterdir():
        path.rename(folder / "snapshots" / path.name)
    again = SqliteArchive.inspect(folder)
    require_exact(again, {"a": make_entry("a")})
    again.close()
    assert len(verify(folder)) == 1


def test_a_snapshot_that_cannot_be_written_does_not_undo_the_writing(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "snapshots").rmdir()
    (folder / "snapshots").touch()
    model = {"a": make_entry("a", words=600)}
    with archive.writing() as writer:
        writer.put(list(model.values()))
    assert "no snapshot could be written" in caplog.text
    require_exact(archive, model)


def test_compact_gives_space_back(archive: SqliteArchive, folder: Path, make_entry: MakeEntry) -> None:
    model = {"keep": make_entry("keep")}
    with archive.writing() as writer:
        writer.put([make_entry("a", words=3000), *model.values()])
        writer.forget(["a"])
    before = (folder / "archive.sqlite").stat().st_size
    archive.compact()
    assert (folder / "archive.sqlite").stat().st_size < before / 2
    require_exact(archive, model)
    with archive.writing() as writer:
        writer.delete(["keep"])
    archive.compact()
    assert snapshots(folder) == []
    with archive.reading() as index:
        assert index.search(question(), k=3) == []
    assert verify(folder) == []


def test_former_texts_can_be_checked(archive: SqliteArchive, make_entry: MakeEntry) -> None:
    old, new = make_entry("a", text="old words"), make_entry("a", text="new words")
    with archive.writing() as writer:
        writer.put([old])
        writer.put([make_entry("a", text="old words", source="s")])
        writer.put([new])
        writer.put([make_entry("b")])
        writer.delete(["b"])
    with archive.reading() as index:
        assert index.facts().revisions == 2, "new metadata alone makes no revision"
        for entry in (old, new, make_entry("b")):
            article = entry.article
            assert index.text(article.id, sha256=article.sha256) == article.text
        for article_id, sha256 in (("a", "0" * 64), ("c", old.article.sha256), ("\ud800", "\x00")):
            with pytest.raises(NotFoundError):
                index.text(article_id, sha256=sha256)


def test_forgetting_leaves_no_trace(archive: SqliteArchive, folder: Path, make_entry: MakeEntry) -> None:
    with archive.writing() as writer:
        writer.put([make_entry("a", text="xylophonists remain"), make_entry("b", text="others remain")])
        writer.put([make_entry("a", text="quartermasters remain")])
        writer.delete(["a"])
    archive.compact()
    with archive.writing() as writer:
        assert writer.forget(["a", "missing"]) == ["a"]
    traces = [
        (path.name, word)
        for path in folder.rglob("*")
        if path.is_file()
        for word in (b"xylophon", b"quartermast")
        if word in path.read_bytes()
    ]
    assert traces == []
    with archive.writing() as writer:
        assert writer.forget(["b"]) == ["b"]
    assert not any(b"remain" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert verify(folder) == []


def test_a_view_ends_with_its_block(archive: SqliteArchive) -> None:
    with archive.reading() as index:
        pass
    with pytest.raises(ValueError, match="ended"):
        index.articles()


def test_a_question_vector_of_another_length_is_refused(archive: SqliteArchive) -> None:
    with archive.reading() as index, pytest.raises(ValueError, match="shape"):
        index.search(np.ones(DIM + 1, np.float32), k=1)


def test_frequent_words_are_dropped_from_large_archives_only(archive: SqliteArchive, make_entry: MakeEntry) -> None:
    texts = [f"frequent rare{n}" for n in range(150)]
    with archive.writing() as writer:
        writer.put([make_entry(f"a{n}", text=text) for n, text in enumerate(texts)])
    with archive.reading() as index:
        assert len(index.search_text("frequent rare7", k=1000)) == 1
        assert len(index.search_text("frequent", k=1000)) == 150


def test_a_transaction_older_than_the_published_view_starts_anew(
    archive: SqliteArchive, folder: Path, make_entry: MakeEntry
) -> None:
    with archive.reading() as index:
        assert index.version == 0
    pool = ConnectionPool(folder)
    with pool.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM article").fetchone() == (0,)
        with archive.writing() as writer:
            writer.put([make_entry("a")])
        with archive.reading() as index:
            version = index.version
        assert archive._matching_view(connection).seq == version > 0
        assert connection.execute("SELECT count(*) FROM article").fetchone() == (1,)
    pool.close()


def test_opening_does_not_wait_for_a_writer(archive: SqliteArchive, folder: Path) -> None:
    with archive.writing():
        SqliteArchive.open(
            folder, embedder_fingerprint="e1", chunker_fingerprint="c1", dim=DIM, create=True, lock_seconds=0.1
        ).close()


def test_a_place_that_cannot_hold_an_archive(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexStoreError, match="cannot be made"):
        SqliteArchive.open(
            tmp_path / "file" / "a", embedder_fingerprint="e", chunker_fingerprint="c", dim=DIM, create=True
        )
    (tmp_path / "b" / "write.lock").mkdir(parents=True)
    with pytest.raises(IndexStoreError, match="cannot be written to"):
        SqliteArchive.open(tmp_path / "b", embedder_fingerprint="e", chunker_fingerprint="c", dim=DIM, create=True)


def test_a_closed_archive_is_closed(archive: SqliteArchive) -> None:
    archive.close()
    with pytest.raises(ValueError, match="closed"), archive.reading():
        pass


@pytest.mark.parametrize("block", [SqliteArchive.reading, SqliteArchive.writing])
@pytest.mark.parametrize("kind", [sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.IntegrityError])
def test_an_error_of_the_callers_own_database_comes_out_as_it_is(
    archive: SqliteArchive,
    make_entry: MakeEntry,
    block: Callable[[SqliteArchive], AbstractContextManager[object]],
    kind: type[sqlite3.Error],
) -> None:
    error = kind("of another database")
    with pytest.raises(kind) as caught, block(archive):
        raise error
    assert caught.value is error
    with archive.writing() as writer:
        assert writer.put([make_entry("a")]) == ["added"], "the lock is free again"
