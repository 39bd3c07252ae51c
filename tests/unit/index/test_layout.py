import json
from pathlib import Path

import pytest

from rag.index.layout import Snapshot, snapshot_files, snapshot_seq

RECORD = Snapshot(seq=7, at="2024-01-01", rows=3, dim=4, size=99, sha256="ab" * 32)


def test_a_record_comes_back() -> None:
    assert Snapshot.from_json(RECORD.to_json()) == RECORD
    assert RECORD.stem == "7-abababababab"


@pytest.mark.parametrize(
    "change", [{"seq": -1}, {"rows": "3"}, {"dim": True}, {"sha256": "ab"}, {"format": 3}, {"size": None}, {"new": 1}]
)
def test_a_wrong_record_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Snapshot.from_json(json.dumps({**json.loads(RECORD.to_json()), **change}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "{}", "[" * 100_000, '"\\ud800"'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Snapshot.from_json(text)


def test_snapshots_are_listed_newest_first_by_number(tmp_path: Path) -> None:
    assert snapshot_files(tmp_path) == []
    (tmp_path / "snapshots").mkdir()
    for name in ("9-aaaaaaaaaaaa.json", "10-aaaaaaaaaaaa.json", "10-aaaaaaaaaaaa.faiss", "x.json", "11.tmp"):
        (tmp_path / "snapshots" / name).touch()
    assert [snapshot_seq(path) for path in snapshot_files(tmp_path)] == [10, 9]
