from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexCorruptError
from rag.index import vectors

ROWS = np.array([2, 3, 5, 8], np.int64)
MATRIX = np.eye(4, dtype=np.float32)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return vectors.build([(ROWS, MATRIX)], dim=4).save(tmp_path, seq=9, at="now").with_suffix(".json")


def test_search_finds_allowed_rows_only() -> None:
    snapshot = vectors.build([(ROWS[:2], MATRIX[:2]), (ROWS[2:], MATRIX[2:])], dim=4)
    rows, scores = snapshot.search(MATRIX[2], k=4, allowed=None)
    assert (rows[0], scores[0]) == (5, 1.0)
    allowed = np.zeros(6, np.bool_)
    allowed[[3, 4]] = True
    rows, _ = snapshot.search(MATRIX[2], k=4, allowed=allowed)
    assert rows.tolist() == [3]
    rows, _ = snapshot.search(MATRIX[2], k=4, allowed=np.zeros(1, np.bool_))
    assert rows.tolist() == []


def test_what_is_saved_is_loaded(saved: Path) -> None:
    record, snapshot = vectors.load(saved)
    assert (record.seq, record.at, record.rows, record.dim) == (9, "now", 4, 4)
    assert saved.stem == record.stem
    assert sorted(path.suffix for path in saved.parent.iterdir()) == [".faiss", ".json"]
    assert snapshot.rows.tolist() == ROWS.tolist()
    assert np.array_equal(snapshot.vectors(np.array([8, 2])), MATRIX[[3, 0]])


@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "empty", "gone", "record", "binary", "lie"])
def test_damage_is_found_before_use(saved: Path, damage: str) -> None:
    path = saved.with_suffix(".faiss")
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "grow":
        path.write_bytes(content + b"0")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "gone":
        path.unlink()
    elif damage == "record":
        saved.write_text("{}")
    elif damage == "binary":
        saved.write_bytes(b"\xff\xfe\x00")
    else:
        saved.write_text(saved.read_text().replace('"rows": 4', '"rows": 5'))
    with pytest.raises(IndexCorruptError) as caught:
        vectors.load(saved)
    assert caught.value.hint
