"""Files to articles: .txt, .md, .html and .jsonl, one at a time, by folder or by glob.

A file that cannot be read becomes an error record and the rest goes on. An article without an id of its own
is named by its path under the folder (or glob) that was given, without suffix: ``world/blinken-visit``; a
file given directly, by its name. Such ids are the same on every machine. Two articles of one load with the
same id (``a.txt`` beside ``a.md``) are an error on the later one, never a silent replacement.

A file is UTF-8, or UTF-16 or UTF-32 with a byte-order mark; HTML may declare another charset. Nothing is
guessed: a guess would put words into the archive that nobody wrote.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from rag.errors import ArticleError
from rag.loaders.files import found, globs, shown
from rag.loaders.records import Loaded, Unreadable, article_from_record
from rag.text import normalise

__all__ = [
    "Loaded",
    "Unreadable",
    "article_from_record",
    "count",
    "first_of_each_id",
    "globs",
    "load",
    "load_bytes",
]


class Loader(Protocol):
    """Reads the articles of one file."""

    def __call__(self, stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded | Unreadable]:
        """Articles in the order of the file; ``article_id`` is for one without an id of its own.

        Raises:
            ArticleError: nothing of the file can be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """The module of this package whose ``read`` is the format's `Loader`; whether a line of it is an article."""

    module: str
    article_a_line: bool = False

    def loader(self) -> Loader:
        """The module's loader; its libraries are imported only now."""
        read: Loader = import_module(f"{__name__}.{self.module}").read
        return read


FORMATS: Final[Mapping[str, Format]] = {
    ".txt": Format("text"),
    ".md": Format("markdown"),
    ".markdown": Format("markdown"),
    ".html": Format("html"),
    ".htm": Format("html"),
    ".jsonl": Format("jsonl", article_a_line=True),
    ".ndjson": Format("jsonl", article_a_line=True),
}
"""Formats by the suffix of a file's name, in lower case."""


def load(paths: Sequence[str | Path]) -> Iterator[Loaded | Unreadable]:
    """Every article under the paths, in a fixed order, and an error record for each that cannot be read.

    A path is a file, a folder (searched recursively; hidden files and other formats are left out) or a
    glob. A file that several paths lead to is read once. ``origin`` is the absolute path of the file.
    """
    return first_of_each_id(_load(paths))


def count(paths: Sequence[str | Path]) -> int:
    """How many articles the paths hold, about: a line of JSON Lines counts one, any other file too; parses nothing."""
    total = 0
    for file in found(paths, suffixes=FORMATS):
        form = FORMATS.get(file.path.suffix.lower())
        if file.error is None and form is not None and form.article_a_line:
            with file.path.open("rb") as lines:
                total += sum(1 for line in lines if line.strip())
        else:
            total += 1
    return total


def load_bytes(name: str, data: bytes) -> Iterator[Loaded | Unreadable]:
    """The articles of an uploaded file, whose format the suffix of ``name`` tells.

    Only the last part of the name is used, as ``origin`` and for the id; no file is opened.
    """
    base = shown(name.replace("\\", "/").rpartition("/")[2].strip())
    stem = base.rpartition(".")[0]
    return first_of_each_id(_read(io.BytesIO(data), article_id=normalise(stem), origin=base))


def _load(paths: Sequence[str | Path]) -> Iterator[Loaded | Unreadable]:
    for file in found(paths, suffixes=FORMATS):
        if file.error is not None:
            yield Unreadable(error=file.error, origin=file.origin, missing=file.missing)
            continue
        try:
            with file.path.open("rb") as stream:
                yield from _read(stream, article_id=file.article_id, origin=file.origin)
        except OSError as error:
            problem = ArticleError(f"cannot be read: {error.strerror or error}", file=file.origin)
            yield Unreadable(error=problem, origin=file.origin)


def _read(stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded | Unreadable]:
    try:
        yield from _format(origin).loader()(stream, article_id=article_id, origin=origin)
    except ArticleError as error:
        problem = ArticleError(error.message, hint=error.hint, file=origin, line=error.line)
        yield Unreadable(error=problem, origin=origin)


def _format(name: str) -> Format:
    suffix = Path(name).suffix.lower()
    if suffix not in FORMATS:
        raise ArticleError(f"unknown format {suffix!r}", hint=f"known are {', '.join(FORMATS)}")
    return FORMATS[suffix]


def first_of_each_id(items: Iterable[Loaded | Unreadable]) -> Iterator[Loaded | Unreadable]:
    """The items, with an error in the place of each article whose id one before it has."""
    places: dict[str, str] = {}
    for item in items:
        if isinstance(item, Unreadable) or item.article.id not in places:
            if isinstance(item, Loaded):
                places[item.article.id] = item.origin if item.line is None else f"{item.origin}:{item.line}"
            yield item
            continue
        error = ArticleError(
            f"id {item.article.id!r} was already used by {places[item.article.id]}",
            hint="give each article its own id",
            file=item.origin,
            line=item.line,
        )
        yield Unreadable(error=error, origin=item.origin, line=item.line)
