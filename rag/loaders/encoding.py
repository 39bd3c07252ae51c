"""Bytes to text, without guessing."""

import codecs
from typing import BinaryIO, Final

from rag.errors import ArticleError
from rag.text import unstorable

LARGEST_FILE: Final = 64 * 2**20
"""Bytes of the largest file that is read as one article; a .jsonl file may be of any size."""

_BINARY_HINT: Final = "text is read, in UTF-8 or in UTF-16 with a byte-order mark"
_MARKS: Final = (  # longest first: UTF-32's little-endian mark starts with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def bounded(stream: BinaryIO, *, limit: int = LARGEST_FILE) -> bytes:
    """Everything in the stream.

    Raises:
        ArticleError: it is empty or holds more than ``limit`` bytes, of which no more than that are read.
    """
    data = stream.read(limit + 1)
    if not data:
        raise ArticleError("is empty")
    if len(data) > limit:
        raise ArticleError(f"is larger than {limit // 2**20} MiB", hint="cut it into several articles")
    return data


def decode(data: bytes, *, declared: str | None = None) -> str:
    """The text of the bytes: by byte-order mark, else as UTF-8, else in the ``declared`` charset.

    Bytes that are plain ASCII are read in the declared charset too: some, such as ISO-2022-JP, write other
    characters in ASCII bytes.

    Raises:
        ArticleError: the bytes are not in that encoding, or are not text.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None:
        encoding = declared if declared and (data.isascii() or not _is_utf8(data)) else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\x00" in data:
            raise ArticleError("looks like a binary file", hint=_BINARY_HINT) from error
        raise ArticleError(
            f"is not valid {encoding.upper()} at byte {error.start}",
            hint="convert it, for instance: iconv -f WINDOWS-1252 -t UTF-8",
        ) from error
    if unstorable(text) * 100 > len(text):
        raise ArticleError("looks like a binary file", hint=_BINARY_HINT)
    return text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
