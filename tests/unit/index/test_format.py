import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import rag
from rag.index import SqliteArchive
from rag.protocols import Entry

README = (Path(rag.__file__).parents[1] / "index" / "README.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_the_decoder_in_the_readme_reads_the_archive(
    archive: SqliteArchive, folder: Path, make_entry: Callable[..., Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_entry("a", text="🙂é one two")
    with archive.writing() as writer:
        writer.put([first, make_entry("b", words=40)])
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {"path": folder}
    exec(block, names)  # noqa: S102 - our own documentation
    names["db"].close()  # type: ignore[attr-defined]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "a 0 2 🙂é"
    with archive.reading() as index:
        hits = index.search(first.vectors[0], k=3)
    assert [line.split() for line in printed] == [
        [hit.passage.article_id, str(hit.passage.start), str(hit.passage.end), hit.passage.text] for hit in hits
    ]


def test_the_table_names_every_table_and_column(archive: SqliteArchive, folder: Path) -> None:
    documented = {re.findall("`([a-z_0-9]+)`", line)[0]: line for line in README.splitlines() if line.startswith("| `")}
    connection = sqlite3.connect(folder / "archive.sqlite")
    query = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
    tables = [name for (name,) in connection.execute(query) if not re.match("sqlite_|passage_fts_", name)]
    columns = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}
    connection.close()
    assert set(tables) == set(documented)
    for table in tables:
        assert [column for column in columns[table] if f"`{column}`" not in documented[table]] == []
