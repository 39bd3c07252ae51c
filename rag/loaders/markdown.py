"""Markdown: plain text paragraph by paragraph, metadata from YAML front matter.

Of the front matter, ``id``, ``title``, ``url``, ``source``, ``author``, ``language``, ``published_at`` (or
``date``) and ``tags`` are used, and other keys are ignored. Every value is taken as written, so that
``title: 1984`` and ``id: 2024-09-17`` remain strings; lists are for tags and authors.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from rag.errors import ArticleError
from rag.loaders.encoding import bounded, decode
from rag.loaders.markup import blocks
from rag.loaders.records import Loaded, loaded, one_line
from rag.loaders.text import title_from

LARGEST_MARKDOWN: Final = 8 * 2**20
"""Bytes of the largest file that is read."""

LARGEST_FRONT_MATTER: Final = 64 * 2**10
"""Characters of the longest front matter that is read."""

_KEYS: Final = ("id", "title", "url", "source", "author", "language")
_NULLS: Final = {"", "~", "null", "Null", "NULL"}


def read(stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded]:
    """The file's one article; without a title in the front matter, a heading on top gives it."""
    front, paragraphs = blocks(decode(bounded(stream, limit=LARGEST_MARKDOWN)).replace("\x00", ""))
    meta = _metadata(front)
    top = paragraphs[0] if paragraphs and paragraphs[0].heading else None
    title = meta.pop("title", None) or (one_line(top.text) if top else None) or title_from(article_id)
    if top and one_line(top.text) == title and len(paragraphs) > 1:
        paragraphs = paragraphs[1:]
    text = "\n\n".join(paragraph.text for paragraph in paragraphs)
    yield loaded({"id": article_id, "title": title, "text": text, **meta}, origin=origin, named="id" in meta)


def _metadata(front: str) -> dict[str, object]:
    fields = _fields(front)
    meta: dict[str, object] = {key: value for key in _KEYS if (value := fields.get(key)) is not None}
    if isinstance(authors := meta.get("author"), list) and all(isinstance(author, str) for author in authors):
        meta["author"] = ", ".join(authors)
    meta["published_at"] = fields.get("published_at", fields.get("date"))
    tags = fields.get("tags")
    meta["tags"] = tags.split(",") if isinstance(tags, str) else tags
    return meta


def _fields(front: str) -> dict[str, object]:
    """The front matter with every scalar as a string and nulls left out.

    `yaml.BaseLoader` makes strings, lists and dictionaries and nothing else: it runs no code, expands no merge
    keys and turns nothing into a number, a date or a truth value.
    """
    import yaml

    if len(front) > LARGEST_FRONT_MATTER:
        raise ArticleError(f"its front matter is longer than {LARGEST_FRONT_MATTER // 2**10} KiB")
    try:
        fields = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506 - makes less than SafeLoader does
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else None
        raise ArticleError(
            f"its front matter is not YAML: {error.problem}", hint="quote the value", line=line
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ArticleError("its front matter is not YAML that can be read") from error
    if fields is None or fields == "":
        return {}
    if not isinstance(fields, dict):
        raise ArticleError("its front matter must be keys and values", hint="write title: ..., a key a line")
    return {key: value for key, value in fields.items() if isinstance(key, str) and not _is_null(value)}


def _is_null(value: object) -> bool:
    return isinstance(value, str) and value in _NULLS
