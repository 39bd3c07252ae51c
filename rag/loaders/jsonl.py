"""JSON Lines: an article a line, files of any size.

Each line is an object in UTF-8::

    {"id": "blinken-visit",                     required: 1 to 512 characters, unique in the file
     "title": "Blinken heads to Cairo",         required
     "text": "The Secretary of State ...",      required: paragraphs are separated by blank lines
     "url": "https://example.org/a",            http or https
     "source": "The Example Times",
     "author": "A. Writer",
     "language": "en",                          a language code
     "published_at": "2024-09-17T16:30:00Z",    see `rag.loaders.dates.parse_date`
     "tags": ["diplomacy", "gaza"]}

Keys without "required" may be missing or null; other keys are an error. Blank lines are skipped. A bad
line is reported with its number and the others are loaded.
"""

import json
from collections.abc import Iterator
from typing import BinaryIO, Final

from rag.errors import ArticleError
from rag.loaders.records import Loaded, Unreadable, loaded

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of the longest line that is read."""


def read(stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded | Unreadable]:  # noqa: ARG001 - every line has its id
    """The file's articles, and an error for each line that holds none."""
    number = records = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        whole = len(line) <= LONGEST_LINE
        while not whole and line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        if whole and not line.removeprefix(b"\xef\xbb\xbf").strip():
            continue
        records += 1
        try:
            yield loaded(_record(line, whole=whole), origin=origin, named=True, line=number)
        except ArticleError as error:
            problem = ArticleError(error.message, hint=error.hint, file=origin, line=number)
            yield Unreadable(error=problem, origin=origin, line=number)
    if not records:
        raise ArticleError("holds no articles", hint="write one JSON object a line")


def _record(line: bytes, *, whole: bool) -> dict[str, object]:
    if not whole:
        raise ArticleError(f"is longer than {LONGEST_LINE // 2**20} MiB", hint="cut it into several articles")
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"is not valid UTF-8 at byte {error.start}", hint="save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        hint = "write one JSON object a line"
        raise ArticleError(f"is not JSON: {error.msg} at column {error.colno}", hint=hint) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets within brackets
        raise ArticleError("is not JSON that can be read", hint="write one JSON object a line") from error
    if not isinstance(record, dict):
        raise ArticleError(f"must be an object, not {type(record).__name__}", hint='start the line with "{"')
    return record
