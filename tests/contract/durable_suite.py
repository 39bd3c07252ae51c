"""The contract of archives that outlive their process: other processes, a killed writer, copies."""

import random
import subprocess
import sys
import threading

import pytest

from rag.protocols import Archive
from tests.contract.archives import EMBEDDER, ArchiveFixtures, OpenArchive, make_entry, put, require_whole

_SCRIPT = """
import itertools, sys
from rag.embedder.hashing import HashingEmbedder
from rag.protocols import Entry
from rag.types import Article, Passage

embedder = HashingEmbedder(dim=64)
text = "The harbour strike went on. " * 40
with archive.writing() as writer:
    for n in itertools.count() if sys.argv[1] == "on" else range(int(sys.argv[1])):
        entries = []
        for name in (f"{sys.argv[2]}{n}-left", f"{sys.argv[2]}{n}-right"):
            places = [(at, at + 27) for at in range(0, len(text), 28)]
            passages = [Passage(article_id=name, start=at, end=end, text=text[at:end]) for at, end in places]
            vectors = embedder.embed_passages([passage.text for passage in passages])
            entries.append(Entry(article=Article(id=name, title="", text=text), passages=passages, vectors=vectors))
        writer.put(entries)
        print(n, flush=True)
"""


class DurableSuite(ArchiveFixtures):
    """One collection, used by several processes; override `opening` and `open_copy` as well."""

    @pytest.fixture
    def opening(self) -> str:
        """Python statements by which another process opens the archive under test as ``archive``."""
        raise NotImplementedError("override opening")

    @pytest.fixture
    def open_copy(self) -> OpenArchive:
        """Copies the archive under test as it is stored, and opens the copy; no handle may be open."""
        raise NotImplementedError("override open_copy")

    def test_another_process_is_followed(self, archive: Archive, opening: str) -> None:
        put(archive, make_entry("mine", "The harbour."))
        with archive.reading() as before:
            subprocess.run([sys.executable, "-c", opening + _SCRIPT, "3", "b"], check=True)
            assert len(before.articles()) == 1
            with archive.reading() as after:
                assert len(after.articles()) == 7
                assert len(after.search(EMBEDDER.embed_question("strike"), k=1000)) == 1 + 6 * 40

    def test_a_killed_writer_leaves_whole_transactions(self, archive: Archive, opening: str) -> None:
        chance = random.Random(1)  # noqa: S311
        for run in range(3):
            command = [sys.executable, "-c", opening + _SCRIPT, "on", f"run{run}-"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout
                acknowledged = [process.stdout.readline().strip() for _ in range(chance.randint(2, 9))]
                threading.Event().wait(chance.random() / 100)
                process.kill()
            assert archive.verify() == []
            with archive.reading() as index:
                names = {article.id for article in index.articles(limit=10_000) if article.id.startswith(f"run{run}-")}
            assert {f"run{run}-{n}-{side}" for n in acknowledged for side in ("left", "right")} <= names
            assert {name.removesuffix("-left") for name in names if name.endswith("-left")} == {
                name.removesuffix("-right") for name in names if name.endswith("-right")
            }
        put(archive, make_entry("after", "The lock is free again."))

    def test_what_was_written_is_there_when_it_is_opened_again(self, open_archive: OpenArchive) -> None:
        entry = make_entry("a", "The mayor spoke. A comet rose.", title="Comet", origin="a.txt", tags=("sky",))
        with open_archive() as archive:
            put(archive, make_entry("a", "The former text."), make_entry("b", "The ferry."))
            put(archive, entry)
            with archive.writing() as writer:
                writer.delete(["b"])
            with archive.reading() as index:
                facts, fingerprint = index.facts(), index.fingerprint
                found = index.search(entry.vectors[1], k=5), index.search_text("comet mayor", k=5)
                stored = index.stored(ids=["a"])
        with open_archive() as archive, archive.reading() as index:
            assert index.fingerprint == fingerprint
            assert (index.facts().passages, index.facts().revisions) == (facts.passages, facts.revisions) == (2, 2)
            assert index.articles() == [entry.article]
            assert index.stored(origins=["a.txt"]) == stored
            assert (index.search(entry.vectors[1], k=5), index.search_text("comet mayor", k=5)) == found
            for matches in found:
                require_whole(index, matches)
                assert len(matches) == 2

    def test_a_copy_changed_apart_has_another_fingerprint(
        self, open_archive: OpenArchive, open_copy: OpenArchive
    ) -> None:
        with open_archive() as archive:
            put(archive, make_entry("a", "The text."))
        with open_archive() as archive, open_copy() as copy:
            with archive.reading() as here, copy.reading() as there:
                assert here.fingerprint == there.fingerprint
                for changed in (archive, copy):
                    put(changed, make_entry("b", "The same change."))
                assert here.fingerprint == there.fingerprint, "a view does not change"
            with archive.reading() as here, copy.reading() as there:
                assert here.version == there.version
                assert here.fingerprint != there.fingerprint
            assert copy.verify() == []
