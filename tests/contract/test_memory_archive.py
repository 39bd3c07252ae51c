"""An archive with neither files nor a database passes: the suites are about the protocol."""

import pytest

from tests.contract.archive_suite import ArchiveSuite
from tests.contract.archives import CHUNKER_FINGERPRINT, EMBEDDER, ArchiveFixtures, OpenArchive
from tests.contract.filter_suite import FilterSuite
from tests.contract.index_suite import IndexSuite, SearchSuite
from tests.contract.memory_archive import Data, MemoryArchive
from tests.contract.writer_suite import WriterSuite


class MemoryFixtures(ArchiveFixtures):
    @pytest.fixture
    def open_archive(self) -> OpenArchive:
        data = Data(embedder=EMBEDDER.fingerprint, chunker=CHUNKER_FINGERPRINT, dim=EMBEDDER.dim)
        return lambda: MemoryArchive(data)


class TestSearch(MemoryFixtures, SearchSuite):
    pass


class TestIndex(MemoryFixtures, IndexSuite):
    pass


class TestFilter(MemoryFixtures, FilterSuite):
    pass


class TestWriter(MemoryFixtures, WriterSuite):
    pass


class TestArchive(MemoryFixtures, ArchiveSuite):
    pass
