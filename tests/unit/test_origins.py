"""Which stored article a file's article is, and what may be pruned: on real files, as the command line does it."""

import json
from pathlib import Path

import pytest

from rag.loaders import load
from rag.pipeline import IngestReport, prune
from tests.conftest import Shelf


class Folder:
    """Files that are ingested into a shelf, with or without pruning; what is then stored, as id -> origin."""

    def __init__(self, path: Path, shelf: Shelf) -> None:
        self.path = path
        self.shelf = shelf
        self.kept: list[str] = []

    def write(self, name: str, text: str = "The bridge is shut.") -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def ingest(self, *names: str) -> IngestReport:
        return self.shelf.load(load([self.path / name for name in names]))

    def prune(self, *names: str, allow_empty: bool = False) -> IngestReport:
        report = self.ingest(*names)
        under = [(self.path / name).as_posix() for name in names]
        self.kept = prune(self.shelf.library.archive(), report, under=under, allow_empty=allow_empty)
        return report

    @property
    def stored(self) -> dict[str, str]:
        with self.shelf.library.archive(create=True).writing() as writer:
            return {name: Path(origin).relative_to(self.path).as_posix() for name, origin in writer.origins().items()}


@pytest.fixture
def folder(shelf: Shelf, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files", shelf)


def test_a_moved_folder_keeps_its_articles(folder: Folder) -> None:
    folder.write("old/a.txt")
    folder.write("old/b.txt", "The ferry sails.")
    folder.ingest("old")
    (folder.path / "old").rename(folder.path / "new")
    assert folder.ingest("new").unchanged == 2
    assert folder.stored == {"a": "new/a.txt", "b": "new/b.txt"}
    folder.write("old/tram.txt", "The tram leaves.")
    assert folder.prune("old").removed == 0, "the folder of the old name is another folder"
    (folder.path / "new/b.txt").unlink()
    assert folder.prune("new").removed == 1
    assert folder.stored == {"a": "new/a.txt", "tram": "old/tram.txt"}


def test_a_file_keeps_the_id_it_is_stored_under(folder: Folder) -> None:
    folder.write("news/world/final.txt")
    folder.ingest("news/world")
    assert folder.ingest("news").unchanged == 1
    folder.write("news/world/final.txt", "The bridge is open.")
    assert folder.ingest("").replaced == 1
    assert folder.stored == {"final": "news/world/final.txt"}


def test_an_id_of_another_living_file_is_not_given_away(folder: Folder) -> None:
    folder.write("2023/01.txt", "The ferry cost 10 crowns.")
    folder.write("2024/01.txt", "The ferry cost 12 crowns.")
    folder.ingest("2023")
    report = folder.ingest("2024")
    [error] = report.rejected
    assert "belongs to" in error.message
    assert error.file.endswith("2024/01.txt")
    assert error.hint == f"ingest their common folder, rag ingest {folder.path}"
    assert folder.stored == {"01": "2023/01.txt"}
    assert folder.ingest("").added == 1
    assert folder.stored == {"01": "2023/01.txt", "2024/01": "2024/01.txt"}


def test_a_line_that_went_to_another_file_has_moved(folder: Folder) -> None:
    lines = [json.dumps({"id": name, "title": "T", "text": f"Article {name}."}) for name in "xyz"]
    folder.write("a.jsonl", "\n".join(lines))
    folder.ingest("")
    folder.write("a.jsonl", lines[0])
    folder.write("b.jsonl", "\n".join(lines[1:]))
    assert folder.prune("").problems == []
    assert folder.stored == {"x": "a.jsonl", "y": "b.jsonl", "z": "b.jsonl"}
    assert folder.ingest("b.jsonl").unchanged == 2


def test_a_line_of_another_living_file_is_refused_and_not_pruned(folder: Folder) -> None:
    line = json.dumps({"id": "x", "title": "T", "text": "One."})
    folder.write("b.jsonl", line)
    folder.ingest("b.jsonl")
    folder.write("a.jsonl", line.replace("One", "Two"))
    report = folder.prune("a.jsonl", "b.jsonl")
    assert len(report.rejected) == 2
    assert folder.stored == {"x": "b.jsonl"}
    assert "rag delete x" in report.rejected[-1].hint


def test_what_cannot_be_read_protects_its_own_articles_and_no_others(folder: Folder) -> None:
    folder.write("bad.txt")
    folder.write("gone.txt")
    folder.write("stays.txt")
    lines = [json.dumps({"id": name, "title": "T", "text": f"Article {name}."}) for name in "xy"]
    folder.write("lines.jsonl", "\n".join(lines))
    folder.ingest("")
    (folder.path / "bad.txt").write_bytes(b"caf\xe9")
    (folder.path / "gone.txt").unlink()
    folder.write("lines.jsonl", lines[0] + "\n{oops\n")
    report = folder.prune("")
    assert (report.removed, len(report.rejected), folder.kept) == (1, 2, [])
    assert sorted(folder.stored) == ["bad", "stays", "x", "y"]


@pytest.mark.parametrize("left", [True, False])
def test_a_folder_with_nothing_left_is_pruned_only_if_that_is_said_twice(folder: Folder, left: bool) -> None:
    folder.write("share/p.txt")
    folder.write("share/deep/q.txt")
    folder.ingest("share")
    (folder.path / "share/p.txt").unlink()
    (folder.path / "share/deep/q.txt").unlink()
    (folder.path / "share/deep").rmdir()
    if not left:
        (folder.path / "share").rmdir()
    report = folder.prune("share")
    assert (report.removed, sorted(folder.kept)) == (0, ["deep/q", "p"])
    assert len(report.problems) == 1
    report = folder.prune("share", allow_empty=True)
    assert (report.removed, folder.kept, report.problems) == (2, [], [])
    assert folder.stored == {}
    assert folder.prune("share", allow_empty=True).problems, "nothing there and nothing to take out is a mistake"


def test_an_emptied_folder_within_a_living_one_is_kept_too(folder: Folder) -> None:
    folder.write("top.txt")
    folder.write("share/p.txt")
    folder.ingest("")
    (folder.path / "share/p.txt").unlink()
    assert folder.prune("").removed == 0
    assert folder.kept == ["share/p"]


def test_what_came_over_the_api_is_not_a_file(folder: Folder, shelf: Shelf) -> None:
    folder.write("a.txt")
    folder.ingest("")
    with shelf.library.archive().reading() as index:
        article = index.article("a")
    assert shelf.add(article).unchanged == 1
    assert folder.stored == {"a": "a.txt"}
