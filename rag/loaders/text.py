"""Plain text: an article a file, titled by its first line if that is a headline."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from rag.loaders.encoding import bounded, decode
from rag.loaders.records import Loaded, loaded
from rag.text import normalise

LONGEST_HEADLINE: Final = 150
LONGEST_WRAPPED_LINE: Final = 200
_SENTENCE_ENDS: Final = tuple(".!?\u2026\u3002\uff01\uff1f\u061f\u0964")  # ellipsis; Chinese, Arabic and Hindi marks
_CLOSING: Final = "\"'\u201d\u2019\u00bb)]"


def read(stream: BinaryIO, *, article_id: str, origin: str) -> Iterator[Loaded]:
    """The file's one article; if its lines were not broken to fit a page, each is a paragraph."""
    content = decode(bounded(stream))
    title, text = headline(content)
    if max(map(len, text.splitlines()), default=0) > LONGEST_WRAPPED_LINE:
        text = "\n\n".join(text.splitlines())
    yield loaded({"id": article_id, "title": title or title_from(article_id), "text": text}, origin=origin, named=False)


def headline(content: str) -> tuple[str, str]:
    """The title and the text below it; the title is empty if the first line belongs to the text.

    A headline is short, has no sentence end mark, and stands above a blank line or a line more than twice as
    long: a line of that length was not broken to fit a page.
    """
    first, _, rest = content.lstrip("\ufeff \t\r\n").partition("\n")
    first = first.strip()
    following = rest.split("\n", 1)[0].strip()
    if (
        len(first) <= LONGEST_HEADLINE
        and not first.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
        and normalise(first)
        and normalise(rest)
        and (not following or len(following) > 2 * len(first))
    ):
        return first, rest
    return "", content


def title_from(article_id: str) -> str:
    """The last part of an id, made readable: ``world/blinken-visit`` gives "Blinken visit"."""
    name = article_id.rpartition("/")[2]
    words = name.replace("-", " ").replace("_", " ").split()
    title = " ".join(words) or name
    return title[:1].upper() + title[1:]
