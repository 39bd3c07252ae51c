"""An archive of dictionaries: the least that keeps the contract, to show that the suites ask for no more."""

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np

from rag.errors import IndexLockedError, NotFoundError
from rag.protocols import Archive, Entry, Facts, Field, Outcome, Stored, Vectors
from rag.types import Article, Hit, Match, Passage, Where


@dataclass(frozen=True, kw_only=True)
class State:
    """What is stored after one change; never altered. ``former`` has the (id, text) of every revision."""

    version: int = 0
    at: str = ""
    next_row: int = 1
    entries: Mapping[str, Entry] = field(default_factory=dict)
    former: Sequence[tuple[str, str]] = ()


@dataclass(kw_only=True)
class Data:
    """What all handles of one archive share."""

    embedder: str
    chunker: str
    dim: int
    identity: str = field(default_factory=lambda: uuid4().hex)
    state: State = State()
    lock: threading.Lock = field(default_factory=threading.Lock)


class MemoryArchive(Archive):
    """Implements `rag.protocols.Archive`; a writer that is not the first is refused at once."""

    def __init__(self, data: Data) -> None:
        self._data = data

    @contextmanager
    def reading(self) -> Iterator["MemoryIndex"]:
        yield MemoryIndex(self._data, self._data.state)

    @contextmanager
    def writing(self) -> Iterator["MemoryWriter"]:
        if not self._data.lock.acquire(blocking=False):
            raise IndexLockedError("the archive is being written to", hint="wait for the other writer")
        try:
            yield MemoryWriter(self._data)
        finally:
            self._data.lock.release()

    def verify(self) -> list[str]:
        entries = self._data.state.entries
        rows = Counter(passage.row for entry in entries.values() for passage in entry.passages)
        return [f"row {row} is given {times} times" for row, times in rows.items() if times > 1] + [
            f"article {article_id!r}: {problem}"
            for article_id, entry in entries.items()
            if (problem := fault(entry, dim=self._data.dim))
        ]

    def compact(self) -> None:
        with self.writing():
            pass

    def close(self) -> None:
        return


class MemoryIndex:
    """Implements `rag.protocols.Index`. Words are compared in lower case and without accents."""

    def __init__(self, data: Data, state: State) -> None:
        self._data = data
        self._state = state

    @property
    def version(self) -> int:
        return self._state.version

    @property
    def fingerprint(self) -> str:
        return f"{self._data.identity}@{self._state.version}@{self._state.at}"

    def search(self, vector: Vectors, *, k: int, where: Where | None = None) -> list[Match]:
        def score(entry: Entry, number: int) -> float:
            return round(float(entry.vectors[number] @ vector), 6)

        return self._best(score, name="dense", k=k, where=where)

    def search_text(self, question: str, *, k: int, where: Where | None = None) -> list[Match]:
        """Scores a passage by the rarity of the question's words in it, each counted once."""
        passages = [
            passage_words(entry, n) for entry in self._state.entries.values() for n in range(len(entry.passages))
        ]
        frequency = Counter(word for found in passages for word in found)
        weights = {word: math.log1p(len(passages) / frequency[word]) for word in words(question) if word in frequency}

        def score(entry: Entry, number: int) -> float | None:
            return math.fsum(weights[word] for word in passage_words(entry, number) & weights.keys()) or None

        return self._best(score, name="lexical", k=k, where=where)

    def hits(self, matches: Sequence[Match]) -> list[Hit]:
        return [
            Hit(
                passage=match.passage,
                score=match.score,
                ranks=match.ranks,
                article=self.article(match.passage.article_id),
                rank=rank,
            )
            for rank, match in enumerate(matches, start=1)
        ]

    def article(self, article_id: str) -> Article:
        if article_id not in self._state.entries:
            raise NotFoundError(f"there is no article {article_id!r}")
        return self._state.entries[article_id].article

    def articles(self, *, after: str = "", limit: int = 50, where: Where | None = None) -> list[Article]:
        found = [entry.article for entry in self._entries(where) if entry.article.id > after]
        return found[: max(limit, 0)]

    def stored(self, *, ids: Iterable[str] = (), origins: Iterable[str] = ()) -> list[Stored]:
        wanted_ids, wanted_origins = set(ids), set(origins)
        return [
            Stored(id=entry.article.id, digest=entry.article.digest, origin=entry.origin)
            for entry in self._entries()
            if entry.article.id in wanted_ids or entry.origin in wanted_origins
        ]

    def counts(self, field: Field, *, limit: int = 200) -> list[tuple[str, int]]:
        values = [getattr(entry.article, field) for entry in self._entries()]
        flat = [value for each in values for value in (each if field == "tags" else (each,)) if value is not None]
        return sorted(Counter(flat).items(), key=lambda item: (-item[1], item[0]))[:limit]

    def facts(self) -> Facts:
        return Facts(
            articles=len(self._state.entries),
            passages=sum(len(entry.passages) for entry in self._state.entries.values()),
            revisions=len(self._state.former),
            version=self.version,
            identity=self._data.identity,
            format=0,
            embedder=self._data.embedder,
            chunker=self._data.chunker,
            dim=self._data.dim,
            database_bytes=0,
            snapshot_bytes=0,
            changed_since_snapshot=0,
        )

    def _entries(self, where: Where | None = None) -> list[Entry]:
        """Those that pass the filter, sorted by id."""
        entries = self._state.entries
        return [entries[name] for name in sorted(entries) if passes(entries[name].article, where or Where())]

    def _best(
        self, score: Callable[[Entry, int], float | None], *, name: str, k: int, where: Where | None
    ) -> list[Match]:
        found: list[tuple[float, Passage]] = []
        for entry in self._entries(where):
            for number, passage in enumerate(entry.passages):
                value = score(entry, number)
                if value is not None:
                    found.append((value, passage))
        found.sort(key=lambda pair: (-pair[0], pair[1].row))
        return [
            Match(passage=passage, score=value, ranks={name: rank})
            for rank, (value, passage) in enumerate(found[: max(k, 0)], start=1)
        ]


