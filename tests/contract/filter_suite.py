"""The contract of Where: a filter acts alike in every search and list of an Index."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from rag.protocols import Archive
from rag.types import Where
from tests.contract.archives import EMBEDDER, ArchiveFixtures, ids, make_entry, put, require_whole


class FilterSuite(ArchiveFixtures):
    """Filters over sixty articles."""

    @pytest.fixture
    def filled(self, archive: Archive) -> Archive:
        """60 articles; every tenth is from the north, dated a day apart."""
        start = datetime(2024, 1, 1, tzinfo=UTC)
        entries = [
            make_entry(
                f"a{n:02}",
                f"The ferry left harbour {n}. The ferry came back.",
                published_at=start + timedelta(days=n) if n % 2 == 0 else None,
                source="north" if n % 10 == 0 else "south",
                language="en" if n < 30 else "de",
                tags=("sea", "odd") if n % 2 else ("sea",),
            )
            for n in range(60)
        ]
        put(archive, *entries)
        return archive

    @pytest.mark.parametrize(
        ("where", "wanted"),
        [
            (Where(source=("north",)), [0, 10, 20, 30, 40, 50]),
            (Where(source=("north", "south")), list(range(60))),
            (Where(source=("nowhere",)), []),
            (Where(source=("north' OR 1=1 --",)), []),
            (Where(ids=("a03", "a59", "missing", "\ud800", "\x00")), [3, 59]),
            (Where(without=tuple(f"a{n:02}" for n in range(2, 60))), [0, 1]),
            (Where(ids=("a03", "a04"), without=("a04", "missing", "\ud800")), [3]),
            (Where(tags=("odd",)), list(range(1, 60, 2))),
            (Where(tags=("odd", "sea")), list(range(60))),
            (Where(language=("de",), tags=("odd",), ids=("a03", "a31")), [31]),
            (Where(published_after=datetime(2024, 2, 26, tzinfo=UTC)), [56, 58]),
            (Where(published_before=datetime(2024, 1, 5, tzinfo=UTC)), [0, 2]),
            (
                Where(
                    published_after=datetime(2024, 1, 5, 2, tzinfo=timezone(timedelta(hours=2))),
                    published_before=datetime(2024, 1, 7, tzinfo=UTC),
                ),
                [4],
            ),
        ],
    )
    def test_they_act_inside_both_searches_and_the_list(self, filled: Archive, where: Where, wanted: list[int]) -> None:
        names = [f"a{n:02}" for n in wanted]
        with filled.reading() as index:
            assert [article.id for article in index.articles(where=where, limit=100)] == names
            for k in (2, 500):
                dense = index.search(EMBEDDER.embed_question("ferry came back"), k=k, where=where)
                lexical = index.search_text("ferry", k=k, where=where)
                for hits in (dense, lexical):
                    require_whole(index, hits)
                    assert set(ids(hits)) <= set(names)
                    assert len(hits) == min(k, 2 * len(names))

    def test_an_empty_filter_does_not_filter(self, filled: Archive) -> None:
        with filled.reading() as index:
            assert len(index.search_text("ferry", k=500, where=Where())) == 120
