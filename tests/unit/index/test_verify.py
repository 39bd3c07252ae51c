import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexFormatError, IndexMissingError
from rag.index import SqliteArchive, vectors, verify
from rag.index.layout import snapshot_files
from rag.protocols import Entry

DIM = 16

MakeEntry = Callable[..., Entry]


@pytest.fixture
def filled(archive: SqliteArchive, folder: Path, make_entry: MakeEntry) -> Path:
    with archive.writing() as writer:
        writer.put([make_entry("a", tags=("x", "y")), make_entry("b"), make_entry("c")])
        writer.put([make_entry("a", text="other words", tags=("x",))])
    archive.compact()
    with archive.writing() as writer:
        writer.delete(["c"])
        writer.put([make_entry("d")])
    archive.close()
    return folder


def test_a_sound_archive(filled: Path) -> None:
    assert verify(filled) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE article SET text = text || '!' WHERE id = 'b'", "article 'b': its text is not what was stored"),
        ("UPDATE article SET source = 'x' WHERE id = 'b'", "article 'b': its metadata is not what was stored"),
        ("UPDATE article SET title = 'x' WHERE id = 'b'", "full-text index"),
        ("UPDATE article SET published_at = '2024-01-01' WHERE id = 'b'", "article 'b': published_at must carry"),
        ("UPDATE revision SET text = 'x'", "revision 'a': its text"),
        ("DELETE FROM article_tag", "tag 'x' is listed in one place only"),
        ("INSERT INTO article_tag VALUES ('new', 2)", "tag 'new' is listed in one place only"),
        ('UPDATE passage SET "end" = 999 WHERE row = 5', "passage 5 ends after"),
        ("UPDATE passage SET start = start + 1 WHERE row = 5", "full-text index"),
        ("DELETE FROM passage WHERE article = 2", "article 'b' has no passage"),
        ("DELETE FROM vector WHERE row = 5", "passage 5 has no vector"),
        ("UPDATE passage SET article = 99 WHERE row = 5", "refers to a row of article that is not there"),
        ("UPDATE vector SET value = x'00' WHERE row = 5", "vector 5 has 1 bytes, not 32"),
        ("UPDATE vector SET value = zeroblob(32) WHERE row = 5", "vector 5 is of length 0.000"),
        (
            "UPDATE vector SET value = (SELECT value FROM vector WHERE row = 6) WHERE row = 5",
            "the vector of row 5 differs",
        ),
        ("DELETE FROM change WHERE seq = 4", "change log: 1 of 7 changes missing"),
        ("UPDATE change SET at = 'then' WHERE seq = 5", "belongs to another archive"),
    ],
)
def test_each_damage_is_named(filled: Path, statement: str, finding: str) -> None:
    connection = sqlite3.connect(filled / "archive.sqlite")
    assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()
    findings = verify(filled)
    assert any(finding in found for found in findings), findings


def test_a_snapshot_that_lacks_a_row(filled: Path) -> None:
    [path] = snapshot_files(filled)
    record, snapshot = vectors.load(path)
    for file in path.parent.iterdir():
        file.unlink()
    rows = snapshot.rows[1:]
    vectors.build([(rows, snapshot.vectors(rows))], dim=DIM).save(filled, seq=record.seq, at=record.at)
    assert verify(filled) == [f"snapshots/{snapshot_files(filled)[0].stem}: row {snapshot.rows[0]} is missing"]


def test_a_damaged_file_is_a_finding_not_an_exception(filled: Path, make_entry: MakeEntry) -> None:
    with SqliteArchive.inspect(filled) as archive, archive.writing() as writer:
        writer.put([make_entry(f"more{n}", words=120) for n in range(40)])  # so that most pages are full
    path = filled / "archive.sqlite"
    content = bytearray(path.read_bytes())
    chance = np.random.default_rng(3)
    found = 0
    for _ in range(12):
        broken = content.copy()
        at = int(chance.integers(4096, len(content) - 4096))
        broken[at : at + 2048] = chance.bytes(2048)
        path.write_bytes(broken)
        found += bool(verify(filled))
    assert found > 6, "some of the bytes are in use by nobody"
    path.write_bytes(content[: len(content) // 2])
    assert verify(filled)
    path.write_bytes(b"no database")
    assert verify(filled)


def test_no_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        verify(tmp_path)
    (tmp_path / "archive.sqlite").touch()
    with pytest.raises(IndexFormatError):
        verify(tmp_path)
