"""The contract of Archive over time: random changes, many threads, other processes, a killed writer."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag.index import verify
from rag.protocols import Archive, Entry, Index
from rag.types import Where
from tests.contract.archives import EMBEDDER, WORDS, OpenArchive, make_entry, put, random_text, require_whole


def test_a_random_walk_agrees_with_a_dictionary(open_archive: OpenArchive) -> None:
    chance = random.Random(7)  # noqa: S311
    model: dict[str, Entry] = {}
    archives = [open_archive(), open_archive()]
    version = -1
    for _ in range(60):
        names = [f"a{chance.randint(0, 12)}" for _ in range(chance.randint(1, 4))]
        with chance.choice(archives).writing() as writer:
            if chance.random() < 0.65:
                entries = [make_entry(name, random_text(chance)) for name in names]
                outcomes = writer.put(entries)
                for entry, outcome in zip(entries, outcomes, strict=True):
                    known = model.get(entry.article.id)
                    assert outcome == ("replaced" if known else "added")
                    model[entry.article.id] = entry
            else:
                assert writer.delete(names) == [name for name in names if model.pop(name, None)]
        question = " ".join(chance.choices(WORDS, k=3))
        with chance.choice(archives).reading() as index:
            assert index.version >= version
            version = index.version
            assert {article.id: article for article in index.articles()} == {
                name: entry.article for name, entry in model.items()
            }
            require_agreement(index, model, question)


def require_agreement(index: Index, model: dict[str, Entry], question: str) -> None:
    vector = EMBEDDER.embed_question(question)
    scores = {
        (name, passage.start): float(row @ vector)
        for name, entry in model.items()
        for passage, row in zip(entry.passages, entry.vectors, strict=True)
    }
    hits = index.search(vector, k=1000)
    require_whole(index, hits)
    assert {(hit.passage.article_id, hit.passage.start): hit.score for hit in hits} == pytest.approx(scores, abs=2e-3)
    assert index.search(vector, k=5) == hits[:5]
    found = index.search_text(question, k=1000)
    require_whole(index, found)
    asked = set(question.split())
    wanted = [
        (name, passage.start)
        for name, entry in model.items()
        for passage in entry.passages
        if asked & set(passage.text.lower().strip(".").split())
    ]
    assert sorted((hit.passage.article_id, hit.passage.start) for hit in found) == sorted(wanted)


def test_eight_threads_read_whole_states_while_one_writes(open_archive: OpenArchive) -> None:
    archive = open_archive()
    put(archive, make_entry("fixed", "The river never changes."))
    done, failures = threading.Event(), []

    def read() -> None:
        version = 0
        try:
            while not done.is_set():
                with archive.reading() as index:
                    assert index.version >= version
                    version = index.version
                    dense = index.search(EMBEDDER.embed_question("the river strike"), k=20)
                    lexical = index.search_text("river strike", k=20)
                    require_whole(index, dense)
                    require_whole(index, lexical)
                    assert {hit.passage.row for hit in lexical} <= {hit.passage.row for hit in dense}
                    # Both halves of a pair are always written together.
                    pair = [index.articles(where=Where(ids=(name,))) for name in ("left", "right")]
                    assert len({article.text for found in pair for article in found}) <= 1
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for n in range(40):
        with archive.writing() as writer:
            writer.put([make_entry(name, f"The river strike of {n}. It ended.") for name in ("left", "right")])
            if n % 5 == 4:
                writer.delete(["left", "right"])
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


_SCRIPT = """
import itertools, sys
from pathlib import Path
from rag.embedder.hashing import HashingEmbedder
from rag.index import SqliteArchive
from rag.protocols import Entry
from rag.types import Article, Passage

embedder = HashingEmbedder(dim=64)
archive = SqliteArchive.inspect(Path(sys.argv[1]))
text = "The harbour strike went on. " * 40
with archive.writing() as writer:
    for n in itertools.count() if sys.argv[2] == "on" else range(int(sys.argv[2])):
        entries = []
        for name in (f"{sys.argv[3]}{n}-left", f"{sys.argv[3]}{n}-right"):
            places = [(at, at + 27) for at in range(0, len(text), 28)]
            passages = [Passage(article_id=name, start=at, end=end, text=text[at:end]) for at, end in places]
            vectors = embedder.embed_passages([passage.text for passage in passages])
            entries.append(Entry(article=Article(id=name, title="", text=text), passages=passages, vectors=vectors))
        writer.put(entries)
        print(n, flush=True)
"""


def test_another_process_is_followed(archive: Archive, tmp_path: Path) -> None:
    put(archive, make_entry("mine", "The harbour."))
    with archive.reading() as before:
        subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path / "archive"), "3", "b"], check=True)
        assert len(before.articles()) == 1
        with archive.reading() as after:
            assert len(after.articles()) == 7
            assert len(after.search(EMBEDDER.embed_question("strike"), k=1000)) == 1 + 6 * 40


def test_a_killed_writer_leaves_whole_transactions(archive: Archive, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311
    for run in range(3):
        command = [sys.executable, "-c", _SCRIPT, str(tmp_path / "archive"), "on", f"run{run}-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            acknowledged = [process.stdout.readline().strip() for _ in range(chance.randint(2, 9))]
            threading.Event().wait(chance.random() / 100)
            process.kill()
        assert verify(tmp_path / "archive") == []
        with archive.reading() as index:
            names = {article.id for article in index.articles(limit=10_000) if article.id.startswith(f"run{run}-")}
        assert {f"run{run}-{n}-{side}" for n in acknowledged for side in ("left", "right")} <= names
        assert {name.removesuffix("-left") for name in names if name.endswith("-left")} == {
            name.removesuffix("-right") for name in names if name.endswith("-right")
        }
    put(archive, make_entry("after", "The lock is free again."))