class MemoryWriter:
    """Implements `rag.protocols.Writer`: each call makes a new state from the present one."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        for entry in entries:
            if problem := fault(entry, dim=self._data.dim):
                raise ValueError(f"article {entry.article.id!r}: {problem}")
        state = self._data.state
        stored, former, row = dict(state.entries), list(state.former), state.next_row
        outcomes: list[Outcome] = []
        for entry in entries:
            name = entry.article.id
            old = stored.get(name)
            if old and old.article.text != entry.article.text:
                former.append((name, old.article.text))
            passages = [replace(passage, row=row + n) for n, passage in enumerate(entry.passages)]
            stored[name] = replace(entry, passages=passages, vectors=entry.vectors.copy())
            row += len(passages)
            outcomes.append("replaced" if old else "added")
        self._commit(replace(state, entries=stored, former=former, next_row=row))
        return outcomes

    def move(self, origins: Mapping[str, str]) -> None:
        state = self._data.state
        stored = dict(state.entries)
        for name in origins.keys() & stored.keys():
            stored[name] = replace(stored[name], origin=origins[name])
        self._commit(replace(state, entries=stored))

    def delete(self, article_ids: Iterable[str]) -> list[str]:
        state = self._data.state
        stored = dict(state.entries)
        taken = [(name, entry) for name in article_ids if (entry := stored.pop(name, None))]
        former = [(name, entry.article.text) for name, entry in taken]
        self._commit(replace(state, entries=stored, former=[*state.former, *former]))
        return [name for name, _ in taken]

    def forget(self, article_ids: Iterable[str]) -> list[str]:
        state = self._data.state
        known = state.entries.keys() | {name for name, _ in state.former}
        gone = [name for name in dict.fromkeys(article_ids) if name in known]
        entries = {name: entry for name, entry in state.entries.items() if name not in gone}
        former = [revision for revision in state.former if revision[0] not in gone]
        self._commit(replace(state, entries=entries, former=former))
        return gone

    def origins(self) -> dict[str, str]:
        entries = self._data.state.entries
        return {name: entry.origin for name, entry in entries.items() if entry.origin is not None}

    def _commit(self, state: State) -> None:
        self._data.state = replace(state, version=state.version + 1, at=datetime.now(UTC).isoformat())


def fault(entry: Entry, *, dim: int) -> str:
    """Why an entry cannot be stored; empty if it can."""
    if not entry.passages:
        return "has no passages"
    for passage in entry.passages:
        own = passage.article_id == entry.article.id
        if not own or passage.text != entry.article.text[passage.start : passage.end]:
            return f"passage {passage.start}:{passage.end} is no slice of it"
    if entry.vectors.shape != (len(entry.passages), dim):
        return f"its vectors have shape {entry.vectors.shape}"
    if not np.allclose(np.linalg.norm(entry.vectors, axis=1), 1, atol=1e-2):
        return "its vectors are not of unit length"
    return ""


def words(text: str) -> set[str]:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(sign))
    return set(re.findall(r"[^\W_]+", bare))


def passage_words(entry: Entry, number: int) -> set[str]:
    return words(f"{entry.article.title} {entry.passages[number].text}")


def passes(article: Article, where: Where) -> bool:
    return all(
        (
            where.published_after is None
            or bool(article.published_at and article.published_at >= where.published_after),
            where.published_before is None
            or bool(article.published_at and article.published_at < where.published_before),
            not where.source or article.source in where.source,
            not where.language or article.language in where.language,
            not where.tags or not set(where.tags).isdisjoint(article.tags),
            not where.ids or article.id in where.ids,
            article.id not in where.without,
        )
    )
