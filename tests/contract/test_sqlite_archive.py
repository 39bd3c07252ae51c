"""`rag.index.SqliteArchive` keeps the contract of archives, also among processes."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag.index import SqliteArchive
from rag.protocols import Archive
from tests.contract.archive_suite import ArchiveSuite
from tests.contract.archives import CHUNKER_FINGERPRINT, EMBEDDER, ArchiveFixtures, OpenArchive
from tests.contract.durable_suite import DurableSuite
from tests.contract.filter_suite import FilterSuite
from tests.contract.index_suite import IndexSuite, SearchSuite
from tests.contract.writer_suite import WriterSuite


class SqliteFixtures(ArchiveFixtures):
    @pytest.fixture
    def open_archive(self, tmp_path: Path) -> Iterator[OpenArchive]:
        with ExitStack() as opened:

            def open_one() -> Archive:
                archive = SqliteArchive.open(
                    tmp_path / "archive",
                    embedder_fingerprint=EMBEDDER.fingerprint,
                    chunker_fingerprint=CHUNKER_FINGERPRINT,
                    dim=EMBEDDER.dim,
                    create=True,
                    lock_seconds=0.3,
                )
                return opened.enter_context(archive)

            yield open_one


class TestSearch(SqliteFixtures, SearchSuite):
    pass


class TestIndex(SqliteFixtures, IndexSuite):
    pass


class TestFilter(SqliteFixtures, FilterSuite):
    pass


class TestWriter(SqliteFixtures, WriterSuite):
    pass


class TestArchive(SqliteFixtures, ArchiveSuite):
    pass


class TestDurable(SqliteFixtures, DurableSuite):
    @pytest.fixture
    def opening(self, tmp_path: Path) -> str:
        return f"""
from pathlib import Path
from rag.index import SqliteArchive
archive = SqliteArchive.inspect(Path({str(tmp_path / "archive")!r}))
"""

    @pytest.fixture
    def open_copy(self, tmp_path: Path) -> OpenArchive:
        def copy() -> Archive:
            return SqliteArchive.inspect(shutil.copytree(tmp_path / "archive", tmp_path / "copy"))

        return copy
