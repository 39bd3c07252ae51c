"""Paths, folders and globs to the files they name, each with the id its article gets."""

import glob
import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ArticleError

_WILDCARD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to read, or the reason why there is none at ``path``; ``origin`` is its absolute path.

    ``missing`` says that there is nothing there, rather than something that cannot be read.
    """

    path: Path
    origin: str
    article_id: str = ""
    error: ArticleError | None = None
    missing: bool = False


def found(paths: Sequence[str | Path], *, suffixes: Collection[str]) -> Iterator[File]:
    """The files that the paths lead to, each once: path by path, folders sorted, files before subfolders."""
    seen: set[str] = set()
    for path in paths:
        for file in _under(path, suffixes):
            if file.origin not in seen:
                seen.add(file.origin)
                yield file


def globs(paths: Sequence[str | Path]) -> list[str]:
    """Those of the paths that are patterns and not the name of a file or folder."""
    return [str(path) for path in paths if _WILDCARD.search(str(path)) and not Path(path).exists()]


def shown(name: str) -> str:
    """The name with a question mark for each byte that is not valid in the file system's encoding."""
    return name.encode(errors="replace").decode()


def _under(named: str | Path, suffixes: Collection[str]) -> Iterator[File]:
    path = Path(named)
    try:
        if "\x00" in str(named):
            yield _nothing(path, "is not a path", hint="it holds a NUL character")
        elif path.is_dir():
            yield from _in_folder(path, suffixes)
        elif path.exists():
            yield _file(path.resolve(), path.resolve().parent)
        elif _WILDCARD.search(str(named)):
            yield from _matching(str(named), suffixes)
        else:
            yield _nothing(path, "does not exist", hint="check the spelling and the current folder", missing=True)
    except OSError as error:
        yield _nothing(path, f"cannot be looked up: {error.strerror}", hint="check the name and its permissions")


def _in_folder(named: Path, suffixes: Collection[str]) -> Iterator[File]:
    root = named.resolve()
    unreadable: list[OSError] = []
    empty = True
    for place, folders, names in os.walk(root, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in suffixes and path.is_file():
                empty = False
                yield _file(path, root)
    for error in unreadable:
        yield _nothing(Path(error.filename), f"cannot be searched: {error.strerror}", hint="check its permissions")
    if empty and not unreadable:
        yield _nothing(named, "holds no articles", hint=f"files that are read: {', '.join(suffixes)}", missing=True)


def _matching(pattern: str, suffixes: Collection[str]) -> Iterator[File]:
    """The files that a glob matches; ids are relative to the folder before its first wildcard."""
    fixed = _WILDCARD.split(pattern, maxsplit=1)[0].rpartition("/")
    root = Path(fixed[0] + fixed[1]).resolve()
    matches = glob.glob(pattern[len(fixed[0] + fixed[1]) :], root_dir=root, recursive=True)  # noqa: PTH207 - Path.glob raises on some patterns
    files = [path for match in sorted(matches) if (path := root / match).suffix.lower() in suffixes and path.is_file()]
    if not files:
        hint = f"files that are read: {', '.join(suffixes)}"
        yield _nothing(Path(pattern), "matches no article", hint=hint, missing=True)
    yield from (_file(path, root) for path in files)


def _file(path: Path, root: Path) -> File:
    origin = shown(path.as_posix())
    article_id = unicodedata.normalize("NFC", path.relative_to(root).with_suffix("").as_posix())
    error = None
    if not path.is_file():
        error = ArticleError("is not a regular file", hint="name a file or a folder", file=origin)
    elif not article_id.isprintable():
        error = ArticleError("its name holds signs that cannot be shown", hint="rename the file", file=origin)
    return File(path=path, origin=origin, article_id=article_id, error=error)


def _nothing(path: Path, problem: str, *, hint: str, missing: bool = False) -> File:
    origin = path.absolute() if "\x00" in str(path) else path.resolve()
    error = ArticleError(problem, hint=hint, file=shown(path.as_posix()))
    return File(path=path, origin=shown(origin.as_posix()), error=error, missing=missing)
