"""Records to articles: lines of JSON, HTTP bodies and files of every format are first made records."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rag.errors import ArticleError
from rag.loaders.dates import parse_date
from rag.text import normalise, unstorable
from rag.types import MAX_ID_LENGTH, Article

KEYS: Final = ("id", "title", "text", "url", "source", "author", "language", "published_at", "tags")

_URL = re.compile(r"https?://[^\s<>\"]{1,2000}", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An article and where it came from.

    ``named`` says that the article names itself: an id that was made from its path is not its own. ``line`` is
    that of the record in a file that holds several; ``cleaned`` counts the characters of title and text that no
    store can hold and that were dropped.
    """

    article: Article
    origin: str = ""
    named: bool = True
    line: int | None = None
    cleaned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """What stands in the place of an article that cannot be read; ``missing`` says that nothing is there to read."""

    error: ArticleError
    origin: str = ""
    line: int | None = None
    missing: bool = False


def loaded(record: Mapping[str, object], *, origin: str, named: bool, line: int | None = None) -> Loaded:
    """The record's article, with the count of what was dropped.

    Raises:
        ArticleError: as for `article_from_record`.
    """
    article = article_from_record(record, file=origin, line=line)
    dropped = sum(unstorable(value) for key in ("title", "text") if isinstance(value := record[key], str))
    return Loaded(article=article, origin=origin, named=named, line=line, cleaned=dropped)


def article_from_record(record: Mapping[str, object], *, file: str = "", line: int | None = None) -> Article:
    """The article that a record describes, its title and text normalised, its date in UTC.

    ``id``, ``title`` and ``text`` are strings that are not blank; ``url`` (http or https), ``source``,
    ``author`` and ``language`` (a code such as en or pt-BR) are strings; ``published_at`` is whatever
    `parse_date` understands; ``tags`` is a list of strings. All but the first three may be missing or null.

    Raises:
        ArticleError: a key is missing, unknown or of another kind; ``file`` and ``line`` are set in it.
    """
    try:
        return _article(record)
    except ArticleError as error:
        raise ArticleError(error.message, hint=error.hint, file=file, line=line) from error.__cause__


def one_line(text: str) -> str:
    """The text, normalised, with every run of blanks as one space."""
    return " ".join(normalise(text).split())


def is_url(text: str) -> bool:
    """Whether the text is an http or https address, and so safe to link to."""
    return _URL.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """Whether the text has the form of a language code."""
    return _LANGUAGE.fullmatch(text) is not None


def _article(record: Mapping[str, object]) -> Article:
    unknown = sorted(str(key) for key in record if key not in KEYS)
    if unknown:
        raise ArticleError(f"unknown key {unknown[0][:100]!r}", hint=f"known are {', '.join(KEYS)}")
    url, language = _optional(record, "url"), _optional(record, "language")
    if url is not None and not is_url(url):
        raise ArticleError("url is not an http or https address", hint="leave it out if there is none")
    if language is not None and not is_language(language):
        raise ArticleError("language is not a language code", hint="write a code such as en or pt-BR")
    return Article(
        id=_id(_required(record, "id")),
        title=one_line(_required(record, "title")),
        text=normalise(_required(record, "text")),
        url=url,
        source=_optional(record, "source"),
        author=_optional(record, "author"),
        language=_canonical(language) if language else None,
        published_at=parse_date(record.get("published_at")),
        tags=_tags(record.get("tags")),
    )


def _required(record: Mapping[str, object], key: str) -> str:
    value = record.get(key)
    if value is None:
        raise ArticleError(f"{key} is missing", hint="id, title and text are required")
    if not isinstance(value, str):
        raise ArticleError(f"{key} must be a string, not {type(value).__name__}")
    if not normalise(value):
        raise ArticleError(f"{key} is blank", hint="id, title and text must hold something")
    return value


def _optional(record: Mapping[str, object], key: str) -> str | None:
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        raise ArticleError(f"{key} must be a string, not {type(value).__name__}")
    return one_line(value) or None if value else None


def _id(value: str) -> str:
    article_id = unicodedata.normalize("NFC", value.strip())
    if not article_id.isprintable():
        raise ArticleError("id holds signs that cannot be shown", hint="use letters, digits and punctuation")
    if len(article_id) > MAX_ID_LENGTH:
        raise ArticleError(f"id has {len(article_id)} characters", hint=f"{MAX_ID_LENGTH} at most")
    return article_id


def _canonical(language: str) -> str:
    primary, *rest = re.split("[-_]", language)
    return "-".join([primary.lower(), *rest])


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise ArticleError(f"tags must be a list of strings, not {type(value).__name__}")
    if not all(isinstance(tag, str) for tag in value):
        raise ArticleError("tags must be strings", hint="put each tag in quotes")
    return tuple(tag for tag in map(one_line, value) if tag)
