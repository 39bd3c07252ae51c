"""Web pages: the main text without menus, adverts and comments, as `trafilatura` finds it.

Time and memory grow faster than the page, so pages over `LARGEST_PAGE` are refused.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Final

from rag.errors import ArticleError
from rag.loaders.dates import parse_date
from rag.loaders.encoding import bounded, decode
from rag.loaders.records import Loaded, is_language, is_url, loaded, one_line
from rag.loaders.text import title_from

LARGEST_PAGE: Final = 2 * 2**20
"""Bytes of the largest page that is read."""

SHORTEST_TEXT: Final = 50
"""Characters below which what was found is a label or a menu and no article."""

_DECLARED = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_CHARSET = re.compile(
    r"iso-8859-([1-9]|1[013-6])|latin-?1|windows-(125[0-8]|874)|koi8-[ru]|gb(k|2312|18030)|big5|shift_jis|euc-(jp|kr)|iso-2022-jp"
)
_TABLE_RULE = re.compile(r"[|\s:-]+")
_LATIN: Final = {"iso-8859-1", "latin1", "latin-1"}
_PUBLISHED: Final = "//meta[@property='article:published_time' or @itemprop='datePublished']/@content"


def read(stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded]:
    """The page's one article, with what its metadata says of title, date, author, address, source and language."""
    import trafilatura
    from trafilatura.settings import Document

    page = trafilatura.load_html(_source(stream))
    main = None if page is None else trafilatura.bare_extraction(page, with_metadata=True, include_comments=False)
    if page is None or not isinstance(main, Document) or len(main.text or "") < SHORTEST_TEXT:
        raise ArticleError("has no main text", hint="the page may be a list of links, or filled in by scripts")
    title = one_line(main.title or "") or title_from(article_id)
    published = next(iter(page.xpath(_PUBLISHED)), None)
    language = str(page.get("lang") or "").strip()
    record = {
        "id": article_id,
        "title": title,
        "text": _paragraphs(main.text or "", title),
        "url": main.url if main.url and is_url(main.url) else None,
        "source": main.sitename,
        "author": main.author,
        "language": language if is_language(language) else None,
        "published_at": _date(published) or _date(main.date),
    }
    yield loaded(record, origin=origin, named=False)


def _source(stream: BinaryIO) -> str:
    data = bounded(stream, limit=LARGEST_PAGE)
    match = _DECLARED.search(data, 0, 4096)
    declared = match[1].decode().lower() if match else ""
    if not _CHARSET.fullmatch(declared):
        return decode(data)
    return decode(data, declared="cp1252" if declared in _LATIN else declared.replace("windows-", "cp"))


def _paragraphs(text: str, title: str) -> str:
    """The lines of the extracted text as paragraphs: without the title on top, table rows as their cells."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [line.strip("| ") if line.startswith("|") else line for line in lines if not _TABLE_RULE.fullmatch(line)]
    if len(kept) > 1 and one_line(kept[0]) == title:
        kept = kept[1:]
    return "\n\n".join(line for line in kept if line) or text


def _date(value: object) -> datetime | None:
    """The date, or None if it cannot be read: a bad date in the metadata does not reject the page."""
    try:
        return parse_date(value)
    except ArticleError:
        return None
