"""Which stored article a file's article is, and which stored articles have lost their file.

An origin is the absolute path of a file. Ids stay as they are; the origin decides: a file that is stored
under another id keeps that id; an id that belongs to another file, which is still there, is not given away;
if that file is gone, it has moved.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import commonpath
from pathlib import Path, PurePosixPath

from rag.errors import ArticleError
from rag.loaders import Loaded
from rag.protocols import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done with a batch: store ``changed``, record the new files of ``moved`` (id -> origin)."""

    changed: list[Loaded] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, ArticleError]] = field(default_factory=list)


def plan(
    items: Iterable[Loaded],
    known: Sequence[Stored],
    *,
    read: Collection[str] = (),
    unread: Collection[str] = (),
    exists: Callable[[str], bool] = lambda origin: Path(origin).exists(),
) -> Plan:
    """What is to be done with articles, given all that is stored under their ids and origins.

    ``read`` are the files that were read before these: an article that one of them does not hold any more has
    moved. ``unread`` are those of which something could not be read.
    """
    by_id = {stored.id: stored for stored in known}
    by_origin: dict[str, list[str]] = {}
    for stored in known:
        if stored.origin:
            by_origin.setdefault(stored.origin, []).append(stored.id)
    made = Plan()
    done: set[str] = set()
    current = ""
    for item in items:
        if item.origin != current:
            done.add(current)
            current = item.origin
        held = by_origin.get(item.origin, [])
        renamed = held and not item.named and item.article.id not in held
        article = replace(item.article, id=held[0]) if renamed else item.article
        before = by_id.get(article.id)
        former = before.origin if before else None
        elsewhere = item.origin and former and former != item.origin
        left = (former in read or former in done) and former not in unread
        if former and elsewhere and not left and exists(former):
            made.conflicts.append((article.id, _conflict(article.id, former, item)))
        elif before is None or before.digest != article.digest:
            made.changed.append(replace(item, article=article))
        else:
            made.unchanged.append(article.id)
            if item.origin and item.origin != former:
                made.moved[article.id] = item.origin
    return made


def gone(
    origins: Mapping[str, str], *, under: Iterable[str], found: Collection[str], unread: Iterable[str]
) -> list[str]:
    """The ids whose origin lies under one of the paths and that were not found there, unless it could not be read.

    Args:
        origins: id -> origin of what is stored.
        under: files and folders that were looked through.
        found: ids that are there, or that something else forbids to take away.
        unread: files and folders that could not be read; what came from there stays.
    """
    roots, closed = list(under), list(unread)
    return [
        article_id
        for article_id, origin in origins.items()
        if article_id not in found and _within(origin, roots) and not _within(origin, closed)
    ]


def folders(origin: str) -> list[str]:
    """All folders that a file lies in."""
    return [parent.as_posix() for parent in PurePosixPath(origin).parents]


def _within(origin: str, paths: Iterable[str]) -> bool:
    return any(origin == path or origin.startswith(path.rstrip("/") + "/") for path in paths)


def _conflict(article_id: str, former: str, item: Loaded) -> ArticleError:
    parent = commonpath([Path(former).parent, Path(item.origin).parent])
    hint = f"ingest their common folder, rag ingest {parent}"
    if item.named:
        hint = f"give one of them another id, or delete the old one: rag delete {article_id}"
    return ArticleError(f"id {article_id!r} belongs to {former}", hint=hint, file=item.origin, line=item.line)
