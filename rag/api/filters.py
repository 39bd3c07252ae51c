"""The values that a collection can be filtered by, counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rag.protocols import Index

MOST_COUNTED = 20_000
MOST_LISTED = 200

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValues:
    """Values and how many articles have each, most frequent first, at most `MOST_LISTED`.

    ``complete`` is false if the collection has more than `MOST_COUNTED` articles: the rest is not counted.
    """

    sources: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    complete: bool


@dataclass(slots=True)
class FilterCache:
    """The values of each collection, counted again only when its version has changed."""

    _known: dict[str, tuple[int, FilterValues]] = field(default_factory=dict)

    def values(self, collection: str, index: Index) -> FilterValues:
        """The values as this view of the collection holds them; reads every article if the version is new."""
        version, values = self._known.get(collection, (None, None))
        if values is None or version != index.version:
            values = _count(index)
            self._known[collection] = (index.version, values)
        return values


def _count(index: Index) -> FilterValues:
    sources: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    counted, after = 0, ""
    while counted < MOST_COUNTED and (page := index.articles(after=after, limit=_PAGE)):
        sources.update(article.source for article in page if article.source)
        languages.update(article.language for article in page if article.language)
        tags.update(tag for article in page for tag in article.tags)
        counted, after = counted + len(page), page[-1].id
    return FilterValues(
        sources=_ranked(sources.items()),
        tags=_ranked(tags.items()),
        languages=_ranked(languages.items()),
        complete=not index.articles(after=after, limit=1),
    )


def _ranked(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts, key=lambda entry: (-entry[1], entry[0]))[:MOST_LISTED])
