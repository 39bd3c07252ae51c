"""The reply of a chat: answers in a fixed frame of Markdown, and where in it the quotes stand.

    > “Comet Ångström was discovered by **Zoë Ångström** in 1974.”

    — Comet Ångström will arrive later than first announced, Halden Observer, 3 May 2024 (likely right, 81 %)

Each answer is quoted in its sentence, the answer itself in bold, at its best place; further places are named.

What is promised: every quote is in the reply verbatim, ``content[start_index:end_index] == quote``, counted in code
points. Read as CommonMark, with tables and strikethrough too, no text of an article becomes a link, an image, a
heading, a list, a table or HTML, and none leaves its frame: around a quote, and in titles, characters that could be
markup are escaped; a quote that has such characters, or a line break, stands with its sentence in a fenced block that
is longer than any row of backticks in it.

What is not: a client may make an address that stands in a text clickable (it leads where it says), may read more than
Markdown (formulas between dollar signs), and shows invisible characters and those that change the direction as it does.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, Field

from rag.types import Answer, Article, Citation, Result

# Further articles named beside the one that is quoted.
MOST_OTHERS: Final = 2

_MARKUP: Final = re.compile(r"[\\`*_\[\]<>~]|&(?=#?\w+;)")
_BREAK: Final = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_BACKTICKS: Final = re.compile("`+")

Link = Callable[[Citation], str]


class UrlCitation(BaseModel):
    """A quote in the content, and the article it is from."""

    start_index: int = Field(description="First code point of the quote in the content.")
    end_index: int = Field(description="Code point after the last one of the quote.")
    url: str = Field(description="Opens the article at the quote: where it was published, else in this service.")
    title: str = Field(description="The article's headline, or its id if it has none.")


class Annotation(BaseModel):
    """An annotation of the content."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said, and the quotes in it, in order."""

    content: str
    annotations: tuple[Annotation, ...] = ()


def reply(result: Result, *, link: Link) -> Reply:
    """The answers in their frame with an annotation each, or the statement that the archive does not say.

    ``link`` gives the address of a citation: clients take any string.
    """
    if result.abstention:
        return Reply(content=f"The archive does not say: {result.abstention.reason}.")
    content, annotations = "", []
    for answer in result.answers:
        best = answer.citations[0]
        lead, tail = _around_quote(best)
        content += f"\n\nAnother answer:\n\n{lead}" if content else lead
        start = len(content)
        content += f"{best.quote}{tail}\n\n{_origins(answer)}"
        title = best.article.title or best.article.id
        place = UrlCitation(start_index=start, end_index=start + len(best.quote), url=link(best), title=title)
        annotations.append(Annotation(url_citation=place))
    return Reply(content=content, annotations=tuple(annotations))


def _around_quote(citation: Citation) -> tuple[str, str]:
    """What stands before and after the quote in the frame."""
    if _MARKUP.search(citation.quote) or _BREAK.search(citation.quote):
        sentence = f"{citation.before}{citation.quote}{citation.after}"
        fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(sentence)), default=0))
        return f"{fence}\n{citation.before}", f"{citation.after}\n{fence}"
    return f"> “{_escaped(citation.before).lstrip()}**", f"**{_escaped(citation.after).rstrip()}”"


def _origins(answer: Answer) -> str:
    best = answer.citations[0].article
    others = {citation.article.id: citation.article for citation in answer.citations}
    others.pop(best.id)
    line = f"— {_origin(best)} ({answer.likelihood}, {100 * answer.probability:.0f} %)"
    named = list(map(_origin, others.values()))[:MOST_OTHERS]
    return f"{line}\n\nAlso in: {'; '.join(named)}{_more(len(others) - len(named))}" if named else line


def _more(count: int) -> str:
    return f"; and in {count} more" if count else ""


def _origin(article: Article) -> str:
    published = article.published_at
    day = f"{published.day} {published:%B %Y}" if published else ""
    parts = [article.title or article.id, article.source or "", day]
    return ", ".join(_escaped(part).strip() for part in parts if part)


def _escaped(text: str) -> str:
    """The text in one line, without markup."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", _BREAK.sub(" ", text))
